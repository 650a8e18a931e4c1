import { DataFlag } from '../wire/numbers.ts'
import type { PacketWriter } from '../wire/packet-writer.ts'
import type { OutboundChunk } from './flight.ts'
import { BYTES_PROTOCOL, END_PROTOCOL, MAX_USER_MESSAGE_BYTES } from './protocol-values.ts'
import { SendQueue } from './send-queue.ts'

const END_MARK = Uint8Array.of(0)

/** The place of the mark of the end, which has none in the stream. */
const NOWHERE = -1

/** Room in a packet that is left empty rather than split data for it. */
const LEAST_SPLIT_BYTES = 256

/** Cuts the stream into user messages and chunks, at the moment in which they leave (PROTOCOL.md; section 6.9). */
export class UserMessages {
  readonly #endMarks: boolean
  readonly #maxChunkBytes: number
  readonly #queue = new SendQueue()
  /** The place of the first byte that was not cut yet. */
  #uncut = 0
  #endWanted = false
  #endCut = false
  /** Stream sequence number. */
  #sequence = 0
  /** Of the user message that has been begun: bytes so far; 0 between two. */
  #messageBytes = 0

  /**
   * @param endMarks whether the end of the stream is sent as a mark
   * @param maxChunkBytes most data of one chunk: what the packet that every path takes has room for, so that a chunk fits
   * whatever the path becomes
   */
  constructor(endMarks: boolean, maxChunkBytes: number) {
    this.#endMarks = endMarks
    this.#maxChunkBytes = maxChunkBytes
  }

  /** Whether there is more to send, the mark of the end included. */
  get hasMore(): boolean {
    return this.#uncut < this.#queue.end || (this.#endWanted && !this.#endCut)
  }

  /** Bytes of the stream that were cut. */
  get cutBytes(): number {
    return this.#uncut
  }

  /** Data of the next chunk, if nothing limits it. */
  get nextBytes(): number {
    const left = this.#queue.end - this.#uncut
    return left === 0
      ? END_MARK.length
      : Math.min(left, this.#maxChunkBytes, MAX_USER_MESSAGE_BYTES - this.#messageBytes)
  }

  queue(segments: readonly Uint8Array[]): void {
    this.#queue.push(segments)
  }

  /** Puts the mark of the end behind everything, where there is one. */
  queueEnd(): void {
    this.#endWanted = this.#endMarks
  }

  /** Data of the next chunk in a packet that has room for so much; 0 where it is better to begin another packet. */
  bytesFor(room: number): number {
    const bytes = this.nextBytes
    if (bytes <= room) return bytes
    return room < LEAST_SPLIT_BYTES ? 0 : room
  }

  /** Makes a chunk of the next bytes. A user message ends where the data does, or where it is as long as one may be. */
  cut(chunk: OutboundChunk, byteLength: number): void {
    const isEnd = this.#uncut === this.#queue.end
    const messageBytes = this.#messageBytes + byteLength
    chunk.place = isEnd ? NOWHERE : this.#uncut
    chunk.byteLength = byteLength
    chunk.sequence = this.#sequence
    chunk.flags = this.#messageBytes === 0 ? DataFlag.BEGIN : 0
    if (isEnd) this.#endCut = true
    else this.#uncut += byteLength
    const isLast = isEnd || messageBytes === MAX_USER_MESSAGE_BYTES || this.#uncut === this.#queue.end
    this.#messageBytes = isLast ? 0 : messageBytes
    if (!isLast) return
    chunk.flags |= DataFlag.END
    this.#sequence = (this.#sequence + 1) & 0xffff
  }

  isEndMark(chunk: OutboundChunk): boolean {
    return chunk.place === NOWHERE
  }

  /** Writes a chunk's payload protocol identifier and its data. */
  write(writer: PacketWriter, chunk: OutboundChunk): void {
    if (this.isEndMark(chunk)) {
      writer.u32(END_PROTOCOL)
      writer.bytes(END_MARK)
    } else {
      writer.u32(BYTES_PROTOCOL)
      this.#queue.write(writer, chunk.place, chunk.byteLength)
    }
  }

  /** Lets go of the data before a chunk, or of all that was cut. */
  release(first: OutboundChunk | undefined): void {
    this.#queue.release(first === undefined || this.isEndMark(first) ? this.#uncut : first.place)
  }
}
