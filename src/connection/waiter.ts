import { aborted, type ConnectError } from '../errors.ts'
import { callProblem } from '../option-rules.ts'
import type { Fifo, Place } from './fifo.ts'
import { Deferred, rejected } from './promises.ts'

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
}

/**
 * Puts `waiter` at the end of `line`. When `signal` fires before it is settled, it leaves the line and rejects.
 *
 * @param what names the waiting in the error's message, such as `send`
 */
export function wait<W extends Pick<Waiter<unknown>, 'promise' | 'reject' | 'place'>>(
  line: Fifo<W>,
  waiter: W,
  what: string,
  signal: AbortSignal | undefined,
): void {
  waiter.place = line.push(waiter)
  if (signal === undefined) return
  const giveUp = (): void => {
    waiter.place?.leave()
    waiter.reject(aborted(what, signal.reason))
  }
  const forget = (): void => signal.removeEventListener('abort', giveUp)
  signal.addEventListener('abort', giveUp)
  waiter.promise.then(forget, forget)
}

/** Waits for a promise that goes on by itself; when `signal` fires first, only the waiting ends. */
export function unlessAborted(
  promise: Promise<void>,
  what: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal === undefined) return promise
  if (signal.aborted) return rejected(aborted(what, signal.reason))
  const waiting = new Deferred<void>()
  const giveUp = (): void => waiting.reject(aborted(what, signal.reason))
  signal.addEventListener('abort', giveUp)
  promise
    .then(waiting.resolve, error => waiting.reject(error))
    .finally(() => signal.removeEventListener('abort', giveUp))
  return waiting.promise
}

/** Why a call cannot even begin to wait: its options are wrong, or its signal has fired; undefined if it can. */
export function refusal(what: string, options: CallOptions | undefined): ConnectError | undefined {
  if (options === undefined) return undefined
  const problem = callProblem(what, options)
  if (problem !== undefined) return problem
  const { signal } = options
  return signal?.aborted ? aborted(what, signal.reason) : undefined
}
