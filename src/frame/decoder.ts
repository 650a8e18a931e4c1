import { ConnectError, ConnectErrorCode } from '../errors.ts'
import { type ConnectDatagram, datagramIn } from './datagram.ts'
import { HEADER_BYTES } from './format.ts'
import { checkHeader, checkPartialHeader, readRecipient } from './header.ts'
import { type Allocate, PartialData, zeroed } from './partial-data.ts'

/** A message of which at least so much is missing is read to where it belongs; less is worth a copy, for larger reads. */
const ROOM_FROM_BYTES = 32 * 1024

/**
 * A message of this length is, however little is missing: a copy of that would come with a read of 64 KiB, and so with
 * the copy of most of the next message, and so on.
 */
const LARGE_BYTES = 48 * 1024

/**
 * Turns a byte stream, cut anywhere, back into its datagrams.
 *
 * Pure: no I/O and no clock. Data that lies whole in a chunk becomes a view of that chunk; data that spans chunks is
 * put together once, in a buffer of its own whose size follows what has arrived, and read into that where possible.
 */
export class FrameDecoder {
  readonly #maxDataBytes: number
  readonly #allocate: Allocate
  /** The first bytes of a header that the last chunk cut; made when first needed. */
  #header: Uint8Array | undefined
  #headerLength = 0
  /** The data of a frame whose header is complete. */
  #partial: PartialData | undefined

  constructor(maxDataBytes: number, allocate: Allocate = zeroed) {
    this.#maxDataBytes = maxDataBytes
    this.#allocate = allocate
  }

  /** Whether the stream so far ends inside a frame. */
  get midFrame(): boolean {
    return this.#headerLength > 0 || this.#partial !== undefined
  }

  /**
   * Reads a chunk and appends the datagrams that it completes to `out`.
   *
   * The chunk must not change afterwards: the datagrams are views of it.
   *
   * @throws ConnectError `FRAME_SIZE_INVALID` or `VERSION_UNSUPPORTED`, as soon as the bytes that show it have come.
   * `out` then holds the datagrams before the bad frame, and the decoder must not be used again.
   */
  push(chunk: Uint8Array, out: ConnectDatagram[]): void {
    let at = this.midFrame ? this.#continueFrame(chunk, out) : 0
    const end = chunk.length
    const { buffer, byteOffset } = chunk
    while (end - at >= HEADER_BYTES) {
      const dataBytes = checkHeader(chunk, at, this.#maxDataBytes)
      const start = at + HEADER_BYTES
      if (end - start < dataBytes) break
      const next = start + dataBytes
      out[out.length] = datagramIn(readRecipient(chunk, at), buffer, byteOffset + start, dataBytes)
      at = next
    }
    if (at < end) this.#beginFrame(chunk, at)
  }

  /** Where the next bytes would best be put, if much is missing of the frame that is under way. */
  room(): Uint8Array | undefined {
    const partial = this.#partial
    if (partial === undefined) return undefined
    return partial.missing >= ROOM_FROM_BYTES || partial.total >= LARGE_BYTES ? partial.room() : undefined
  }

  /** Forgets the frame that is under way: what comes next begins one. */
  restart(): void {
    this.#partial = undefined
    this.#headerLength = 0
  }

  /** @throws ConnectError `STREAM_TRUNCATED` if the stream ends inside a frame */
  end(): void {
    if (this.#partial !== undefined) {
      throw new ConnectError(
        ConnectErrorCode.STREAM_TRUNCATED,
        `stream ended inside a frame: ${this.#partial.length} of ${this.#partial.total} bytes of data arrived`,
      )
    }
    if (this.#headerLength > 0) {
      throw new ConnectError(
        ConnectErrorCode.STREAM_TRUNCATED,
        `stream ended inside a frame: ${this.#headerLength} of ${HEADER_BYTES} header bytes arrived`,
      )
    }
  }

  /** Feeds the frame that earlier chunks began; returns where in the chunk it ended. */
  #continueFrame(chunk: Uint8Array, out: ConnectDatagram[]): number {
    let at = 0
    if (this.#partial === undefined) {
      at = this.#continueHeader(chunk)
      if (this.#partial === undefined) return at
    }
    const partial: PartialData = this.#partial
    at = partial.take(chunk, at)
    if (partial.complete) {
      out.push(partial.datagram())
      this.#partial = undefined
    }
    return at
  }

  /** Takes from the chunk what the cut header lacks. */
  #continueHeader(chunk: Uint8Array): number {
    const header = this.#header!
    const taken = Math.min(HEADER_BYTES - this.#headerLength, chunk.length)
    for (let i = 0; i < taken; i++) header[this.#headerLength + i] = chunk[i]!
    this.#headerLength += taken
    if (this.#headerLength < HEADER_BYTES) checkPartialHeader(header, this.#headerLength, this.#maxDataBytes)
    else this.#beginData(header, 0, chunk.length - taken)
    return taken
  }

  /** Keeps the frame that begins at `chunk[at]` and does not end in the chunk. */
  #beginFrame(chunk: Uint8Array, at: number): void {
    const available = chunk.length - at
    if (available >= HEADER_BYTES) {
      this.#beginData(chunk, at, available - HEADER_BYTES)
      this.#partial!.take(chunk, at + HEADER_BYTES)
      return
    }
    this.#header ??= new Uint8Array(HEADER_BYTES)
    for (let i = 0; i < available; i++) this.#header[i] = chunk[at + i]!
    this.#headerLength = available
    checkPartialHeader(this.#header, available, this.#maxDataBytes)
  }

  /** @param available bytes of data that have come with the header */
  #beginData(header: Uint8Array, at: number, available: number): void {
    const dataBytes = checkHeader(header, at, this.#maxDataBytes)
    this.#headerLength = 0
    this.#partial = new PartialData(readRecipient(header, at), dataBytes, available, this.#allocate)
  }
}
