/** The rate is that of the last 30 samples, so that it follows a line that becomes slow. */
const MOST_SAMPLES = 30

interface Sample {
  readonly atMs: number
  readonly bytes: number
}

/** Bytes per second, from running totals. */
export class RateMeter {
  readonly #samples: Sample[] = []

  /** @param bytes the total so far */
  add(atMs: number, bytes: number): void {
    this.#samples.push({ atMs, bytes })
    if (this.#samples.length > MOST_SAMPLES) this.#samples.shift()
  }

  get bytesPerSecond(): number {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0
    return ((last.bytes - first.bytes) / (last.atMs - first.atMs)) * 1000
  }
}
