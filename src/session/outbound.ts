import { DATAGRAM_COST_BYTES } from '../connection/costs.ts'
import { ConnectError, ConnectErrorCode, counted } from '../errors.ts'
import { violation } from './control-frame.ts'
import type { Line, Progress, Window } from './line.ts'
import { type Chunk, frameBytesAt, piecesOf, RetainedFrames } from './retained-frames.ts'

/** Most bytes that a line has been given and has not passed on. */
const IN_FLIGHT_BYTES = 1024 * 1024

/**
 * The direction away from this end: what was taken to be sent, how far it is sent over the line of the moment, and how
 * much of it the peer has consumed.
 *
 * ```
 *            confirmed (A)        position on this line      sent (S)           taken
 * ---- free ------|-------- kept: sent again if the line breaks -----|--- waits ---|
 *                 |<--------- at most the peer's window ------------>|
 * ```
 */
export class Outbound {
  #retained = new RetainedFrames()
  #window: Window = { bytes: 0, messages: 0 }
  /** Frames that were ever sent whole. */
  #sent = 0
  /** Whole frames before the place in the direction that the line has come to, and that place in bytes. */
  #position = 0
  #at = 0
  /** Bytes that the frame at that place still lacks. */
  #left = 0
  #inFlight = 0

  /** Frames that the peer has consumed. */
  get confirmed(): number {
    return this.#retained.confirmed
  }

  /** What is kept, in bytes, with what it costs. */
  get keptCost(): number {
    return this.#retained.byteLength + this.#retained.frames * DATAGRAM_COST_BYTES
  }

  /** The number of the last frame that was sent over this line. */
  get position(): number {
    return this.#position
  }

  /** Whether this line is inside a data frame. */
  get midFrame(): boolean {
    return this.#left > 0
  }

  /** Whether the line has all that was taken. */
  get allSent(): boolean {
    return this.#at === this.#retained.takenBytes && this.#left === 0
  }

  /** Whether the peer has consumed all that was taken. */
  get allConfirmed(): boolean {
    return this.#retained.byteLength === 0
  }

  /** Whether the line may be given more. */
  get hasRoom(): boolean {
    return this.#inFlight < IN_FLIGHT_BYTES
  }

  /** What the peer takes; said once. */
  setWindow(window: Window): void {
    this.#window = window
  }

  /** Takes encoded frames, as {@link RetainedFrames.add}; they must not change until they are confirmed. */
  take(segments: readonly Uint8Array[], byteLength: number, begun: number, tail: number): void {
    this.#retained.add(segments, byteLength, begun, tail)
  }

  /** Goes back to behind frame `received`, to send what follows over a new line. */
  rewind(received: number): void {
    this.#position = received
    this.#at = this.#retained.positionAfter(received)
    this.#left = 0
    this.#inFlight = 0
  }

  /** Whether what the peer says keeps A <= C <= R <= S. */
  isPossible({ received, consumed }: Progress): boolean {
    return this.confirmed <= consumed && consumed <= received && received <= this.#sent
  }

  /**
   * The peer has consumed so much; returns how many bytes that has freed.
   *
   * @throws ConnectError `PROTOCOL_VIOLATION`
   */
  confirm(progress: Progress): number {
    const { received, consumed } = progress
    if (!this.isPossible(progress)) {
      throw violation(
        `it has received ${received} and consumed ${consumed} of ${counted(this.#sent, 'message')}, of which ${this.confirmed} are confirmed`,
      )
    }
    return consumed === this.confirmed ? 0 : this.#retained.confirm(consumed)
  }

  /**
   * Gives the line the next frames that the peer's window allows, at most what one write of the connection was.
   *
   * @param toBorder whether to stop at the first border of two frames
   * @returns whether there was something
   * @throws ConnectError `INVALID_ARGUMENT` if data was transferred away
   */
  sendNext(line: Line, toBorder: boolean): boolean {
    const chunk = this.#retained.chunkAt(this.#at)
    if (chunk === undefined) return false
    const from = this.#at
    if (toBorder && this.#left > 0) this.#advance(Math.min(chunk.start + chunk.byteLength, from + this.#left))
    else if (!this.#takeAll(chunk)) this.#takeSome(chunk)
    if (this.#at === from) return false
    this.#give(line, piecesOf(chunk, from, this.#at), this.#at - from)
    if (this.#position > this.#sent) this.#sent = this.#position
    return true
  }

  /** Gives the line a control frame, between two data frames. */
  sendControl(line: Line, frame: Uint8Array): void {
    this.#write(line, [frame], frame.length)
  }

  /** The line has passed on so many bytes. */
  onWritten(byteLength: number): void {
    this.#inFlight -= byteLength
  }

  /** Gives away what the peer may not have consumed. Nothing will be sent any more. */
  giveAway(): RetainedFrames {
    const retained = this.#retained
    this.#retained = new RetainedFrames()
    return retained
  }

  /** Takes the rest of the chunk if the window allows it whole, which it mostly does. */
  #takeAll({ start, byteLength, begun, tail }: Chunk): boolean {
    const end = start + byteLength
    const { bytes, messages } = this.#window
    const { confirmed, confirmedBytes } = this.#retained
    if (end + tail - confirmedBytes > bytes || begun - confirmed > messages) return false
    this.#at = end
    this.#left = tail
    this.#position = tail > 0 ? begun - 1 : begun
    return true
  }

  #takeSome(chunk: Chunk): void {
    const end = chunk.start + chunk.byteLength
    if (this.#left > 0) this.#advance(Math.min(end, this.#at + this.#left))
    else if (this.#isHalfFull) return
    while (this.#at < end) {
      const frameBytes = frameBytesAt(chunk, this.#at)
      if (!this.#mayBegin(frameBytes)) return
      this.#left = frameBytes
      this.#advance(Math.min(end, this.#at + frameBytes))
    }
  }

  /** While so much is on its way, small pieces can wait to become large ones. */
  get #isHalfFull(): boolean {
    const { confirmed, confirmedBytes } = this.#retained
    const { bytes, messages } = this.#window
    return (this.#at - confirmedBytes) * 2 > bytes || (this.#position - confirmed) * 2 > messages
  }

  #advance(to: number): void {
    this.#left -= to - this.#at
    this.#at = to
    if (this.#left === 0) this.#position++
  }

  /** A frame that is larger than the window passes when nothing else is on its way. */
  #mayBegin(frameBytes: number): boolean {
    const { confirmed, confirmedBytes } = this.#retained
    if (this.#position === confirmed) return true
    const fits = this.#at + frameBytes - confirmedBytes <= this.#window.bytes
    return fits && this.#position + 1 - confirmed <= this.#window.messages
  }

  #give(line: Line, pieces: readonly Uint8Array[], byteLength: number): void {
    let there = 0
    for (const piece of pieces) there += piece.length
    if (there !== byteLength) {
      throw new ConnectError(
        ConnectErrorCode.INVALID_ARGUMENT,
        'data was transferred away before the peer had consumed it',
      )
    }
    this.#write(line, pieces, byteLength)
  }

  #write(line: Line, segments: readonly Uint8Array[], byteLength: number): void {
    if (!line.write(segments, byteLength)) this.#inFlight += byteLength
  }
}
