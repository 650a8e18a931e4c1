import type { ConnectDatagram } from '../frame/datagram.ts'
import { Waiter } from './waiter.ts'

/** Someone who waits for the next datagram. Undefined is the clean end. */
export class PendingReceive extends Waiter<ConnectDatagram | undefined> {
  give(datagram: ConnectDatagram | undefined): void {
    this.resolve(datagram)
  }
}

/** A `for await` loop that does. Its promise is the iterator's own: two more would cost a microsecond. */
export class PendingNext extends Waiter<IteratorResult<ConnectDatagram, undefined>> {
  give(datagram: ConnectDatagram | undefined): void {
    this.resolve(toResult(datagram))
  }
}

/** Someone who waits for all that comes next. */
export class PendingBatch extends Waiter<readonly ConnectDatagram[] | undefined> {
  give(datagrams: readonly ConnectDatagram[] | undefined): void {
    this.resolve(datagrams)
  }
}

export type Pending = PendingReceive | PendingNext | PendingBatch

export function toResult<T>(value: T | undefined): IteratorResult<T, undefined> {
  return value === undefined ? { value: undefined, done: true } : { value, done: false }
}
