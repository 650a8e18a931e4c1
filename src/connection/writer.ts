import { aborted, ConnectError, ConnectErrorCode } from '../errors.ts'
import { ConnectDatagram, lostData, noDatagram } from '../frame/datagram.ts'
import { HEADER_BYTES } from '../frame/format.ts'
import { INSPECT, type Inspect, shownAs } from '../inspection.ts'
import { callProblem } from '../option-rules.ts'
import type { ConnectionSettings } from '../options.ts'
import type { Platform } from '../platform.ts'
import type { ByteStream } from '../transport/byte-stream.ts'
import { Fifo } from './fifo.ts'
import { PeerFollower } from './peer-follower.ts'
import { again, Deferred, rejected } from './promises.ts'
import { SendBuffer } from './send-buffer.ts'
import type { ConnectionWriter } from './types.ts'
import { type CallOptions, refusal, Waiter, wait } from './waiter.ts'

/** Queued bytes that are written without waiting for the end of the turn. */
const WRITE_AT_BYTES = 64 * 1024

/** The same when large data is among them: large writes are what makes large data fast. */
const WRITE_LARGE_AT_BYTES = 512 * 1024

/** Most bytes in one write. Another write begins while fewer than this are in flight. */
const IN_FLIGHT_BYTES = 1024 * 1024

/**
 * What one turn of the event loop may send before `send` and `flush` wait for the next one, in bytes of small frames.
 * Where the operating system takes every write at once, a loop of sends would otherwise keep all else from running.
 */
const TURN_COST = 64 * 1024

/** What a write costs beside its bytes. */
const WRITE_COST = 4 * 1024

/** Large data is not copied: the same number of its bytes costs so many times less. */
const LARGE_DATA_SHARE = 16

/** What every `send` returns while there is room: one promise for all. */
const FULFILLED = Promise.resolve()

class PendingSend extends Waiter<void> {
  readonly datagram: ConnectDatagram

  constructor(datagram: ConnectDatagram) {
    super()
    this.datagram = datagram
  }
}

class PendingFlush extends Waiter<void> {
  /** The count of queued bytes to reach; known once every earlier `send` has been taken. */
  upTo = 0
}

/**
 * `open`: takes datagrams. `closing`: takes those that already waited, then ends the stream. `ended`: the end was
 * given to the transport. `finished`: all of it is out. `failed`: some of it will never be, and `error` says why.
 */
type State =
  | { readonly kind: 'open' }
  | { readonly kind: 'closing' | 'ended' | 'finished'; readonly why: string }
  | { readonly kind: 'failed'; readonly error: ConnectError }

const OPEN: State = { kind: 'open' }

/** What the writer tells the connection. */
export interface WriterEvents {
  /** Bytes are with the operating system. */
  onProgress(): void
  /** The stream cannot be continued; the connection then calls `fail`. */
  onBroken(error: ConnectError): void
}

/**
 * The way out: datagrams go into a bounded queue, and leave it in as few writes as there can be without delay.
 *
 * ```
 * send -> (waiting, while the queue is full) -> SendBuffer -> in flight -> written
 *                                              |<----- sendQueueBytes ---->|
 * ```
 */
export class QueueWriter implements ConnectionWriter {
  readonly #stream: Pick<ByteStream, 'write' | 'end'>
  readonly #platform: Platform
  readonly #events: WriterEvents
  readonly #maxMessageBytes: number
  readonly #sendQueueBytes: number
  readonly #mostInFlight: number

  /** Made for the first datagram. */
  #buffer: SendBuffer | undefined
  /** Sends and flushes that wait for room, in the order of the calls. */
  readonly #waiting = new Fifo<PendingSend | PendingFlush>()
  readonly #flushes = new Fifo<PendingFlush>()
  /** Those who wait for the end of this direction; made for the first. */
  #closers: Fifo<Waiter<void>> | undefined
  #state: State = OPEN
  #queuedBytes = 0
  #writtenBytes = 0
  #inFlightBytes = 0
  #turnAwaited = false
  /** What was sent since the last turn of the event loop; see `TURN_COST`. */
  #turnCost = 0
  /** Fulfilled by the next turn. */
  #nextTurn: Deferred<void> | undefined
  /** Made when the user has read the peer's end. */
  #follower: PeerFollower | undefined
  #errorReported = false

  /** @param mostInFlight bytes; while fewer than that are in flight, another write begins */
  constructor(
    stream: Pick<ByteStream, 'write' | 'end'>,
    settings: Pick<ConnectionSettings, 'maxMessageBytes' | 'sendQueueBytes'>,
    platform: Platform,
    events: WriterEvents,
    mostInFlight = IN_FLIGHT_BYTES,
  ) {
    this.#stream = stream
    this.#mostInFlight = mostInFlight
    this.#events = events
    this.#platform = platform
    this.#maxMessageBytes = settings.maxMessageBytes
    this.#sendQueueBytes = settings.sendQueueBytes
  }

  /** Whether what the transport was given ends inside a frame. */
  get midFrame(): boolean {
    return this.#buffer?.midFrame ?? false
  }

