import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { addTsn, isBefore, showTsn, tsnDistance } from '../../../src/transport/sctp/wire/serial.ts'

const anyTsn = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.constantFrom(0, 1, -1, 2 ** 31 - 1, -(2 ** 31)),
)
const step = fc.oneof(fc.integer({ min: 0, max: 2 ** 31 - 1 }), fc.constantFrom(0, 1, 65_535, 2 ** 31 - 1))

describe('serial numbers of 32 bits (RFC 9260, section 1.6; RFC 1982)', () => {
  it('follow each other over both wraps', () => {
    assert.equal(addTsn(2 ** 31 - 1, 1), -(2 ** 31))
    assert.equal(addTsn(-1, 1), 0)
    assert.equal(addTsn(0, -1), -1)
    assert.equal(addTsn(-(2 ** 31), -1), 2 ** 31 - 1)
  })

  it('are as far apart as was added, from anywhere', () => {
    fc.assert(
      fc.property(anyTsn, step, (tsn, count) => {
        assert.equal(tsnDistance(tsn, addTsn(tsn, count)), count)
        assert.equal(tsnDistance(addTsn(tsn, count), tsn), count === 0 ? 0 : -count)
        assert.equal(isBefore(tsn, addTsn(tsn, count)), count > 0)
        assert.equal(isBefore(addTsn(tsn, count), tsn), false)
      }),
    )
  })

  it('keep the bits of the wire', () => {
    fc.assert(
      fc.property(anyTsn, step, (tsn, count) => {
        const expected = (BigInt(tsn >>> 0) + BigInt(count)) % 2n ** 32n
        assert.equal(showTsn(addTsn(tsn, count)), String(expected))
      }),
    )
  })
})
