import { random } from '../../support/data.ts'

/** All that is random in a run comes from here, and so from its seed. */
export class Chance {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = random(seed)
  }

  /** A generator of its own, so that what one part draws does not move what the others do. */
  fork(): Chance {
    return new Chance(this.bits())
  }

  /** 32 random bits. */
  bits(): number {
    return (this.#next() * 2 ** 32) | 0
  }

  yes(probability: number): boolean {
    return this.#next() < probability
  }

  /** A whole number, both ends included. */
  between(least: number, most: number): number {
    return least + Math.floor(this.#next() * (most - least + 1))
  }

  /** As `between`, but each order of magnitude is as likely as the next. */
  magnitude(least: number, most: number): number {
    return Math.min(most, Math.floor(least * (most / least) ** this.#next() + 0.5))
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.between(0, choices.length - 1)]!
  }
}
