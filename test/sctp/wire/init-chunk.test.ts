import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ChunkReader } from '../../../src/transport/sctp/wire/chunk-reader.ts'
import { type InitChunk, readInit } from '../../../src/transport/sctp/wire/init-chunk.ts'
import { type Parameters, readParameters } from '../../../src/transport/sctp/wire/parameters.ts'
import { ADAPTATION, type InitFields, init, parameter, ZERO_CHECKSUM } from '../support/chunks.ts'
import {
  type Chunk,
  concat,
  encodePacket,
  encodeTlv,
  encodeTlvs,
  type Tlv,
  u16,
  u32,
} from '../support/packets.ts'

function read(chunk: Chunk): InitChunk | undefined {
  const reader = new ChunkReader()
  reader.open(encodePacket({ sourcePort: 1, destinationPort: 2, tag: 0, chunks: [chunk] }))
  assert.ok(reader.next())
  return readInit(reader)
}

const readTlvs = (...list: readonly Tlv[]): Parameters | undefined => {
  const bytes = encodeTlvs(list)
  return readParameters(bytes, 0, bytes.length)
}

describe('INIT (RFC 9260, section 3.3.2)', () => {
  it('gives back its fields', () => {
    const read1 = read(
      init({ tag: 0xfedcba98, window: 0xffffffff, outboundStreams: 3, inboundStreams: 65_535 }),
    )
    assert.ok(read1 !== undefined)
    assert.equal(read1.initiateTag >>> 0, 0xfedcba98)
    assert.equal(read1.window, 0xffffffff)
    assert.equal(read1.outboundStreams, 3)
    assert.equal(read1.inboundStreams, 65_535)
    assert.equal(read1.initialTsn, 1000)
    assert.equal(read1.adaptationCode, 0x63747301)
  })

  const refused: readonly (readonly [string, Partial<InitFields>])[] = [
    ['tag 0', { tag: 0 }],
    ['a window below 1500 bytes', { window: 1499 }],
    ['no outbound stream', { outboundStreams: 0 }],
    ['no inbound stream', { inboundStreams: 0 }],
  ]
  for (const [what, fields] of refused) {
    it(`is refused with ${what}`, () => assert.equal(read(init(fields)), undefined))
  }

  it('is taken with the least window, 1500 bytes', () => {
    assert.equal(read(init({ window: 1500 }))?.window, 1500)
  })

  it('is refused when it is shorter than its fields', () => {
    for (let length = 0; length < 16; length++) {
      assert.equal(read({ type: 1, flags: 0, value: new Uint8Array(length).fill(1) }), undefined)
    }
  })
})

describe('parameters (RFC 9260, section 3.2.1)', () => {
  it('are none in nothing', () => {
    assert.deepEqual(readTlvs(), {
      cookie: undefined,
      adaptationCode: undefined,
      zeroChecksumAcceptable: false,
      hasHostName: false,
      unrecognized: [],
    })
  })

  it('count once: the first of a type', () => {
    const read1 = readTlvs(
      parameter(7, Uint8Array.of(1)),
      parameter(7, Uint8Array.of(2)),
      ADAPTATION,
      parameter(0xc006, Uint8Array.of(9, 9, 9, 9)),
    )
    assert.deepEqual(read1?.cookie, Uint8Array.of(1))
    assert.equal(read1?.adaptationCode, 0x63747301)
  })

  it('say whether a checksum of 0 is taken from packets inside DTLS (RFC 9653, section 4)', () => {
    assert.equal(readTlvs(ZERO_CHECKSUM)?.zeroChecksumAcceptable, true)
    const others = [0, 2, 256, 0x01000000, 0x80000001].map(method => parameter(0x8001, u32(method)))
    const one = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1)
    const malformed = [0, 1, 3, 5, 8].map(length => parameter(0x8001, one.slice(0, length)))
    for (const other of [...others, ...malformed]) {
      const read1 = readTlvs(other, ADAPTATION)
      assert.deepEqual([read1?.zeroChecksumAcceptable, read1?.unrecognized], [false, []])
      assert.equal(read1?.adaptationCode, 0x63747301)
    }
    for (const other of others) {
      assert.equal(readTlvs(other, ZERO_CHECKSUM)?.zeroChecksumAcceptable, false)
      assert.equal(readTlvs(ZERO_CHECKSUM, other)?.zeroChecksumAcceptable, true)
    }
  })

  it('have a cookie of their own, not one that keeps the packet', () => {
    const cookie = readTlvs(parameter(7, Uint8Array.of(1, 2)))?.cookie
    assert.equal(cookie?.buffer.byteLength, 2)
  })

  it('say whether a host name is among them (section 3.3.2.1.4)', () => {
    assert.equal(readTlvs(parameter(11, Uint8Array.of(65, 0)))?.hasHostName, true)
  })

  it('that are known and of no consequence are neither reported nor in the way', () => {
    for (const type of [5, 6, 8, 9, 12]) {
      const read1 = readTlvs(parameter(type, new Uint8Array(8)), ADAPTATION)
      assert.equal(read1?.adaptationCode, 0x63747301, `type ${type}`)
      assert.deepEqual(read1?.unrecognized, [])
    }
  })

  const classes = [
    ['00', 0x0123, false, false],
    ['01', 0x4123, false, true],
    ['10', 0x8123, true, false],
    ['11', 0xc123, true, true],
  ] as const
  for (const [bits, type, goesOn, reports] of classes) {
    it(`that are unknown with upper bits ${bits} are ${goesOn ? 'skipped' : 'the last'}${reports ? ' and reported' : ''}`, () => {
      const unknown = parameter(type, Uint8Array.of(7, 8, 9))
      const read1 = readTlvs(unknown, ADAPTATION)
      assert.equal(read1?.adaptationCode, goesOn ? 0x63747301 : undefined)
      assert.deepEqual(read1?.unrecognized, reports ? [encodeTlv(unknown).slice(0, 7)] : [])
    })
  }

  it('are malformed with a length below 4 or beyond the chunk', () => {
    for (const length of [0, 1, 2, 3, 9, 65_535]) {
      const bytes = concat(u16(0x8001), u16(length), new Uint8Array(4))
      assert.equal(readParameters(bytes, 0, bytes.length), undefined, `length ${length}`)
    }
  })

  it('are malformed where bytes are left that are no header', () => {
    for (const left of [1, 2, 3]) {
      const bytes = concat(encodeTlv(ADAPTATION), new Uint8Array(left))
      assert.equal(readParameters(bytes, 0, bytes.length), undefined)
    }
  })

  it('are malformed where the adaptation indication is not one word', () => {
    for (const length of [0, 3, 5, 8])
      assert.equal(readTlvs(parameter(0xc006, new Uint8Array(length))), undefined)
  })

  it('never throw and never look beyond their end, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.nat(20), (bytes, start) => {
        const end = Math.max(start, bytes.length - 3)
        if (end > bytes.length) return
        const other = bytes.slice()
        other.fill(0xee, end)
        assert.deepEqual(readParameters(bytes, start, end), readParameters(other, start, end))
      }),
      { numRuns: 1000 },
    )
  })
})
