import type { Platform } from '../platform.ts'

/**
 * Calls back once when `restart()` has not been called for `ms`.
 *
 * `restart()` and `stop()` are cheap enough for every chunk: they note a time, and the timer that runs anyway looks
 * at it. What has already arrived when a late timer fires is read before the deadline counts as missed.
 */
export class Deadline {
  readonly #platform: Platform
  readonly #ms: number
  readonly #onMissed: () => void
  #due = Number.POSITIVE_INFINITY
  /** What was left when it was held. */
  #left: number | undefined
  #cancelTimer: (() => void) | undefined

  /** @param ms 0 for a deadline that is never missed */
  constructor(platform: Platform, ms: number, onMissed: () => void) {
    this.#platform = platform
    this.#ms = ms
    this.#onMissed = onMissed
  }

  get running(): boolean {
    return this.#due !== Number.POSITIVE_INFINITY
  }

  restart(): void {
    if (this.#ms === 0) return
    this.#left = undefined
    this.#due = this.#platform.now() + this.#ms
    this.#cancelTimer ??= this.#startTimer(this.#ms)
  }

  /** The timer may run on; it finds nothing due. */
  stop(): void {
    this.#due = Number.POSITIVE_INFINITY
    this.#left = undefined
  }

  /** Stands still until `goOn`. */
  hold(): void {
    if (!this.running) return
    const left = Math.max(0, this.#due - this.#platform.now())
    this.stop()
    this.#left = left
  }

  /** Goes on with what was left when it was held; otherwise does nothing. */
  goOn(): void {
    const left = this.#left
    if (left === undefined) return
    this.#left = undefined
    this.#due = this.#platform.now() + left
    this.#cancelTimer ??= this.#startTimer(Math.ceil(left))
  }

  /** Stops and leaves no timer behind. */
  dispose(): void {
    this.stop()
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  #startTimer(ms: number): () => void {
    return this.#platform.startTimer(() => this.#look(), ms)
  }

  #look(): void {
    this.#cancelTimer = undefined
    if (!this.running) return
    const left = this.#due - this.#platform.now()
    if (left > 0) this.#cancelTimer = this.#startTimer(Math.ceil(left))
    else this.#platform.nextTurn(() => this.#decide())
  }

  #decide(): void {
    // A restart in the meantime has started a timer of its own.
    if (!this.running || this.#cancelTimer !== undefined) return
    this.stop()
    this.#onMissed()
  }
}
