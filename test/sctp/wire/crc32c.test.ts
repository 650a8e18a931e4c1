import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { crc32c } from '../../../src/transport/sctp/wire/crc32c.ts'
import { isIntact, writeChecksum } from '../../../src/transport/sctp/wire/packet.ts'
import { bytesOf } from '../../support/data.ts'
import { slowCrc32c, crc32c as tableCrc32c } from '../support/crc.ts'
import { withChecksum } from '../support/packets.ts'

const ascending = Uint8Array.from({ length: 32 }, (_, i) => i)

/** RFC 3720, section B.4, and the check value that every catalogue of CRCs has. */
const known: readonly (readonly [string, Uint8Array, number])[] = [
  ['32 bytes of zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 ascending bytes', ascending, 0x46dd794e],
  ['32 descending bytes', ascending.toReversed(), 0x113fdb5c],
  ['123456789', new TextEncoder().encode('123456789'), 0xe3069283],
  ['nothing', new Uint8Array(0), 0],
]

/** The bytes, in memory that begins so many bytes before them. */
function at(offset: number, bytes: Uint8Array): Uint8Array {
  const memory = new Uint8Array(offset + bytes.length + 8).fill(0xa5)
  memory.set(bytes, offset)
  return memory.subarray(offset, offset + bytes.length)
}

describe('CRC32c (RFC 9260, appendix A)', () => {
  for (const [name, bytes, expected] of known) {
    it(`of ${name} is as published`, () => {
      assert.equal(crc32c(bytes), expected)
      assert.equal(slowCrc32c(bytes), expected)
      assert.equal(tableCrc32c(bytes), expected)
    })
  }

  it('is that of its slow twin, for every length up to 300 and every alignment', () => {
    const bytes = bytesOf(300, 7)
    for (let length = 0; length <= 300; length++) {
      const part = bytes.subarray(0, length)
      const expected = slowCrc32c(part)
      for (let offset = 0; offset < 8; offset++) {
        assert.equal(crc32c(at(offset, part)), expected, `${length} bytes at ${offset}`)
      }
    }
  })

  it('is that of its slow twin where bytes begin to be read as words, and beyond', () => {
    for (const length of [
      4079, 4080, 4095, 4096, 4097, 4111, 4112, 8191, 16_384, 65_504, 65_507, 114_688, 114_704, 200_001,
    ]) {
      const bytes = bytesOf(length, length)
      const expected = slowCrc32c(bytes)
      for (let offset = 0; offset < 8; offset++) {
        assert.equal(crc32c(at(offset, bytes)), expected, `${length} bytes at ${offset}`)
      }
    }
  })
})

describe('the checksum of a packet (RFC 9260, section 6.8)', () => {
  it('stands in the header with its lowest byte first', () => {
    const packet = bytesOf(40)
    packet.fill(0, 8, 12)
    const crc = slowCrc32c(packet)
    writeChecksum(packet)
    assert.deepEqual(
      [...packet.subarray(8, 12)],
      [crc & 255, (crc >>> 8) & 255, (crc >>> 16) & 255, crc >>> 24],
    )
  })

  it('is right for what the twin has made, of any length from 12 bytes on', () => {
    for (const length of [12, 13, 16, 27, 28, 1200, 5000]) {
      assert.equal(isIntact(withChecksum(bytesOf(length, length))), true, `${length} bytes`)
    }
  })

  it('is wrong when any single bit has changed', () => {
    const packet = withChecksum(bytesOf(28))
    for (let bit = 0; bit < packet.length * 8; bit++) {
      const copy = packet.slice()
      copy[bit >> 3]! ^= 1 << (bit & 7)
      assert.equal(isIntact(copy), false, `bit ${bit}`)
    }
  })

  it('may be 0 instead where that is said, but for what begins with INIT or COOKIE ECHO (RFC 9653)', () => {
    for (let type = 0; type < 256; type++) {
      const packet = bytesOf(28)
      packet[12] = type
      packet.fill(0, 8, 12)
      assert.equal(isIntact(packet.slice()), false)
      assert.equal(isIntact(packet.slice(), true), type !== 1 && type !== 10, `type ${type}`)
    }
  })

  it('may not be anything else that is wrong where 0 is acceptable', () => {
    const packet = withChecksum(bytesOf(28))
    assert.equal(isIntact(packet.slice(), true), true)
    for (let bit = 0; bit < packet.length * 8; bit++) {
      const copy = packet.slice()
      copy[bit >> 3]! ^= 1 << (bit & 7)
      assert.equal(isIntact(copy, true), false, `bit ${bit}`)
    }
  })

  it('is never right for less than a header', () => {
    for (let length = 0; length < 12; length++) {
      assert.equal(isIntact(new Uint8Array(length)), false)
      assert.equal(isIntact(new Uint8Array(length), true), false)
    }
  })
})
