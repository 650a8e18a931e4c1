import { aborted, type ConnectError } from '../errors.ts'
import { callProblem } from '../option-rules.ts'
import type { Fifo, Place } from './fifo.ts'
import { Deferred } from './promises.ts'

/** What every call that waits takes. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}

/** Someone who waits in line for a promise to be settled. */
export class Waiter<T> extends Deferred<T> {
  /** Where in the line. */
  place: Place | undefined
  /** The iterator or stream that waits; undefined where a call does. */
  asker: object | undefined
  /** Takes the listener off the signal. */
  #forgetSignal: (() => void) | undefined

  override resolve(value: T): void {
    this.#forgetSignal?.()
    super.resolve(value)
  }

  override reject(error: ConnectError): void {
    this.#forgetSignal?.()
    super.reject(error)
  }

  /** When `signal` fires first, this leaves the line and rejects. */
  heed(signal: AbortSignal, what: string): void {
    const giveUp = (): void => {
      this.place?.leave()
      this.reject(aborted(what, signal.reason))
    }
    signal.addEventListener('abort', giveUp)
    this.#forgetSignal = () => signal.removeEventListener('abort', giveUp)
  }
}

/**
 * Puts `waiter` at the end of `line`. When `signal` fires before it is settled, it leaves the line and rejects.
 *
 * @param what names the waiting in the error's message, such as `send`
 */
export function wait<W extends Pick<Waiter<unknown>, 'place' | 'heed'>>(
  line: Fifo<W>,
  waiter: W,
  what: string,
  signal: AbortSignal | undefined,
): void {
  waiter.place = line.push(waiter)
  if (signal !== undefined) waiter.heed(signal, what)
}

/** Why a call cannot even begin to wait: its options are wrong, or its signal has fired; undefined if it can. */
export function refusal(what: string, options: CallOptions | undefined): ConnectError | undefined {
  if (options === undefined) return undefined
  const problem = callProblem(what, options)
  if (problem !== undefined) return problem
  const { signal } = options
  return signal?.aborted ? aborted(what, signal.reason) : undefined
}
