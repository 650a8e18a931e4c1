/** Round trips whose times are kept for the percentiles: the latest. */
const MOST_KEPT = 100_000

export interface RoundTripSummary {
  readonly roundTrips: number
  /** All null if there was no round trip. */
  readonly minMs: number | null
  readonly avgMs: number | null
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly maxMs: number | null
}

/** Statistics over any number of round trips, in bounded memory. */
export class RoundTrips {
  readonly #kept: number[] = []
  #count = 0
  #sumMs = 0
  #minMs = Number.POSITIVE_INFINITY
  #maxMs = 0

  get count(): number {
    return this.#count
  }

  add(ms: number): void {
    this.#kept[this.#count % MOST_KEPT] = ms
    this.#count++
    this.#sumMs += ms
    this.#minMs = Math.min(this.#minMs, ms)
    this.#maxMs = Math.max(this.#maxMs, ms)
  }

  /** Times in ms, to the microsecond. */
  summary(): RoundTripSummary {
    if (this.#count === 0) {
      return { roundTrips: 0, minMs: null, avgMs: null, p50Ms: null, p99Ms: null, maxMs: null }
    }
    const sorted = this.#kept.toSorted((a, b) => a - b)
    return {
      roundTrips: this.#count,
      minMs: rounded(this.#minMs),
      avgMs: rounded(this.#sumMs / this.#count),
      p50Ms: rounded(percentile(sorted, 50)),
      p99Ms: rounded(percentile(sorted, 99)),
      maxMs: rounded(this.#maxMs),
    }
  }
}

/** By nearest rank; `sorted` is not empty. */
function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.ceil((percent / 100) * sorted.length) - 1]!
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
