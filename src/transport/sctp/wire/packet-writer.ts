import { padded, writeU16, writeU32 } from './bytes.ts'
import { CHUNK_HEADER_BYTES } from './chunk-reader.ts'
import { COMMON_HEADER_BYTES, writeChecksum } from './packet.ts'

/** Largest packet there can be: what a UDP datagram over IPv4 has room for, in whole words. */
export const MAX_PACKET_BYTES = 65_504

const MEMORY_BYTES = 4 * 65_536
const NO_MEMORY: Uint8Array = new Uint8Array(0)

/**
 * Puts packets together, one at a time, each in a stretch of memory of its own. All that share one take turns between
 * `begin` and `finish`.
 */
export class PacketWriter {
  readonly #allocate: (byteLength: number) => Uint8Array
  #memory = NO_MEMORY
  #start = 0
  #at = 0
  #limit = 0
  #chunkStart = 0

  constructor(allocate: (byteLength: number) => Uint8Array) {
    this.#allocate = allocate
  }

  begin(sourcePort: number, destinationPort: number, verificationTag: number, limitBytes: number): void {
    if (this.#memory.length - this.#start < limitBytes) this.#renew()
    this.#at = this.#start
    this.#limit = this.#start + limitBytes
    this.u16(sourcePort)
    this.u16(destinationPort)
    this.u32(verificationTag)
    this.u32(0)
  }

  /** Bytes that another chunk can have, its header included. */
  get room(): number {
    return this.#limit - this.#at
  }

  get isEmpty(): boolean {
    return this.#at - this.#start <= COMMON_HEADER_BYTES
  }

  beginChunk(type: number, flags: number): void {
    this.#chunkStart = this.#at
    this.#memory[this.#at] = type
    this.#memory[this.#at + 1] = flags
    this.#at += CHUNK_HEADER_BYTES
  }

  endChunk(): void {
    writeU16(this.#memory, this.#chunkStart + 2, this.#at - this.#chunkStart)
    this.#pad(this.#chunkStart)
  }

  /** A chunk whose value is known. */
  chunk(type: number, flags: number, value?: Uint8Array): void {
    this.beginChunk(type, flags)
    if (value !== undefined) this.bytes(value)
    this.endChunk()
  }

  /**
   * A parameter of the chunk that has been begun. The padding of the one before it counts to the length of the chunk, that
   * of the last one does not (RFC 9260, section 3.2).
   */
  parameter(type: number, value: Uint8Array): void {
    this.#pad(this.#chunkStart)
    this.u16(type)
    this.u16(4 + value.length)
    this.bytes(value)
  }

  u16(value: number): void {
    writeU16(this.#memory, this.#at, value)
    this.#at += 2
  }

  u32(value: number): void {
    writeU32(this.#memory, this.#at, value)
    this.#at += 4
  }

  bytes(value: Uint8Array): void {
    this.#memory.set(value, this.#at)
    this.#at += value.length
  }

  zeros(byteLength: number): void {
    this.#memory.fill(0, this.#at, this.#at + byteLength)
    this.#at += byteLength
  }

  /**
   * The whole packet. Its memory is not written to again before {@link release}.
   *
   * @param zeroChecksum whether its checksum is left 0 (RFC 9653, section 5.2)
   */
  finish(zeroChecksum = false): Uint8Array {
    const packet = this.#memory.subarray(this.#start, this.#at)
    this.#start = this.#at
    if (!zeroChecksum) writeChecksum(packet)
    return packet
  }

  /**
   * Says what has become of the packets so far: nobody needs them any longer, and their memory is used again, or somebody
   * still does, and it is left to them.
   */
  release(needed: boolean): void {
    if (needed) this.#memory = NO_MEMORY
    this.#start = 0
  }

  #pad(start: number): void {
    const length = this.#at - start
    if ((length & 3) !== 0) this.zeros(padded(length) - length)
  }

  #renew(): void {
    // As no Buffer: parts of it cost less.
    const { buffer, byteOffset } = this.#allocate(MEMORY_BYTES)
    this.#memory = new Uint8Array(buffer, byteOffset, MEMORY_BYTES)
    this.#start = 0
  }
}
