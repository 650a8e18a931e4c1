import type { Platform } from '../platform.ts'

/**
 * Decides when a writer follows its peer's end, from the moment in which the user has read that: once nobody waits to
 * send or flush, on the next turn of the event loop, unless it was used by then. A program that is still sending keeps its direction open that way; one that has left its
 * loop, as an echo does, leaves no half-open connection behind.
 */
export class PeerFollower {
  readonly #platform: Platform
  readonly #isIdle: () => boolean
  readonly #follow: () => void
  #used = false
  #decided = false

  constructor(platform: Platform, isIdle: () => boolean, follow: () => void) {
    this.#platform = platform
    this.#isIdle = isIdle
    this.#follow = follow
  }

  /** The user has sent or flushed. */
  noteUse(): void {
    this.#used = true
  }

  /** The end has been read, or somebody who waited may have been the last. */
  look(): void {
    if (this.#decided || !this.#isIdle()) return
    this.#decided = true
    this.#platform.nextTurn(() => {
      if (!this.#used) this.#follow()
    })
  }
}
