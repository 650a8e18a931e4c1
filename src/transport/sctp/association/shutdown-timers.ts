import { ASSOCIATION_MAX_RETRANS, RTO_MAX_MS, SHUTDOWN_GUARD_MS } from './protocol-values.ts'

const NEVER = Number.POSITIVE_INFINITY

/** The timers of the end: T2-shutdown and T5-shutdown-guard (RFC 9260, section 9.2). */
export class ShutdownTimers {
  /** SHUTDOWN or SHUTDOWN ACK is to be sent now. */
  isDue = false
  #at = NEVER
  #guardAt = NEVER
  #transmissions = 0

  get at(): number {
    return Math.min(this.#at, this.#guardAt)
  }

  get transmissions(): number {
    return this.#transmissions
  }

  /** SHUTDOWN or SHUTDOWN ACK is sent for the first time, or answers something. */
  send(now: number): void {
    this.isDue = true
    if (this.#guardAt === NEVER) this.#guardAt = now + SHUTDOWN_GUARD_MS
  }

  onSent(now: number, rtoMs: number): void {
    this.isDue = false
    // Each time that is not answered, twice as long as the time before (section 6.3.3, E2).
    this.#at = now + Math.min(RTO_MAX_MS, rtoMs * 2 ** this.#transmissions)
    this.#transmissions++
  }

  /** The peer still sends something, so it is there. */
  onHeard(): void {
    this.#transmissions = 0
  }

  /** Returns whether to go on. */
  onTimeout(now: number): boolean {
    if (now >= this.#guardAt || this.#transmissions > ASSOCIATION_MAX_RETRANS) return false
    if (now >= this.#at) {
      this.#at = NEVER
      this.isDue = true
    }
    return true
  }

  stop(): void {
    this.isDue = false
    this.#at = NEVER
    this.#guardAt = NEVER
  }
}
