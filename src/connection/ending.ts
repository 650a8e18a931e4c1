import { aborted, type ConnectError } from '../errors.ts'
import type { Platform } from '../platform.ts'
import { Deadline } from './deadline.ts'
import { Fifo } from './fifo.ts'
import { Deferred, rejected, rejectedAgain } from './promises.ts'
import { Waiter, wait } from './waiter.ts'

/**
 * How long leaving a scope waits while nothing moves, in ms. It is longer than most round trips, and so short that a
 * program with several connections in one scope leaves it within a second.
 */
const GRACE_MS = 250

/** `error` is what the connection has failed with; undefined after a clean end. */
interface Outcome {
  readonly error: ConnectError | undefined
}

/** Who waits for the end of a connection: `closed`, each `close()`, and each scope of `await using`. */
export class Ending {
  readonly #platform: Platform
  #outcome: Outcome | undefined
  /** Each made when first asked for. */
  #closed: Deferred<void> | undefined
  #calls: Fifo<Waiter<void>> | undefined
  #scopes: Fifo<Waiter<void>> | undefined
  #standstill: Deadline | undefined

  constructor(platform: Platform) {
    this.#platform = platform
  }

  /** One promise, however often it is asked for. */
  get closed(): Promise<void> {
    if (this.#closed === undefined) {
      this.#closed = new Deferred()
      if (this.#outcome !== undefined) settle(this.#closed, this.#outcome)
    }
    return this.#closed.promise
  }

  /** A promise for each call. When `signal` fires first, only the waiting ends. */
  wait(signal: AbortSignal | undefined): Promise<void> {
    const known = this.#known()
    if (known !== undefined) return known
    if (signal?.aborted) return rejected(aborted('close', signal.reason))
    const waiter = new Waiter<void>()
    this.#calls ??= new Fifo()
    wait(this.#calls, waiter, 'close', signal)
    return waiter.promise
  }

  /**
   * Waits until the connection has ended, or until nothing has moved for a moment: a peer that nobody closes would
   * otherwise hide the error that ended the scope.
   */
  leaveScope(): Promise<void> {
    const known = this.#known()
    if (known !== undefined) return known
    const waiter = new Waiter<void>()
    this.#scopes ??= new Fifo()
    this.#scopes.push(waiter)
    this.#standstill ??= new Deadline(this.#platform, GRACE_MS, () => this.#releaseScopes())
    this.#standstill.restart()
    return waiter.promise
  }

  /** Something was written, or one direction has ended. */
  noteProgress(): void {
    if (this.#standstill?.running) this.#standstill.restart()
  }

  /** The connection has ended. Called once. */
  settle(error: ConnectError | undefined): void {
    const outcome = { error }
    this.#outcome = outcome
    this.#standstill?.dispose()
    if (this.#closed !== undefined) settle(this.#closed, outcome)
    for (const waiter of this.#calls?.drain() ?? []) settle(waiter, outcome)
    for (const waiter of this.#scopes?.drain() ?? []) settle(waiter, outcome)
  }

  #known(): Promise<void> | undefined {
    if (this.#outcome === undefined) return undefined
    const { error } = this.#outcome
    return error === undefined ? Promise.resolve() : rejectedAgain(error)
  }

  #releaseScopes(): void {
    for (const waiter of this.#scopes?.drain() ?? []) waiter.resolve()
  }
}

function settle(waiting: Deferred<void>, { error }: Outcome): void {
  if (error === undefined) waiting.resolve()
  else waiting.reject(error)
}
