import type { ConnectDatagram } from '../frame/datagram.ts'
import { quiet } from './promises.ts'
import { toResult } from './receivers.ts'

/** Where iterators take from. */
export interface DatagramSource {
  next(): Promise<IteratorResult<ConnectDatagram, undefined>>
  /** All that there is or that comes next; undefined at the clean end. */
  receiveAll(signal: AbortSignal | undefined): Promise<readonly ConnectDatagram[] | undefined>
}

/** One `for await` loop. Leaving it early takes nothing along: the reader keeps what has not been handed out. */
export class DatagramIterator implements AsyncIterator<ConnectDatagram, undefined> {
  readonly #reader: DatagramSource

  constructor(reader: DatagramSource) {
    this.#reader = reader
  }

  next(): Promise<IteratorResult<ConnectDatagram, undefined>> {
    return this.#reader.next()
  }

  return(): Promise<IteratorResult<ConnectDatagram, undefined>> {
    return Promise.resolve({ value: undefined, done: true })
  }
}

/** One loop over `batches()`, likewise. */
export class BatchIterator implements AsyncIterator<readonly ConnectDatagram[], undefined> {
  readonly #reader: DatagramSource
  readonly #signal: AbortSignal | undefined

  constructor(reader: DatagramSource, signal: AbortSignal | undefined) {
    this.#reader = reader
    this.#signal = signal
  }

  next(): Promise<IteratorResult<readonly ConnectDatagram[], undefined>> {
    return quiet(this.#reader.receiveAll(this.#signal).then(toResult))
  }

  return(): Promise<IteratorResult<readonly ConnectDatagram[], undefined>> {
    return Promise.resolve({ value: undefined, done: true })
  }
}
