function divided(byte: number): number {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  return crc
}

/** CRC32c as RFC 9260, appendix A, has it: one bit after the other. Slow, and shares nothing with the source. */
export function slowCrc32c(bytes: Uint8Array): number {
  let crc = -1
  for (const byte of bytes) crc = (crc >>> 8) ^ divided((crc ^ byte) & 255)
  return ~crc >>> 0
}

const table = Int32Array.from({ length: 256 }, (_, byte) => divided(byte))

/** The same with one table, for tests that make many or large packets. */
export function crc32c(bytes: Uint8Array): number {
  let crc = -1
  for (const byte of bytes) crc = (crc >>> 8) ^ table[(crc ^ byte) & 255]!
  return ~crc >>> 0
}
