import { aborted, ConnectError, ConnectErrorCode } from '../errors.ts'
import type { Fifo, Place } from './fifo.ts'
import { Deferred } from './promises.ts'

/** Someone who waits in line for a promise to be settled. */
export class Waiter<T> extends Deferred<T> {
  /** Where in the line. */
  place: Place | undefined
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

/** Why `signal` keeps the waiting from even beginning; undefined if it does not. */
export function refusal(what: string, signal: AbortSignal | undefined): ConnectError | undefined {
  if (signal === undefined) return undefined
  if (!(signal instanceof AbortSignal)) {
    return new ConnectError(ConnectErrorCode.INVALID_ARGUMENT, 'signal must be an AbortSignal')
  }
  return signal.aborted ? aborted(what, signal.reason) : undefined
}
