import assert from 'node:assert/strict'
import type { Platform } from '../../../src/platform.ts'

interface Timer {
  readonly due: number
  readonly callback: () => void
}

/** A clock that stands still and a loop that does not turn until the test says so. */
export class SimulatedPlatform implements Platform {
  #now = 1000
  #turns: (() => void)[] = []
  readonly #timers = new Set<Timer>()

  /** Timers that have not fired. */
  get timers(): number {
    return this.#timers.size
  }

  /** Callbacks that wait for the next turn. */
  get turns(): number {
    return this.#turns.length
  }

  now(): number {
    return this.#now
  }

  startTimer(callback: () => void, ms: number): () => void {
    assert.ok(ms >= 1 && ms < 2 ** 31, `a timer of ${ms} ms`)
    const timer = { due: this.#now + ms, callback }
    this.#timers.add(timer)
    return () => {
      this.#timers.delete(timer)
    }
  }

  /** Memory that shows where somebody takes it for empty. */
  allocate(byteLength: number): Uint8Array {
    return new Uint8Array(byteLength).fill(0xdb)
  }

  nextTurn(callback: () => void): void {
    this.#turns.push(callback)
  }

  /** One turn of the loop: what was asked for before it. */
  turn(): void {
    const callbacks = this.#turns
    this.#turns = []
    for (const callback of callbacks) callback()
  }

  /** Time passes and the loop keeps up: each timer fires when it is due, and a turn follows. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (let timer = this.#next(end); timer !== undefined; timer = this.#next(end)) {
      this.#now = Math.max(this.#now, timer.due)
      this.#fire(timer)
      this.turn()
    }
    this.#now = end
  }

  /** Time passes while the loop is busy: afterwards every timer that is due fires, and no turn has come yet. */
  stall(ms: number): void {
    this.#now += ms
    for (const timer of [...this.#timers].sort((a, b) => a.due - b.due)) {
      if (timer.due <= this.#now && this.#timers.has(timer)) this.#fire(timer)
    }
  }

  #next(end: number): Timer | undefined {
    const due = [...this.#timers].filter(timer => timer.due <= end)
    return due.sort((a, b) => a.due - b.due)[0]
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer)
    timer.callback()
  }
}
