import type { ConnectError } from '../errors.ts'
import type { ConnectDatagram } from '../frame/datagram.ts'
import { HEADER_BYTES } from '../frame/format.ts'
import { INSPECT, type Inspect, shownAs } from '../inspection.ts'
import { callProblem } from '../option-rules.ts'
import { DATAGRAM_COST_BYTES } from './costs.ts'
import { Fifo } from './fifo.ts'
import { type IteratorSource, WithdrawingIterator } from './iterator.ts'
import { rejected, rejectedAgain } from './promises.ts'
import {
  type Pending,
  PendingBatch,
  PendingDelivery,
  PendingNext,
  PendingReceive,
  type Taker,
} from './receivers.ts'
import { Shelf } from './shelf.ts'
import type { ConnectionReader } from './types.ts'
import { type CallOptions, refusal, wait } from './waiter.ts'

/** The datagrams of one chunk, or of some small ones, and what they weigh in the queue until the last of them is taken. */
interface Batch {
  readonly datagrams: ConnectDatagram[]
  cost: number
}

/** Most that chunks weigh which are queued as one: a list of tens of thousands is slow to take from. */
const JOINED_COST_BYTES = 16 * 1024

/** `open`: more may come. `ended`: the peer has ended cleanly. `failed`: the stream broke. */
type State = { readonly kind: 'open' } | Settled
type Settled = { readonly kind: 'ended' } | { readonly kind: 'failed'; readonly error: ConnectError }

const OPEN: State = { kind: 'open' }

/** What the reader asks of the connection. */
export interface ReaderEvents {
  /** The queue is full. */
  onQueueFull(): void
  /** The queue has room again. */
  onQueueRoom(): void
  /** The user has been given the clean end. Called once. */
  onEndRead(): void
  /**
   * The user has asked for more, and so has consumed what it was given before; only in a session. Returns whether
   * `watchConsumption` will be called, before which nobody needs to be told again of a datagram that was taken.
   */
  onConsumed(): boolean
}

/**
 * The way in: keeps what has been decoded until the user asks for it, and stops the transport while that is too
 * much. While someone waits, the queue is empty.
 */
export class QueueReader implements ConnectionReader, IteratorSource<ConnectDatagram> {
  readonly #limit: number
  readonly #events: ReaderEvents

  readonly #batches: Batch[] = []
  /** How many datagrams of the first batch are taken. */
  #taken = 0
  #cost = 0
  /** Of a queue that small chunks pile up in. */
  #shelf: Shelf | undefined
  #paused = false
  #endRead = false
  #errorReported = false
  readonly #waiting = new Fifo<Pending>()
  #state: State = OPEN
  /** Whether somebody wants to know what the user consumes; and whether of each datagram that is taken. */
  readonly #counts: boolean
  #watched: boolean
  /** Datagrams that have come, and those that the user was given, but for those of the first batch. */
  #received = 0
  #given = 0
  /** Datagrams that the user was given since it last asked: they are not consumed yet. */
  #held = 0

  /** @param counts whether to call `onConsumed` */
  constructor(receiveQueueBytes: number, events: ReaderEvents, counts = false) {
    this.#limit = receiveQueueBytes
    this.#events = events
    this.#counts = counts
    this.#watched = counts
  }

  /** Whether the queue is full and reading from the peer has stopped. */
  get paused(): boolean {
    return this.#paused
  }

  /** What arrived and is not taken yet, in bytes, with what it costs to keep. */
  get queuedCost(): number {
    return this.#cost
  }

  /** Datagrams that have come. */
  get received(): number {
    return this.#received
  }

  /** Datagrams that the user is done with: it was given them, and has asked for more. */
  get consumed(): number {
    return this.#given + this.#taken - this.#held
  }

  /** Tells of the next datagram that is taken. */
  watchConsumption(): void {
    this.#watched = this.#counts
  }

  /** Whether the user has been given the error that broke the stream. */
  get errorReported(): boolean {
    return this.#errorReported
  }

