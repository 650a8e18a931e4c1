import { aborted, ConnectError, ConnectErrorCode } from '../errors.ts'
import type { Fifo, Place } from './fifo.ts'
import { Deferred, rejected } from './promises.ts'

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
  const problem = refusal(what, signal)
  if (problem !== undefined) return rejected(problem)
  const waiting = new Deferred<void>()
  const giveUp = (): void => waiting.reject(aborted(what, signal.reason))
  signal.addEventListener('abort', giveUp)
  promise
    .then(waiting.resolve, error => waiting.reject(error))
    .finally(() => signal.removeEventListener('abort', giveUp))
  return waiting.promise
}

/** Why `signal` keeps the waiting from even beginning; undefined if it does not. */
export function refusal(what: string, signal: AbortSignal | undefined): ConnectError | undefined {
  if (signal === undefined) return undefined
  if (!(signal instanceof AbortSignal)) {
    return new ConnectError(ConnectErrorCode.INVALID_ARGUMENT, 'signal must be an AbortSignal')
  }
  return signal.aborted ? aborted(what, signal.reason) : undefined
}
