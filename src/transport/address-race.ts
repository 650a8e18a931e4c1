import type { Platform } from '../platform.ts'
import { type HostAddress, noAddressError } from './host-lookup.ts'

/** Connection Attempt Delay (RFC 8305, section 5): how long one address is waited for before the next is tried, too. */
const ATTEMPT_DELAY_MS = 250

/** Far more than a name in good order has. What a resolver answers beyond that is not tried. */
const MOST_ADDRESSES = 32

/** An attempt at one address. */
export interface AddressAttempt<T> {
  /** Begins it. The first call of either function decides; throwing is failing. */
  begin(succeed: (value: T) => void, fail: (cause: Error) => void): void
  /** Lets go of what it holds: it has failed, or is not waited for any longer. */
  giveUp(): void
  /** What it is waiting for, for the message of a time-out. */
  describe?(): string
}

export interface AddressRaceParts<T> {
  readonly addresses: readonly HostAddress[]
  readonly attemptAt: (address: string) => AddressAttempt<T>
  /** Time for all addresses together, in ms. */
  readonly timeMs: number
  readonly startTimer: Platform['startTimer']
}

/** What has become of an address that was tried. */
interface Entrant<T> {
  readonly address: string
  readonly attempt: AddressAttempt<T>
  failure: Error | undefined
}

/**
 * Happy Eyeballs (RFC 8305): tries the addresses of a host one after the other, the families in turn, without giving up
 * those that have not answered yet. The next is tried as soon as one fails, or after a delay. The first that succeeds
 * wins, and the others are given up.
 */
export class AddressRace<T> implements AddressAttempt<T> {
  readonly #parts: AddressRaceParts<T>
  readonly #waiting: string[]
  readonly #entrants: Entrant<T>[] = []
  readonly #delayMs: number
  #cancelTimer: (() => void) | undefined
  #succeed: ((value: T) => void) | undefined
  #fail: ((cause: Error) => void) | undefined

  constructor(parts: AddressRaceParts<T>) {
    this.#parts = parts
    this.#waiting = inTurn(parts.addresses).slice(0, MOST_ADDRESSES)
    // A fair share: where the time is short, the last one has as much left for itself as each before it.
    this.#delayMs = Math.min(ATTEMPT_DELAY_MS, parts.timeMs / this.#waiting.length)
  }

  begin(succeed: (value: T) => void, fail: (cause: Error) => void): void {
    this.#succeed = succeed
    this.#fail = fail
    if (this.#waiting.length === 0) throw noAddressError()
    this.#tryNext()
  }

  giveUp(): void {
    this.#settle(undefined)
  }

  /** What has become of each address so far, if there are several; empty otherwise. */
  describe(): string {
    if (this.#entrants.length + this.#waiting.length < 2) return ''
    const each = this.#entrants.map(
      ({ address, failure }) => `${address}: ${failure?.message ?? 'no answer'}`,
    )
    const untried = this.#waiting.map(address => `${address}: not tried`)
    return [...each, ...untried].join('; ')
  }

  #tryNext(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const address = this.#waiting.shift()
    if (address === undefined) return
    const entrant: Entrant<T> = { address, attempt: this.#parts.attemptAt(address), failure: undefined }
    this.#entrants.push(entrant)
    if (this.#waiting.length > 0) {
      this.#cancelTimer = this.#parts.startTimer(() => this.#tryNext(), this.#delayMs)
    }
    try {
      entrant.attempt.begin(
        value => this.#onSuccess(entrant, value),
        cause => this.#onFailure(entrant, cause),
      )
    } catch (cause) {
      this.#onFailure(entrant, cause as Error)
    }
  }

  #onSuccess(winner: Entrant<T>, value: T): void {
    if (winner.failure !== undefined) return
    const succeed = this.#succeed
    if (this.#settle(winner)) succeed!(value)
  }

  #onFailure(entrant: Entrant<T>, cause: Error): void {
    if (this.#fail === undefined || entrant.failure !== undefined) return
    entrant.failure = cause
    entrant.attempt.giveUp()
    if (this.#waiting.length > 0) this.#tryNext()
    else if (this.#entrants.every(({ failure }) => failure !== undefined)) {
      const fail = this.#fail
      const failure = this.#failure()
      if (this.#settle(undefined)) fail(failure)
    }
  }

  /** Ends the race for all but the winner, once. A connection may keep what told of it, so that keeps nothing. */
  #settle(winner: Entrant<T> | undefined): boolean {
    if (this.#fail === undefined) return false
    this.#succeed = undefined
    this.#fail = undefined
    this.#cancelTimer?.()
    for (const entrant of this.#entrants.splice(0)) {
      if (entrant !== winner && entrant.failure === undefined) entrant.attempt.giveUp()
    }
    return true
  }

  /** The one failure, or all in one, with the code of the first. */
  #failure(): Error {
    const failures = this.#entrants.map(({ failure }) => failure!)
    const [first] = failures
    if (failures.length === 1) return first!
    const message = `none of ${failures.length} addresses can be reached: ${this.describe()}`
    const { code } = first as { code?: unknown }
    return Object.assign(new AggregateError(failures, message), code === undefined ? {} : { code })
  }
}

/** The addresses of each family in their order, one of each family after the other (RFC 8305, section 4); each once. */
function inTurn(addresses: readonly HostAddress[]): string[] {
  const preferred = addresses[0]?.family
  const first = addresses.filter(({ family }) => family === preferred)
  const second = addresses.filter(({ family }) => family !== preferred)
  const longest = Math.max(first.length, second.length)
  const mixed = Array.from({ length: longest }, (_, index) => [first[index], second[index]]).flat()
  return [...new Set(mixed.flatMap(found => (found === undefined ? [] : [found.address])))]
}