  /** Whether the user has been given the error that broke the connection. */
  get errorReported(): boolean {
    return this.#errorReported
  }

  send(datagram: ConnectDatagram, options?: CallOptions): Promise<void> {
    this.#follower?.noteUse()
    const problem = this.#problemWith(datagram) ?? refusal('send', options)
    if (problem !== undefined) return rejected(problem)
    if (this.#hasRoomFor(datagram)) {
      this.#queue(datagram)
      return this.#paced()
    }
    const pending = new PendingSend(datagram)
    wait(this.#waiting, pending, 'send', options?.signal)
    return pending.promise
  }

  trySend(datagram: ConnectDatagram): boolean {
    this.#follower?.noteUse()
    const problem = this.#problemWith(datagram)
    if (problem !== undefined) throw problem
    if (!this.#hasRoomFor(datagram)) return false
    this.#queue(datagram)
    return true
  }

  flush(options?: CallOptions): Promise<void> {
    this.#follower?.noteUse()
    const problem = this.#failure ?? refusal('flush', options)
    if (problem !== undefined) return rejected(problem)
    this.#write()
    const broken = this.#failure
    if (broken !== undefined) return rejected(broken)
    if (this.#waiting.size === 0 && this.#allWritten) return this.#paced()
    const pending = new PendingFlush()
    pending.upTo = this.#queuedBytes
    wait(this.#waiting.size > 0 ? this.#waiting : this.#flushes, pending, 'flush', options?.signal)
    return pending.promise
  }

  close(options?: CallOptions): Promise<void> {
    const problem = callProblem('close', options)
    if (problem !== undefined) return rejected(problem)
    this.end()
    const failure = this.#failure
    if (failure !== undefined) return rejected(failure)
    if (this.#state.kind === 'finished') return FULFILLED
    const signal = options?.signal
    if (signal?.aborted) return rejected(aborted('close', signal.reason))
    const pending = new Waiter<void>()
    this.#closers ??= new Fifo()
    wait(this.#closers, pending, 'close', signal)
    return pending.promise
  }

  /** @internal */
  [INSPECT](_depth: number, options: object, inspect: Inspect): string {
    const queuedBytes = this.#queuedBytes - this.#writtenBytes
    return shownAs('ConnectionWriter', { state: this.#state.kind, queuedBytes }, options, inspect)
  }

  /** Frames that begin in what the stream was given. */
  get begun(): number {
    return this.#buffer?.begun ?? 0
  }

  /** Bytes that the last of them lacks. */
  get tail(): number {
    return this.#buffer?.tail ?? 0
  }

  /** Gives the stream what waits in the queue, without waiting for the end of the turn. */
  handOver(): void {
    this.#write()
  }

  /** `close()`, asked for by the connection and not by the user. */
  end(): void {
    this.#closeBecause('it was closed')
  }

  /** The user has read the peer's end: closes the writer when its user has nothing more to say. */
  followPeer(): void {
    this.#follower = new PeerFollower(
      this.#platform,
      () => this.#waiting.size === 0 && this.#flushes.size === 0,
      () => this.#closeBecause('the peer has ended; set allowHalfOpen to go on sending'),
    )
    this.#follower.look()
  }

  /** The transport has written the next `byteLength` bytes. */
  onWritten(byteLength: number): void {
    if (this.#state.kind === 'failed') return
    this.#inFlightBytes -= byteLength
    this.#noteWritten(byteLength)
    if (this.#turnCost < TURN_COST) this.#goOn()
    if (this.#inFlightBytes === 0) this.#write()
    this.#follower?.look()
    this.#endIfDone()
  }

  /** The transport has ended this direction. */
  onFinish(): void {
    if (this.#state.kind === 'ended') this.#state = { kind: 'finished', why: this.#state.why }
    for (const pending of this.#closers?.drain() ?? []) pending.resolve()
  }

  /** Gives up what is unsent. Does nothing once all of it is out. */
  fail(error: ConnectError): void {
    if (this.#state.kind === 'failed' || this.#state.kind === 'finished') return
    this.#state = { kind: 'failed', error }
    this.#buffer = undefined
    const closers = this.#closers?.drain() ?? []
    for (const pending of [...this.#waiting.drain(), ...this.#flushes.drain(), ...closers]) {
      pending.reject(this.#report(error))
    }
  }

  #report(error: ConnectError): ConnectError {
    this.#errorReported = true
    return error
  }

  /** What broke the connection, made again for the call that asks: the user is being told. */
  get #failure(): ConnectError | undefined {
    return this.#state.kind === 'failed' ? this.#report(again(this.#state.error)) : undefined
  }

  #problemWith(datagram: ConnectDatagram): ConnectError | undefined {
    if (this.#state.kind === 'failed') return this.#failure
    if (this.#state.kind !== 'open') {
      return new ConnectError(ConnectErrorCode.WRITER_CLOSED, `cannot send: ${this.#state.why}`)
    }
    if (!(datagram instanceof ConnectDatagram)) {
      return noDatagram(datagram)
    }
    if (datagram.byteLength > this.#maxMessageBytes) {
      return new ConnectError(
        ConnectErrorCode.MESSAGE_TOO_LARGE,
        `data is ${datagram.byteLength} bytes; maxMessageBytes is ${this.#maxMessageBytes}`,
      )
    }
    return datagram.intact ? undefined : lostData()
  }

  /** A datagram larger than the whole queue has room when nothing else is queued. */
  #fits(datagram: ConnectDatagram): boolean {
    const waiting = this.#queuedBytes - this.#writtenBytes
    return waiting === 0 || waiting + HEADER_BYTES + datagram.byteLength <= this.#sendQueueBytes
  }

  /** Nobody overtakes those who wait. */
  #hasRoomFor(datagram: ConnectDatagram): boolean {
    return this.#waiting.size === 0 && this.#fits(datagram)
  }

  #queue(datagram: ConnectDatagram): void {
    const frameBytes = HEADER_BYTES + datagram.byteLength
    this.#buffer ??= new SendBuffer()
    const buffer = this.#buffer
    buffer.append(datagram)
    this.#queuedBytes += frameBytes
    const { byteLength, holdsLarge } = buffer
    this.#turnCost += holdsLarge ? frameBytes / LARGE_DATA_SHARE : frameBytes
    if (byteLength >= (holdsLarge ? WRITE_LARGE_AT_BYTES : WRITE_AT_BYTES)) this.#write()
    this.#awaitTurn()
  }

  /** Queued bytes that the stream has not been given. */
  get #unsentBytes(): number {
    return this.#buffer?.byteLength ?? 0
  }

  get #allWritten(): boolean {
    return this.#queuedBytes === this.#writtenBytes
  }

  /** A fulfilled promise, or the next turn's if this one has sent enough. */
  #paced(): Promise<void> {
    if (this.#turnCost < TURN_COST) return FULFILLED
    this.#awaitTurn()
    this.#nextTurn ??= new Deferred()
    return this.#nextTurn.promise
  }

  #awaitTurn(): void {
    if (this.#turnAwaited) return
    this.#turnAwaited = true
    this.#platform.nextTurn(() => this.#onTurn())
  }

  #onTurn(): void {
    const quiet = this.#turnCost === 0
    this.#turnAwaited = false
    this.#turnCost = 0
    this.#nextTurn?.resolve()
    this.#nextTurn = undefined
    if (this.#state.kind === 'failed') return
    this.#goOn()
    this.#write()
    this.#follower?.look()
    this.#endIfDone()
    this.#trim(quiet)
  }

  /** A connection that is quiet for a turn gives back what a burst has used. */
  #trim(quiet: boolean): void {
    if (!this.#buffer?.holdsSpares || !this.#allWritten) return
    if (quiet) this.#buffer.trim()
    else this.#awaitTurn()
  }

  #write(): void {
    while (this.#unsentBytes > 0 && this.#inFlightBytes < this.#mostInFlight) {
      const taken = this.#take()
      if (taken === undefined) return
      this.#turnCost += WRITE_COST
      this.#inFlightBytes += taken.byteLength
      if (!this.#stream.write(taken.segments, taken.byteLength)) continue
      this.#inFlightBytes -= taken.byteLength
      this.#noteWritten(taken.byteLength)
    }
  }

  #noteWritten(byteLength: number): void {
    this.#writtenBytes += byteLength
    this.#buffer?.release(this.#writtenBytes)
    if (this.#waiting.size > 0 || this.#flushes.size > 0 || this.#buffer?.holdsSpares) this.#awaitTurn()
    this.#events.onProgress()
  }

  /** What the next write takes; undefined if the stream cannot go on. */
  #take(): ReturnType<SendBuffer['take']> | undefined {
    try {
      return this.#buffer!.take(IN_FLIGHT_BYTES)
    } catch (error) {
      this.#events.onBroken(error as ConnectError)
      return undefined
    }
  }

  /** Goes on with those who wait for room, or for what has been written. */
  #goOn(): void {
    this.#admit()
    for (let flush = this.#flushes.peek(); flush !== undefined; flush = this.#flushes.peek()) {
      if (flush.upTo > this.#writtenBytes) return
      this.#flushes.shift()
      flush.resolve()
    }
  }

  /** Takes in those who wait, as far as there is room. */
  #admit(): void {
    for (let first = this.#waiting.peek(); first !== undefined; first = this.#waiting.peek()) {
      if (first instanceof PendingSend) {
        if (!this.#fits(first.datagram) || this.#turnCost >= TURN_COST) return
        this.#waiting.shift()
        if (!first.datagram.intact) {
          first.reject(lostData())
          continue
        }
        this.#queue(first.datagram)
        first.resolve()
      } else {
        this.#waiting.shift()
        first.upTo = this.#queuedBytes
        first.place = this.#flushes.push(first)
      }
    }
  }

  #closeBecause(why: string): void {
    if (this.#state.kind !== 'open') return
    this.#state = { kind: 'closing', why }
    this.#write()
    this.#endIfDone()
  }

  #endIfDone(): void {
    if (this.#state.kind !== 'closing') return
    if (this.#waiting.size > 0 || this.#unsentBytes > 0) return
    this.#state = { kind: 'ended', why: this.#state.why }
    this.#stream.end()
  }
}
