import { padded, readU16 } from './bytes.ts'
import { COMMON_HEADER_BYTES } from './packet.ts'

export const CHUNK_HEADER_BYTES = 4

/** Walks the chunks of a packet (RFC 9260, section 3.2). One object serves many packets. */
export class ChunkReader {
  bytes: Uint8Array = new Uint8Array(0)
  type = 0
  flags = 0
  /** Where the chunk begins, where its value does, and where it ends, padding not included. */
  start = 0
  valueStart = 0
  end = 0
  /** A chunk's length is below 4 or goes beyond the packet. Nothing behind it can be read. */
  malformed = false
  #next = 0

  open(packet: Uint8Array): void {
    this.bytes = packet
    this.malformed = false
    this.#next = COMMON_HEADER_BYTES
  }

  /** Moves to the next chunk; false where there is none or it is malformed. */
  next(): boolean {
    const { bytes } = this
    const at = this.#next
    if (at + CHUNK_HEADER_BYTES > bytes.length) {
      this.malformed = at < bytes.length
      return false
    }
    const length = readU16(bytes, at + 2)
    if (length < CHUNK_HEADER_BYTES || at + length > bytes.length) {
      this.malformed = true
      return false
    }
    this.type = bytes[at]!
    this.flags = bytes[at + 1]!
    this.start = at
    this.valueStart = at + CHUNK_HEADER_BYTES
    this.end = at + length
    this.#next = at + padded(length)
    return true
  }

  /** Of the value, without padding. */
  get valueBytes(): number {
    return this.end - this.valueStart
  }
}