  receive(options?: CallOptions): Promise<ConnectDatagram | undefined> {
    const problem = refusal('receive', options)
    if (problem !== undefined) return rejected(problem)
    const datagram = this.take()
    if (datagram !== undefined) return Promise.resolve(datagram)
    return this.#waitAs(new PendingReceive(), 'receive', options?.signal, undefined)
  }

  [Symbol.asyncIterator](): WithdrawingIterator<ConnectDatagram> {
    return new WithdrawingIterator(this)
  }

  batches(options?: CallOptions): AsyncIterable<readonly ConnectDatagram[]> {
    const problem = callProblem('batches', options)
    if (problem !== undefined) throw problem
    const source: IteratorSource<readonly ConnectDatagram[]> = {
      nextFor: asker => this.#nextBatch(asker, options),
      withdraw: asker => this.withdraw(asker),
    }
    return { [Symbol.asyncIterator]: () => new WithdrawingIterator(source) }
  }

  /** `receive()` for an iterator. */
  nextFor(asker: object): Promise<IteratorResult<ConnectDatagram, undefined>> {
    const datagram = this.take()
    if (datagram !== undefined) return Promise.resolve({ value: datagram, done: false })
    return this.#waitAs(new PendingNext(), 'receive', undefined, asker)
  }

  /** `receive()` for a stream, which takes the datagram before anything else runs. */
  deliver(asker: object, take: Taker): Promise<void> {
    const datagram = this.take()
    if (datagram === undefined) return this.#waitAs(new PendingDelivery(take), 'receive', undefined, asker)
    take(datagram)
    return Promise.resolve()
  }

  /** What `asker` waits for goes to others. */
  withdraw(asker: object): void {
    for (const pending of this.#waiting.takeOut(waiting => waiting.asker === asker)) {
      if (pending instanceof PendingDelivery) pending.resolve()
      else pending.give(undefined)
    }
  }

