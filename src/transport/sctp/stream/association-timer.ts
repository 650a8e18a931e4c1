import type { Platform } from '../../../platform.ts'

/**
 * The one timer of an association. It is not moved when the time gets later, as it does with every packet: when it
 * goes off too early, it is set again.
 */
export class AssociationTimer {
  readonly #platform: Platform
  readonly #onTime: () => void
  #wanted = Number.POSITIVE_INFINITY
  #set = Number.POSITIVE_INFINITY
  #cancel: (() => void) | undefined

  constructor(platform: Platform, onTime: () => void) {
    this.#platform = platform
    this.#onTime = onTime
  }

  /** @param at when to go off, by the platform's clock; Infinity for never */
  set(at: number, now: number): void {
    this.#wanted = at
    if (at === Number.POSITIVE_INFINITY || at >= this.#set) return
    this.stop()
    this.#wanted = at
    this.#start(now)
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#set = Number.POSITIVE_INFINITY
    this.#wanted = Number.POSITIVE_INFINITY
  }

  #start(now: number): void {
    this.#set = this.#wanted
    const ms = Math.min(2 ** 31 - 1, Math.max(1, Math.ceil(this.#wanted - now)))
    this.#cancel = this.#platform.startTimer(() => this.#onTimer(), ms)
  }

  #onTimer(): void {
    this.#cancel = undefined
    this.#set = Number.POSITIVE_INFINITY
    const now = this.#platform.now()
    if (this.#wanted === Number.POSITIVE_INFINITY) return
    if (now < this.#wanted) this.#start(now)
    else this.#onTime()
  }
}
