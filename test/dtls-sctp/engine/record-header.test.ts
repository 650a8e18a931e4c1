import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  epochAt,
  fragmentBytesAt,
  sequenceNumberAt,
  setSequenceNumberAt,
} from '../../../src/transport/dtls-sctp/engine/record-header.ts'

describe('the header of a record', () => {
  const u16 = fc.integer({ min: 0, max: 0xffff })
  const u48 = fc.integer({ min: 0, max: 2 ** 48 - 1 })

  it('is read as it stands, wherever it does', () => {
    fc.assert(
      fc.property(fc.nat(20), u16, u48, u16, (at, epoch, sequence, length) => {
        const records = Buffer.alloc(at + 13)
        records.writeUInt16BE(epoch, at + 3)
        records.writeUIntBE(sequence, at + 5, 6)
        records.writeUInt16BE(length, at + 11)
        assert.equal(epochAt(records, at), epoch)
        assert.equal(sequenceNumberAt(records, at), sequence)
        assert.equal(fragmentBytesAt(records, at), length)
      }),
    )
  })

  it('takes another sequence number and nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 13, maxLength: 13 }), u48, (header, sequence) => {
        const expected = Buffer.from(header)
        expected.writeUIntBE(sequence, 5, 6)
        setSequenceNumberAt(header, 0, sequence)
        assert.deepEqual(Buffer.from(header), expected)
      }),
    )
  })

  it('takes the remainder of a number that is too large or below 0', () => {
    const header = new Uint8Array(13)
    setSequenceNumberAt(header, 0, 2 ** 48 + 7)
    assert.equal(sequenceNumberAt(header, 0), 7)
    setSequenceNumberAt(header, 0, -1)
    assert.equal(sequenceNumberAt(header, 0), 2 ** 48 - 1)
  })
})
