import type { Platform } from '../platform.ts'

/**
 * Decides when a writer follows its peer's end: once nobody waits to send or flush, on the next turn of the event loop,
 * unless it was used by then. A program that is still sending keeps its direction open that way; one that has left its
 * loop, as an echo does, leaves no half-open connection behind.
 */
export class PeerFollower {
  readonly #platform: Platform
  readonly #isIdle: () => boolean
  readonly #follow: () => void
  #uses = 0
  /** How often the writer had been used when the peer's end was read, until that has been decided on. */
  #usesAtEnd: number | undefined

  constructor(platform: Platform, isIdle: () => boolean, follow: () => void) {
    this.#platform = platform
    this.#isIdle = isIdle
    this.#follow = follow
  }

  /** The user has sent or flushed. */
  noteUse(): void {
    this.#uses++
  }

  /** The user has read the peer's end. */
  onEndRead(): void {
    this.#usesAtEnd = this.#uses
    this.look()
  }

  /** Somebody who waited may have been the last. */
  look(): void {
    const uses = this.#usesAtEnd
    if (uses === undefined || !this.#isIdle()) return
    this.#usesAtEnd = undefined
    this.#platform.nextTurn(() => {
      if (this.#uses === uses) this.#follow()
    })
  }
}
