const TICK_MS = 5

/** Watches how long the event loop of its process does not come round to its timers. */
export class Stalls {
  #last = performance.now()
  #longest = 0
  readonly #timer = setInterval(() => this.#look(), TICK_MS)

  /** The longest so far, without the time between two looks; ends the watch. */
  longestMs(): number {
    clearInterval(this.#timer)
    this.#look()
    return Math.max(0, this.#longest - TICK_MS)
  }

  #look(): void {
    const now = performance.now()
    this.#longest = Math.max(this.#longest, now - this.#last)
    this.#last = now
  }
}
