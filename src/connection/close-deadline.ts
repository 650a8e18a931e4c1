import type { ConnectError } from '../errors.ts'
import type { Platform } from '../platform.ts'
import { Deadline } from './deadline.ts'
import { timeout } from './timeouts.ts'

/** What a connection that closes is measured by. */
export interface CloseLimits {
  /** Longest time without progress, while something carries the connection. */
  readonly closeTimeoutMs: number
  /** In a session: longest time in which nothing does, all breaks since `close()` together. */
  readonly detachedMs: number | undefined
}

/**
 * How long a connection may take to close.
 *
 * In a session, one clock stands still while the other goes. A peer that comes back again and again sets neither back:
 * only progress does that to the first, and nothing to the second, so that the whole is bounded.
 */
export class CloseDeadline {
  readonly #platform: Platform
  readonly #limits: CloseLimits
  readonly #onMissed: (error: ConnectError) => void
  readonly #stalled: Deadline
  /** Made when first needed: most connections close while something carries them. */
  #detached: Deadline | undefined

  constructor(
    platform: Platform,
    limits: CloseLimits,
    onMissed: (error: ConnectError) => void,
    whyStalled: () => string,
  ) {
    const ms = limits.closeTimeoutMs
    this.#platform = platform
    this.#limits = limits
    this.#onMissed = onMissed
    this.#stalled = new Deadline(platform, ms, () => {
      onMissed(timeout('CLOSE', `after close(), ${whyStalled()} for ${ms} ms`))
    })
    this.#stalled.restart()
  }

  /** Something was written, or in a session confirmed. */
  noteProgress(): void {
    if (this.#stalled.running) this.#stalled.restart()
  }

  /** Nothing carries the connection. */
  onDetached(): void {
    this.#stalled.hold()
    if (this.#detached !== undefined) this.#detached.goOn()
    else {
      this.#detached = this.#newDetached(this.#limits.detachedMs!)
      this.#detached.restart()
    }
  }

  onAttached(): void {
    this.#detached?.hold()
    this.#stalled.goOn()
  }

  dispose(): void {
    this.#stalled.dispose()
    this.#detached?.dispose()
  }

  #newDetached(ms: number): Deadline {
    return new Deadline(this.#platform, ms, () => {
      const what = `no connection carried the session for ${ms} ms in all`
      this.#onMissed(timeout('CLOSE', `after close(), ${what}`))
    })
  }
}
