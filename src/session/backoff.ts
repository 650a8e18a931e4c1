/** Pauses between tries: none before the first, then drawn from 0 to a longest that doubles (full jitter). */
export class Backoff {
  readonly #first: number
  readonly #most: number
  readonly #random: () => number
  #longest = 0

  /** @param random gives numbers from 0 to below 1 */
  constructor(firstMs: number, mostMs: number, random: () => number) {
    this.#first = Math.min(firstMs, mostMs)
    this.#most = mostMs
    this.#random = random
  }

  /** The pause before the next try, in ms. */
  next(): number {
    const longest = this.#longest
    this.#longest = longest === 0 ? this.#first : Math.min(this.#most, longest * 2)
    return Math.floor(longest * this.#random())
  }

  /** A connection has lasted so long: if that was longer than a pause would be, the tries begin anew. */
  noteLasted(ms: number): void {
    if (ms > this.#longest) this.restart()
  }

  /** The next try follows at once. */
  restart(): void {
    this.#longest = 0
  }
}
