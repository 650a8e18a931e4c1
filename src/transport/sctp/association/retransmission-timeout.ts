import { RTO_INITIAL_MS, RTO_MAX_MS, RTO_MIN_MS, TAIL_PROBE_MIN_MS } from './protocol-values.ts'

/** The retransmission timeout (RFC 9260, section 6.3.1). */
export class RetransmissionTimeout {
  #ms = RTO_INITIAL_MS
  #smoothed: number | undefined
  #variation = 0

  get ms(): number {
    return this.#ms
  }

  /** How long to wait for a SACK before the tail is probed (RFC 8985, section 7.2). Infinite before the first sample. */
  get tailProbeMs(): number {
    if (this.#smoothed === undefined) return Number.POSITIVE_INFINITY
    return Math.max(TAIL_PROBE_MIN_MS, 2 * this.#smoothed)
  }

  /** A round trip of something that was sent once (Karn's rule, C5). */
  sample(roundTripMs: number): void {
    if (this.#smoothed === undefined) {
      this.#smoothed = roundTripMs
      this.#variation = roundTripMs / 2
    } else {
      this.#variation = 0.75 * this.#variation + 0.25 * Math.abs(this.#smoothed - roundTripMs)
      this.#smoothed = 0.875 * this.#smoothed + 0.125 * roundTripMs
    }
    // Where round trips are all alike, an acknowledgement may still be delayed for once: the least is a margin.
    this.#ms = Math.min(RTO_MAX_MS, this.#smoothed + Math.max(RTO_MIN_MS, 4 * this.#variation))
  }

  /** After a time-out (section 6.3.3, E2). */
  backOff(): void {
    this.#ms = Math.min(RTO_MAX_MS, this.#ms * 2)
  }
}
