/** CRC32c as RFC 9260, appendix A, has it: one bit after the other. Slow, and shares nothing with the source. */
export function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc = (crc ^ byte) >>> 0
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? ((crc >>> 1) ^ 0x82f63b78) >>> 0 : crc >>> 1
  }
  return ~crc >>> 0
}
