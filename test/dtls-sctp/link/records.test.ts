import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  clientRandomOf,
  isClientHello,
  MAX_DATA_BYTES,
  RECORD_OVERHEAD_BYTES,
  recordLengthAt,
  recordsOf,
  refusalOf,
} from '../../../src/transport/dtls-sctp/link/records.ts'

const MAX_FRAGMENT_BYTES = MAX_DATA_BYTES + 24

interface Fields {
  readonly type: number
  readonly version: number
  readonly epoch: number
  readonly sequence: number
  readonly fragment: Uint8Array
  /** What the length field says, instead of the fragment's length. */
  readonly length?: number | undefined
}

const plain: Fields = { type: 22, version: 0xfefd, epoch: 0, sequence: 0, fragment: Uint8Array.of(1) }

function record(fields: Partial<Fields>): Buffer {
  const { type, version, epoch, sequence, fragment, length } = { ...plain, ...fields }
  const bytes = Buffer.alloc(13 + fragment.length)
  bytes.writeUInt8(type, 0)
  bytes.writeUInt16BE(version, 1)
  bytes.writeUInt16BE(epoch, 3)
  bytes.writeUIntBE(sequence, 5, 6)
  bytes.writeUInt16BE(length ?? fragment.length, 11)
  bytes.set(fragment, 13)
  return bytes
}

/** The slow twin: takes the first record off, by RFC 6347, section 4.1, as long as there is one. */
function slowRecordsOf(bytes: readonly number[]): number[][] {
  const [, major, , , , , , , , , , high = 0, low = 0] = bytes
  const length = high * 256 + low
  const rest = bytes.slice(13)
  if (major !== 0xfe || rest.length === 0 || length > rest.length || length > MAX_FRAGMENT_BYTES) return []
  return [bytes.slice(0, 13 + length), ...slowRecordsOf(rest.slice(length))]
}

const anyRecord = fc
  .record({
    type: fc.constantFrom(20, 21, 22, 23, 99),
    version: fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(0xfeff, 0xfefd) },
      { weight: 1, arbitrary: fc.nat(0xffff) },
    ),
    epoch: fc.nat(3),
    sequence: fc.nat(2 ** 31 - 1),
    fragment: fc.uint8Array({ maxLength: 40 }),
    length: fc.oneof(
      { weight: 9, arbitrary: fc.constant(undefined) },
      { weight: 1, arbitrary: fc.nat(0xffff) },
    ),
  })
  .map(record)

const anyDatagram = fc
  .tuple(fc.array(anyRecord, { maxLength: 6 }), fc.uint8Array({ maxLength: 30 }))
  .map(([records, tail]) => Buffer.concat([...records, tail]))

describe('the records of a datagram', () => {
  it('are those that a slow twin finds', () => {
    fc.assert(
      fc.property(anyDatagram, datagram => {
        const found = [...recordsOf(datagram)].map(each => [...each])
        assert.deepEqual(found, slowRecordsOf([...datagram]))
      }),
      { numRuns: 2000 },
    )
  })

  it('lie one behind the other in its memory, from its beginning', () => {
    fc.assert(
      fc.property(anyDatagram, datagram => {
        let at = 0
        for (const each of recordsOf(datagram)) {
          assert.equal(each.buffer, datagram.buffer)
          assert.equal(each.byteOffset, datagram.byteOffset + at)
          assert.equal(recordLengthAt(datagram, at), each.length)
          at += each.length
        }
        assert.equal(recordLengthAt(datagram, at), 0)
      }),
    )
  })

  it('have at most as much as a suite makes of 16,384 bytes', () => {
    const longest = record({ fragment: new Uint8Array(MAX_FRAGMENT_BYTES) })
    assert.equal(recordLengthAt(longest, 0), MAX_DATA_BYTES + RECORD_OVERHEAD_BYTES)
    assert.equal(recordLengthAt(record({ fragment: new Uint8Array(MAX_FRAGMENT_BYTES + 1) }), 0), 0)
  })

  it('are none where the datagram ends early', () => {
    const whole = record({ fragment: Uint8Array.of(1, 2, 3) })
    for (let length = 0; length < whole.length; length++) {
      assert.deepEqual([...recordsOf(whole.subarray(0, length))], [])
    }
    assert.equal([...recordsOf(whole)].length, 1)
  })
})

describe('a ClientHello', () => {
  const random = Uint8Array.from({ length: 32 }, (_, index) => index + 1)
  const hello = Buffer.concat([
    Buffer.of(1),
    Buffer.alloc(11),
    Buffer.of(0xfe, 0xfd),
    random,
    Buffer.alloc(3),
  ])

  it('is known by its record and its handshake header', () => {
    assert.ok(isClientHello(record({ fragment: hello })))
    assert.ok(isClientHello(record({ fragment: hello, version: 0xfeff, sequence: 7 })))
    assert.ok(!isClientHello(record({ fragment: hello, type: 23 })))
    assert.ok(!isClientHello(record({ fragment: hello, epoch: 1 })))
    assert.ok(!isClientHello(record({ fragment: hello, version: 0x0303 })))
    assert.ok(!isClientHello(record({ fragment: Buffer.concat([Buffer.of(2), hello.subarray(1)]) })))
  })

  it('has its random whole', () => {
    assert.ok(isClientHello(record({ fragment: hello.subarray(0, 46) })))
    assert.ok(!isClientHello(record({ fragment: hello.subarray(0, 45) })))
    assert.ok(!isClientHello(record({ fragment: hello }).subarray(0, -1)))
  })

  it('is told from others by its random', () => {
    const text = Buffer.from(random).toString('hex')
    assert.equal(clientRandomOf(record({ fragment: hello })), text)
    assert.equal(clientRandomOf(record({ fragment: hello, sequence: 3 })), text)
  })

  it('is refused by a fatal alert with its sequence number', () => {
    const refusal = refusalOf(record({ fragment: hello, sequence: 0x010203040506 }))
    assert.deepEqual([...recordsOf(refusal)].length, 1)
    assert.deepEqual(refusal.subarray(0, 5), Uint8Array.of(21, 0xfe, 0xfd, 0, 0))
    assert.deepEqual(refusal.subarray(5), Uint8Array.of(1, 2, 3, 4, 5, 6, 0, 2, 2, 80))
  })
})

describe('what is no datagram of DTLS', () => {
  it('has no records and is no ClientHello', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), bytes => {
        const isDtls = bytes[1] === 0xfe
        fc.pre(!isDtls)
        assert.deepEqual([...recordsOf(bytes)], [])
        assert.ok(!isClientHello(bytes))
      }),
    )
  })
})
