import type { ConnectError } from '../errors.ts'
import type { Platform } from '../platform.ts'
import type { ByteStream, ByteStreamSink } from '../transport/byte-stream.ts'
import type { Line } from './line.ts'

/** How long a peer may take to end a connection that is not needed any more, before it is reset. */
const FAREWELL_MS = 5000

/** Whom a carrier serves: first who says hello, then the session. */
export interface CarrierUser {
  onData(chunk: Uint8Array): void
  room(): Uint8Array | undefined
  onWritten(byteLength: number): void
  /** The connection broke, or has ended. The last call. */
  onGone(error: ConnectError | undefined): void
}

/**
 * One connection that may carry a session. Whatever it does once it was finished or dropped concerns nobody: bytes that
 * come late go nowhere.
 */
export class Carrier implements ByteStreamSink, Line {
  readonly stream: ByteStream
  readonly #platform: Platform
  #user: CarrierUser | undefined
  /** Bytes that were written before the session had the connection, and that it is not told of. */
  #greetingBytes = 0
  #isGone = false
  #ended = false
  #cancelFarewell: (() => void) | undefined

  constructor(stream: ByteStream, platform: Platform) {
    this.stream = stream
    this.#platform = platform
  }

  open(user: CarrierUser): void {
    this.#user = user
    this.stream.open(this)
  }

  /** Whether nobody uses it any more. */
  get isFree(): boolean {
    return this.#user === undefined
  }

  /** Serves another user from now on. */
  serve(user: CarrierUser): void {
    if (this.#user !== undefined) this.#user = user
  }

  greet(frame: Uint8Array): void {
    if (!this.stream.write([frame], frame.length)) this.#greetingBytes += frame.length
  }

  write(segments: readonly Uint8Array[], byteLength: number): boolean {
    return this.stream.write(segments, byteLength)
  }

  /** Ends the connection once all that was written is out. */
  finish(): void {
    this.#user = undefined
    if (this.#isGone || this.#ended) return
    this.#ended = true
    this.stream.end()
    this.#cancelFarewell = this.#platform.startTimer(() => this.stream.reset(false), FAREWELL_MS)
  }

  /** Breaks the connection off. */
  drop(midFrame: boolean): void {
    this.#user = undefined
    this.#cancelFarewell?.()
    if (!this.#isGone) this.stream.reset(midFrame)
  }

  onData(chunk: Uint8Array): void {
    this.#user?.onData(chunk)
  }

  room(): Uint8Array | undefined {
    return this.#user?.room()
  }

  onWritten(byteLength: number): void {
    const greeting = Math.min(this.#greetingBytes, byteLength)
    this.#greetingBytes -= greeting
    if (byteLength > greeting) this.#user?.onWritten(byteLength - greeting)
  }

  /** What must come again over another connection shows whether the session can go on. */
  onSpoilt(error: ConnectError): void {
    if (this.#user === undefined) this.stream.reset(false)
    else this.#tellGone(error)
  }

  onEnd(): void {
    this.#tellGone(undefined)
  }

  onFinish(): void {}

  onClose(error?: ConnectError): void {
    this.#isGone = true
    this.#cancelFarewell?.()
    this.#tellGone(error)
  }

  #tellGone(error: ConnectError | undefined): void {
    const user = this.#user
    this.#user = undefined
    user?.onGone(error)
  }
}
