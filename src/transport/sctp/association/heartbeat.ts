const NEVER = Number.POSITIVE_INFINITY

/** Tells when to ask an idle peer whether it is there, and when it has not answered (RFC 9260, section 8.3). */
export class Heartbeat {
  readonly #intervalMs: number
  readonly #random: () => number
  #at = NEVER
  #isOut = false
  #inDoubt = false
  #heardAt = 0

  /** @param intervalMs HB.interval; 0 for no heartbeats */
  constructor(intervalMs: number, random: () => number) {
    this.#intervalMs = intervalMs
    this.#random = random
  }

  /** When {@link isDue} or {@link isMissed} may become true. */
  get at(): number {
    return this.#at
  }

  get isOut(): boolean {
    return this.#isOut
  }

  isDue(now: number): boolean {
    return !this.#isOut && now >= this.#at
  }

  /** Puts a question off that is not needed, because the peer was heard of meanwhile. */
  putOff(now: number, rtoMs: number): void {
    if (this.isDue(now) && !this.#inDoubt && now - this.#heardAt < this.#intervalMs)
      this.restart(this.#heardAt, rtoMs)
  }

  /** Whether the last one has not been answered in time. */
  isMissed(now: number): boolean {
    return this.#isOut && now >= this.#at
  }

  /** Something has come from the peer, so there is no need to ask until the interval is over. */
  onHeard(now: number): void {
    this.#heardAt = now
  }

  onSent(now: number, rtoMs: number): void {
    this.#isOut = true
    this.#at = now + rtoMs
  }

  /** The next question comes after the interval, and an RTO give or take its half. */
  restart(now: number, rtoMs: number): void {
    this.#inDoubt = false
    this.#isOut = false
    const jitterMs = rtoMs * (0.5 + (this.#random() >>> 0) / 2 ** 32)
    this.#at = this.#intervalMs === 0 ? NEVER : now + this.#intervalMs + jitterMs
  }

  /** Asks at once: there is reason to doubt that the peer is there. */
  ask(now: number): void {
    this.#inDoubt = true
    this.#isOut = false
    this.#at = now
  }
}
