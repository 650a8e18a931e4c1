import { violation } from './control-frame.ts'
import type { FrameWalker } from './frame-walker.ts'
import type { Window } from './line.ts'

/** Consuming such a share of the window is worth an ACK, and so are so many bytes: the peer may keep less than it may send. */
const ACK_SHARE = 4
const ACK_BYTES = 1024 * 1024

/** Arrivals that are noted together. */
const ARRIVAL_BYTES = 16 * 1024

/** Who knows what the user has done. */
export interface ConsumptionCounter {
  /** How many messages have been consumed; never goes back. */
  countConsumed(): number
}

/** Up to which message, and which byte, something has come. */
interface Arrival {
  messages: number
  bytes: number
}

/**
 * The direction towards this end: what has been received, what of it the user has consumed, and when the peer should
 * hear of that.
 *
 * The user's count is of messages. Bytes are known for each read, which is as exact as a window has to be.
 */
export class Inbound {
  readonly #walker: FrameWalker
  readonly #window: Window
  readonly #counter: ConsumptionCounter
  /** What has come and is not wholly consumed. */
  readonly #arrivals: Arrival[] = []
  #consumed = 0
  /** Messages and bytes of the arrivals that are wholly consumed. */
  #wholeMessages = 0
  #consumedBytes = 0
  #told = 0
  #toldBytes = 0

  constructor(walker: FrameWalker, window: Window, counter: ConsumptionCounter) {
    this.#walker = walker
    this.#window = window
    this.#counter = counter
  }

  get received(): number {
    return this.#walker.received
  }

  get consumed(): number {
    return this.#consumed
  }

  get isInsideData(): boolean {
    return this.#walker.isInsideData
  }

  /** Whether the user has consumed something that the peer has not been told of. */
  get owesAck(): boolean {
    return this.#consumed > this.#told
  }

  /** Whether that is so much that the peer should hear of it at once. */
  get isAckDue(): boolean {
    const { bytes, messages } = this.#window
    return (
      (this.#consumed - this.#told) * ACK_SHARE >= messages ||
      this.#consumedBytes - this.#toldBytes >= Math.min(bytes / ACK_SHARE, ACK_BYTES)
    )
  }

  /** @throws ConnectError `PROTOCOL_VIOLATION` */
  push(chunk: Uint8Array): void {
    this.#walker.push(chunk)
    this.#noteArrival()
    if (this.#isBeyondWindow()) {
      this.count()
      if (this.#isBeyondWindow()) throw violation('more came than the window allows')
    }
  }

  /** The line is gone. */
  restart(): void {
    this.#walker.restart()
  }

  /** Asks how much the user has consumed. */
  count(): void {
    this.#consumed = this.#counter.countConsumed()
    const arrivals = this.#arrivals
    while (arrivals.length > 0 && arrivals[0]!.messages <= this.#consumed) {
      const whole = arrivals.shift()!
      this.#wholeMessages = whole.messages
      this.#consumedBytes = whole.bytes
    }
  }

  /** The peer has been told how much is consumed. */
  noteTold(): void {
    this.#told = this.#consumed
    this.#toldBytes = this.#consumedBytes
  }

  #noteArrival(): void {
    const { received, receivedBytes } = this.#walker
    const last = this.#arrivals.at(-1)
    if (received === (last?.messages ?? this.#wholeMessages)) return
    const since = this.#arrivals.at(-2)?.bytes ?? this.#consumedBytes
    if (last === undefined || last.bytes - since >= ARRIVAL_BYTES) {
      this.#arrivals.push({ messages: received, bytes: receivedBytes })
    } else {
      last.messages = received
      last.bytes = receivedBytes
    }
  }

  /** An arrival of which a part is consumed counts as consumed here: the peer knows better where it stands. */
  #isBeyondWindow(): boolean {
    const { received, begunBytes, receivedBytes } = this.#walker
    const begun = begunBytes > receivedBytes ? received + 1 : received
    const outstanding = begun - this.#consumed
    if (outstanding <= 1) return false
    const isPartly = this.#consumed > this.#wholeMessages && this.#arrivals.length > 0
    const free = isPartly ? this.#arrivals[0]!.bytes : this.#consumedBytes
    return outstanding > this.#window.messages || begunBytes - free > this.#window.bytes
  }
}
