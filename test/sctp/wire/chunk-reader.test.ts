import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ChunkReader } from '../../../src/transport/sctp/wire/chunk-reader.ts'
import { type Chunk, concat, encodeChunk, encodePacket, u16 } from '../support/packets.ts'

const HEADER = new Uint8Array(12)

/** What the reader finds in a body, and whether it calls it malformed. */
function read(body: Uint8Array): { chunks: Chunk[]; malformed: boolean } {
  const reader = new ChunkReader()
  reader.open(concat(HEADER, body))
  const chunks: Chunk[] = []
  while (reader.next()) {
    const value = reader.bytes.slice(reader.valueStart, reader.end)
    assert.equal(reader.valueBytes, value.length)
    chunks.push({ type: reader.type, flags: reader.flags, value })
  }
  assert.equal(reader.next(), false, 'it stays at the end')
  return { chunks, malformed: reader.malformed }
}

/** The same, the slow way: by what is left. */
function twin(body: Uint8Array): { chunks: Chunk[]; malformed: boolean } {
  const chunks: Chunk[] = []
  let rest = body
  while (rest.length > 0) {
    const length = rest.length < 4 ? 0 : rest[2]! * 256 + rest[3]!
    if (length < 4 || length > rest.length) return { chunks, malformed: true }
    chunks.push({ type: rest[0]!, flags: rest[1]!, value: rest.slice(4, length) })
    rest = rest.slice(Math.ceil(length / 4) * 4)
  }
  return { chunks, malformed: false }
}

const anyChunk = fc
  .tuple(fc.nat(255), fc.nat(255), fc.uint8Array({ maxLength: 30 }))
  .map(([type, flags, value]) => encodeChunk({ type, flags, value }))

const anyHeader = fc
  .tuple(fc.nat(255), fc.constantFrom(0, 1, 2, 3, 4, 5, 7, 8, 9, 100, 65_535))
  .map(([type, length]) => concat(Uint8Array.of(type, 0), u16(length)))

describe('the chunks of a packet (RFC 9260, section 3.2)', () => {
  it('are those that were put in, of any length', () => {
    const chunks = Array.from({ length: 9 }, (_, i) => ({
      type: i,
      flags: 9 - i,
      value: new Uint8Array(i).fill(i),
    }))
    assert.deepEqual(read(concat(...chunks.map(c => encodeChunk(c)))), { chunks, malformed: false })
  })

  it('may lack the padding of the last one', () => {
    const body = encodeChunk({ type: 1, flags: 0, value: new Uint8Array(5) })
    for (let missing = 0; missing <= 3; missing++) {
      assert.equal(read(body.subarray(0, body.length - missing)).malformed, false)
    }
    assert.equal(read(body.subarray(0, body.length - 4)).malformed, true)
  })

  it('are malformed where a length is below 4 or goes beyond the packet', () => {
    for (const length of [0, 1, 2, 3, 9, 65_535]) {
      const body = encodeChunk({ type: 1, flags: 0, value: new Uint8Array(4) }, length)
      assert.deepEqual(read(body), { chunks: [], malformed: true }, `length ${length}`)
    }
  })

  it('are none in a packet that is only a header', () => {
    assert.deepEqual(read(new Uint8Array(0)), { chunks: [], malformed: false })
  })

  it('are the same as for the twin, of anything', () => {
    const body = fc.array(fc.oneof(anyChunk, anyHeader, fc.uint8Array({ maxLength: 9 })), { maxLength: 6 })
    fc.assert(
      fc.property(body, parts => {
        const bytes = concat(...parts)
        assert.deepEqual(read(bytes), twin(bytes))
      }),
      { numRuns: 1000 },
    )
  })

  it('are read anew from the next packet after a malformed one', () => {
    const reader = new ChunkReader()
    reader.open(concat(HEADER, Uint8Array.of(1, 0, 0, 0)))
    assert.equal(reader.next(), false)
    assert.equal(reader.malformed, true)
    const chunk = { type: 3, flags: 1, value: Uint8Array.of(1) }
    reader.open(encodePacket({ sourcePort: 1, destinationPort: 2, tag: 3, chunks: [chunk] }))
    assert.equal(reader.next(), true)
    assert.equal(reader.malformed, false)
  })
})
