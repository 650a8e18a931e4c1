/** Numbers in network byte order. Offsets must lie within the bytes: whoever calls has checked the length. */

export const readU16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!

/** All 32 bits as a signed number, which needs no allocation: for tags and TSNs, which are only compared. */
export const readI32 = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!

export const readU32 = (bytes: Uint8Array, at: number): number => readI32(bytes, at) >>> 0

export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

/** Chunks, parameters and causes are padded to whole words (RFC 9260, section 3.2). */
export const padded = (byteLength: number): number => (byteLength + 3) & ~3
