import { readI32, readU16, readU32, writeU32 } from './bytes.ts'
import { crc32c } from './crc32c.ts'
import { ChunkType } from './numbers.ts'

/** RFC 9260, section 3.1. */
export const COMMON_HEADER_BYTES = 12
const CHECKSUM_AT = 8

export const sourcePortOf = (packet: Uint8Array): number => readU16(packet, 0)
export const destinationPortOf = (packet: Uint8Array): number => readU16(packet, 2)

/** As a signed number; a tag is only ever compared. */
export const verificationTagOf = (packet: Uint8Array): number => readI32(packet, 4)

/**
 * Whether a datagram is a packet whose checksum is right (RFC 9260, section 6.8). Its checksum field is zero afterwards.
 *
 * @param zeroAcceptable whether a 0 is as good as a right checksum (RFC 9653, section 5.3), but for what begins an
 * association: that is never sent so (section 5.2)
 */
export function isIntact(packet: Uint8Array, zeroAcceptable = false): boolean {
  if (packet.length < COMMON_HEADER_BYTES) return false
  const given = readU32(packet, CHECKSUM_AT)
  if (given === 0 && zeroAcceptable && !begins(packet)) return true
  writeU32(packet, CHECKSUM_AT, 0)
  return crc32c(packet) === swapped(given)
}

/** INIT and COOKIE ECHO are the first chunk of their packet, or nobody looks at them. */
function begins(packet: Uint8Array): boolean {
  const type = packet[COMMON_HEADER_BYTES]
  return type === ChunkType.INIT || type === ChunkType.COOKIE_ECHO
}

/** The field must be zero. */
export function writeChecksum(packet: Uint8Array): void {
  writeU32(packet, CHECKSUM_AT, swapped(crc32c(packet)))
}

/** The checksum is the only number whose lowest byte comes first (RFC 9260, appendix A). */
function swapped(value: number): number {
  return ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0
}
