import assert from 'node:assert/strict'
import { crc32c } from './crc.ts'

/**
 * A slow, obvious codec of SCTP packets, written from RFC 9260, section 3, alone. It shares no code with the source. All
 * numbers are unsigned, as on the wire.
 */

/** Any chunk: what is in it, without header and padding. */
export interface Chunk {
  readonly type: number
  readonly flags: number
  readonly value: Uint8Array
}

export interface Packet {
  readonly sourcePort: number
  readonly destinationPort: number
  readonly tag: number
  readonly chunks: readonly Chunk[]
}

/** Type, length and value: a parameter or an error cause. */
export interface Tlv {
  readonly type: number
  readonly value: Uint8Array
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export const u16 = (value: number): Uint8Array => Uint8Array.of((value >>> 8) & 255, value & 255)
export const u32 = (value: number): Uint8Array => concat(u16(value >>> 16), u16(value & 0xffff))

function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4)
}

/** A chunk on the wire. `length` is what its header says, if that is a lie. */
export function encodeChunk({ type, flags, value }: Chunk, length = 4 + value.length): Uint8Array {
  return concat(Uint8Array.of(type, flags), u16(length), value, padding(value.length))
}

export function encodeTlv({ type, value }: Tlv): Uint8Array {
  return concat(u16(type), u16(4 + value.length), value, padding(value.length))
}

/** Parameters one behind the other; the last is not padded, as the length of a chunk has it. */
export function encodeTlvs(list: readonly Tlv[]): Uint8Array {
  return concat(
    ...list.map((tlv, i) =>
      i < list.length - 1 ? encodeTlv(tlv) : encodeTlv(tlv).slice(0, 4 + tlv.value.length),
    ),
  )
}

/** A packet on the wire. `body` stands in the place of its chunks. */
export function encodePacket(
  packet: Packet,
  body = concat(...packet.chunks.map(c => encodeChunk(c))),
): Uint8Array {
  const header = concat(u16(packet.sourcePort), u16(packet.destinationPort), u32(packet.tag), u32(0))
  return withChecksum(concat(header, body))
}

/** Sets the checksum, lowest byte first (appendix A). Returns the same bytes. */
export function withChecksum(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setUint32(8, 0)
  view.setUint32(8, crc32c(bytes), true)
  return bytes
}

/** The checksum field of a packet, whatever is in it. */
export const checksumOf = (bytes: Uint8Array): number =>
  new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, true)

/** What the field must be. */
export const rightChecksumOf = (bytes: Uint8Array): number => crc32c(Uint8Array.from(bytes).fill(0, 8, 12))

/**
 * Reads a packet that we have sent, which must be flawless: checksum, lengths, and padding of zeros. The checksum may be
 * missing where that is said.
 */
export function decodePacket(bytes: Uint8Array, mayLackChecksum = false): Packet {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  assert.equal(bytes.length % 4, 0, 'whole words')
  if (!mayLackChecksum || checksumOf(bytes) !== 0)
    assert.equal(checksumOf(bytes), rightChecksumOf(bytes), 'the checksum of a packet sent')
  const chunks: Chunk[] = []
  for (let at = 12; at < bytes.length; ) {
    const length = view.getUint16(at + 2)
    assert.ok(length >= 4 && at + length <= bytes.length, 'the length of a chunk sent')
    chunks.push({ type: bytes[at]!, flags: bytes[at + 1]!, value: bytes.slice(at + 4, at + length) })
    const end = at + length + padding(length).length
    assert.ok(
      bytes.subarray(at + length, end).every(byte => byte === 0),
      'padding of zeros',
    )
    at = end
  }
  return {
    sourcePort: view.getUint16(0),
    destinationPort: view.getUint16(2),
    tag: view.getUint32(4),
    chunks,
  }
}

export function decodeTlvs(bytes: Uint8Array): Tlv[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const list: Tlv[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint16(at + 2)
    assert.ok(length >= 4 && at + length <= bytes.length, 'the length of a parameter sent')
    list.push({ type: view.getUint16(at), value: bytes.slice(at + 4, at + length) })
    at += length + padding(length).length
  }
  return list
}
