import { VALID_COOKIE_LIFE_MS } from '../association/protocol-values.ts'

/** Beyond, the oldest are forgotten: a flood of associations must not cost more than this. */
const MOST_TAGS = 65_536

/**
 * The tags of cookies that have made an association, for as long as these could come again: without, a copy of a COOKIE
 * ECHO that comes after its association has ended would make another, with whatever data the copy holds.
 */
export class UsedCookies {
  #recent = new Set<number>()
  #earlier = new Set<number>()
  #since = Number.NEGATIVE_INFINITY

  has(tag: number): boolean {
    return this.#recent.has(tag) || this.#earlier.has(tag)
  }

  add(tag: number, now: number): void {
    if (now - this.#since >= VALID_COOKIE_LIFE_MS || this.#recent.size >= MOST_TAGS) {
      this.#earlier = this.#recent
      this.#recent = new Set()
      this.#since = now
    }
    this.#recent.add(tag)
  }
}
