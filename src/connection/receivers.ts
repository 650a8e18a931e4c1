import type { ConnectDatagram } from '../frame/datagram.ts'
import { toResult } from './iterator.ts'
import { Waiter } from './waiter.ts'

/** Someone who waits for the next datagram. `give` returns whether it was taken; undefined is the clean end. */
export class PendingReceive extends Waiter<ConnectDatagram | undefined> {
  give(datagram: ConnectDatagram | undefined): boolean {
    this.resolve(datagram)
    return true
  }
}

/** A `for await` loop that does. Its promise is the iterator's own: two more would cost a microsecond. */
export class PendingNext extends Waiter<IteratorResult<ConnectDatagram, undefined>> {
  give(datagram: ConnectDatagram | undefined): boolean {
    this.resolve(toResult(datagram))
    return true
  }
}

/** A loop that waits for all that comes next. */
export class PendingBatch extends Waiter<IteratorResult<readonly ConnectDatagram[], undefined>> {
  give(datagrams: readonly ConnectDatagram[] | undefined): boolean {
    this.resolve(toResult(datagrams))
    return true
  }
}

/** Takes a datagram, or the clean end, as soon as it is there; returns false to leave it to others. */
export type Taker = (datagram: ConnectDatagram | undefined) => boolean

/** A stream that waits. It may refuse, because it may have been errored without this end being told. */
export class PendingDelivery extends Waiter<void> {
  readonly #take: Taker

  constructor(take: Taker) {
    super()
    this.#take = take
  }

  give(datagram: ConnectDatagram | undefined): boolean {
    const isTaken = this.#take(datagram)
    this.resolve()
    return isTaken
  }
}

export type Pending = PendingReceive | PendingNext | PendingBatch | PendingDelivery