  /** The next datagram if there is one now. */
  take(): ConnectDatagram | undefined {
    const batch = this.#batches[0]
    if (batch === undefined) return undefined
    const datagram = batch.datagrams[this.#taken++]
    this.#held = 1
    if (this.#taken === batch.datagrams.length) this.#dropFirst()
    else if (this.#watched) this.#tellConsumed()
    return datagram
  }

  /** @internal */
  [INSPECT](_depth: number, options: object, inspect: Inspect): string {
    return shownAs('ConnectionReader', { state: this.#state.kind, queuedBytes: this.#cost }, options, inspect)
  }

  /** Datagrams have come. */
  onDatagrams(datagrams: ConnectDatagram[]): void {
    this.#received += datagrams.length
    let given = 0
    while (given < datagrams.length) {
      const first = this.#waiting.shift()
      if (first === undefined) break
      if (first instanceof PendingBatch) {
        this.#noteGiven(datagrams.length)
        first.give(datagrams.slice(given))
        return
      }
      if (first.give(datagrams[given])) given++
    }
    this.#noteGiven(given)
    if (given < datagrams.length) this.#keep(given === 0 ? datagrams : datagrams.slice(given))
  }

  /** The peer has ended cleanly. */
  onEnd(): void {
    if (this.#state.kind === 'open') this.#settle({ kind: 'ended' })
  }

  fail(error: ConnectError): void {
    if (this.#state.kind === 'open') this.#settle({ kind: 'failed', error })
  }

  /** Forgets what has come behind the first `count` datagrams and was not given to anybody. A call of `fail` follows. */
  forget(count: number): void {
    const queued = this.#batches.flatMap(({ datagrams }) => datagrams)
    const kept = queued.slice(0, Math.max(this.#taken, count - this.#given))
    if (kept.length === queued.length) return
    // The end that has come behind them is no clean one for who lacks them.
    this.#state = OPEN
    this.#batches.length = 0
    if (kept.length > this.#taken) {
      this.#batches.push({ datagrams: kept, cost: this.#cost })
      return
    }
    this.#given += this.#taken
    this.#taken = 0
    this.#cost = 0
  }

  /** Datagrams went past the queue, to those who waited. */
  #noteGiven(count: number): void {
    this.#given += count
    this.#held += count
  }

  #tellConsumed(): void {
    this.#watched = !this.#events.onConsumed()
  }

  /** All datagrams that there are now, or else the next that come. */
  #nextBatch(
    asker: object,
    options: CallOptions | undefined,
  ): Promise<IteratorResult<readonly ConnectDatagram[], undefined>> {
    const problem = refusal('batches', options)
    if (problem !== undefined) return rejected(problem)
    const datagrams = this.#takeAll()
    if (datagrams !== undefined) return Promise.resolve({ value: datagrams, done: false })
    return this.#waitAs(new PendingBatch(), 'batches', options?.signal, asker)
  }

  #waitAs<P extends Pending>(
    pending: P,
    what: string,
    signal: AbortSignal | undefined,
    asker: object | undefined,
  ): P['promise'] {
    this.#held = 0
    if (this.#counts) this.#tellConsumed()
    pending.asker = asker
    const state = this.#state
    if (state.kind === 'open') wait(this.#waiting, pending, what, signal)
    else if (state.kind === 'failed') return this.#failAgain(state.error)
    else this.#tellEnd(pending, state)
    return pending.promise
  }

  #failAgain(error: ConnectError): Promise<never> {
    this.#errorReported = true
    return rejectedAgain(error)
  }

  #settle(state: Settled): void {
    this.#state = state
    for (const pending of this.#waiting.drain()) this.#tellEnd(pending, state)
  }

  /** What is left to say when every datagram has been taken. */
  #tellEnd(pending: Pending, state: Settled): void {
    if (state.kind === 'failed') {
      this.#errorReported = true
      pending.reject(state.error)
      return
    }
    if (!pending.give(undefined) || this.#endRead) return
    this.#endRead = true
    this.#events.onEndRead()
  }

  #keep(datagrams: ConnectDatagram[]): void {
    let cost = datagrams.length * (HEADER_BYTES + DATAGRAM_COST_BYTES)
    for (const datagram of datagrams) cost += datagram.byteLength
    const last = this.#batches.at(-1)
    if (last !== undefined && last.cost + cost <= Math.min(JOINED_COST_BYTES, this.#limit / 8)) {
      this.#shelf ??= new Shelf()
      this.#shelf.put(datagrams)
      last.datagrams.push(...datagrams)
      last.cost += cost
    } else this.#batches.push({ datagrams, cost })
    this.#cost += cost
    if (this.#paused || this.#cost < this.#limit) return
    this.#paused = true
    this.#events.onQueueFull()
  }

  #takeAll(): readonly ConnectDatagram[] | undefined {
    if (this.#batches.length === 0) return undefined
    const lists = this.#batches.map(({ datagrams }) => datagrams)
    const taken = this.#taken
    if (taken > 0) lists[0] = lists[0]!.slice(taken)
    const all = lists.length === 1 ? lists[0]! : lists.flat()
    this.#batches.length = 0
    this.#given += taken + all.length
    this.#held = all.length
    this.#taken = 0
    this.#makeRoom(0)
    return all
  }

  #dropFirst(): void {
    const { datagrams, cost } = this.#batches.shift()!
    this.#given += datagrams.length
    this.#taken = 0
    this.#makeRoom(this.#cost - cost)
  }

  /** What is queued weighs only so much any more. */
  #makeRoom(cost: number): void {
    this.#cost = cost
    if (cost === 0) this.#shelf = undefined
    if (this.#paused && cost * 2 <= this.#limit) {
      this.#paused = false
      this.#events.onQueueRoom()
    }
    // Behind close(), what has room counts as consumed.
    if (this.#counts) this.#tellConsumed()
  }
}
