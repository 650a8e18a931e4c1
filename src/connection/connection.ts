import { aborted, type ConnectError } from '../errors.ts'
import type { ConnectDatagram } from '../frame/datagram.ts'
import { FrameDecoder } from '../frame/decoder.ts'
import { INSPECT, type Inspect, shownAs } from '../inspection.ts'
import { callProblem } from '../option-rules.ts'
import type { ConnectionSettings } from '../options.ts'
import type { Platform } from '../platform.ts'
import type { ByteStream, ByteStreamSink } from '../transport/byte-stream.ts'
import type { TlsInfo } from '../transport/tls-info.ts'
import { CloseDeadline } from './close-deadline.ts'
import { Deadline } from './deadline.ts'
import { Ending } from './ending.ts'
import { rejected } from './promises.ts'
import { QueueReader, type ReaderEvents } from './reader.ts'
import type { SessionLink, SessionUser } from './session-link.ts'
import { timeout } from './timeouts.ts'
import type { Connection, Session } from './types.ts'
import type { CallOptions } from './waiter.ts'
import { readableOf, writableOf } from './web-streams.ts'
import { QueueWriter, type WriterEvents } from './writer.ts'

/**
 * `open`: at least one direction goes on. `failed`: broken by `error`; the transport may still be winding down.
 * `closed`: both directions ended cleanly and the transport is gone.
 */
type State =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly error: ConnectError }
  | { readonly kind: 'closed' }

const OPEN: State = { kind: 'open' }

/**
 * A connection over any byte stream: joins the transport, the decoder, the reader, the writer and the deadlines.
 *
 * It is itself what the transport, the reader and the writer call, and makes what not every connection needs when it is
 * needed: there may be many thousands that do nothing for most of the time.
 */
export class StreamConnection implements Connection, ByteStreamSink, ReaderEvents, WriterEvents, SessionUser {
  readonly reader: QueueReader
  readonly writer: QueueWriter

  readonly #stream: ByteStream
  readonly #settings: ConnectionSettings
  readonly #platform: Platform
  readonly #decoder: FrameDecoder
  /** Of a connection whose stream is that of a session. */
  readonly #link: SessionLink | undefined
  #frameDeadline: Deadline | undefined
  #idleDeadline: Deadline | undefined
  #closeDeadline: CloseDeadline | undefined
  #state: State = OPEN
  readonly #ending: Ending
  /** Whether the user has called `close()` or `abort()`, and so learns of a failure without `await using`. */
  #endAsked = false
  #readable: ReadableStream<ConnectDatagram> | undefined
  #writable: WritableStream<ConnectDatagram> | undefined
  /** In a session: datagrams that count as consumed. */
  #consumed = 0

  constructor(stream: ByteStream, settings: ConnectionSettings, platform: Platform, link?: SessionLink) {
    this.#stream = stream
    this.#link = link
    this.#settings = settings
    this.#platform = platform
    this.#ending = new Ending(platform)
    this.#decoder = new FrameDecoder(settings.maxMessageBytes, platform.allocate)
    this.reader = new QueueReader(settings.receiveQueueBytes, this, link !== undefined)
    // A session keeps what it is given and bounds what is on its way by itself.
    const mostInFlight = link === undefined ? undefined : Number.POSITIVE_INFINITY
    this.writer = new QueueWriter(stream, settings, platform, this, mostInFlight)
    link?.join(this)
    stream.open(this)
    this.#noteActivity()
  }

  get localAddress(): string {
    return this.#stream.localAddress
  }

  get remoteAddress(): string {
    return this.#stream.remoteAddress
  }

  get tls(): TlsInfo | undefined {
    return this.#stream.tls
  }

  get session(): Session | undefined {
    return this.#link?.session
  }

  get closed(): Promise<void> {
    return this.#ending.closed
  }

  get readable(): ReadableStream<ConnectDatagram> {
    this.#readable ??= readableOf(this.reader)
    return this.#readable
  }

  get writable(): WritableStream<ConnectDatagram> {
    this.#writable ??= writableOf(this)
    return this.#writable
  }

  /** @internal */
  [INSPECT](_depth: number, options: object, inspect: Inspect): string {
    const { localAddress, remoteAddress } = this
    const state = this.#state.kind === 'failed' ? `failed: ${this.#state.error.code}` : this.#state.kind
    const ofSession = this.session === undefined ? {} : { session: this.session }
    return shownAs('Connection', { localAddress, remoteAddress, state, ...ofSession }, options, inspect)
  }

  close(options?: CallOptions): Promise<void> {
    const problem = callProblem('close', options)
    if (problem !== undefined) return rejected(problem)
    this.#endAsked = true
    this.#end()
    return this.whenEnded(options?.signal)
  }

  abort(reason?: Error): void {
    this.#endAsked = true
    if (this.#state.kind !== 'open') return
    const error = aborted('connection', reason)
    this.#reset(error)
    this.#fail(error)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#end()
      await this.#ending.leaveScope()
    } catch (error) {
      const known = this.#endAsked || this.reader.errorReported || this.writer.errorReported
      if (!known) throw error
    }
  }

  /** As `closed`, with a promise for each call. When `signal` fires first, only the waiting ends. */
  whenEnded(signal?: AbortSignal): Promise<void> {
    return this.#ending.wait(signal)
  }

  onData(chunk: Uint8Array): void {
    if (this.#state.kind !== 'open') return
    this.#noteActivity()
    const datagrams: ConnectDatagram[] = []
    try {
      this.#decoder.push(chunk, datagrams)
    } catch (error) {
      this.reader.onDatagrams(datagrams)
      this.#break(error as ConnectError)
      return
    }
    this.reader.onDatagrams(datagrams)
    this.#watchFrame(datagrams.length > 0)
  }

  room(): Uint8Array | undefined {
    return this.#decoder.room()
  }

  onEnd(): void {
    if (this.#state.kind !== 'open') return
    this.#frameDeadline?.dispose()
    try {
      this.#decoder.end()
    } catch (error) {
      this.#break(error as ConnectError)
      return
    }
    this.#ending.noteProgress()
    this.reader.onEnd()
  }

  onWritten(byteLength: number): void {
    if (this.#state.kind === 'open') this.writer.onWritten(byteLength)
  }

  onSpoilt(error: ConnectError): void {
    this.#break(error)
  }

  onFinish(): void {
    if (this.#state.kind !== 'open') return
    this.#noteClosing()
    this.writer.onFinish()
  }

  onClose(error?: ConnectError): void {
    if (this.#state.kind !== 'open') return
    if (error !== undefined) {
      this.#fail(error)
      return
    }
    this.#state = { kind: 'closed' }
    this.#disposeDeadlines()
    this.#ending.settle(undefined)
  }

  /** Reading stops, so nothing can be asked of the peer. */
  onQueueFull(): void {
    this.#stream.pause()
    this.#idleDeadline?.stop()
  }

  onQueueRoom(): void {
    if (this.#state.kind !== 'open') return
    this.#stream.resume()
    this.#watchFrame(false)
    this.#noteActivity()
  }

  onEndRead(): void {
    if (!this.#settings.allowHalfOpen) this.writer.followPeer()
  }

  onConsumed(): boolean {
    return this.#link!.onConsumed()
  }

  countConsumed(): number {
    const { reader } = this
    // After close(), nothing that has come and has room can be lost any more.
    const count = this.#closeDeadline === undefined || reader.paused ? reader.consumed : reader.received
    this.#consumed = Math.max(this.#consumed, count)
    return this.#consumed
  }

  dropPart(): void {
    this.#decoder.restart()
  }

  dropUnread(): void {
    this.reader.forget(this.countConsumed())
  }

  get unreadCost(): number {
    return this.reader.queuedCost
  }

  get begunFrames(): number {
    return this.writer.begun
  }

  get tailBytes(): number {
    return this.writer.tail
  }

  watchConsumption(): void {
    this.reader.watchConsumption()
  }

  handOver(): void {
    this.writer.handOver()
  }

  onProgress(): void {
    this.#noteActivity()
    this.#noteClosing()
  }

  onAttached(): void {
    this.#closeDeadline?.onAttached()
  }

  onDetached(): void {
    this.#closeDeadline?.onDetached()
  }

  onBroken(error: ConnectError): void {
    this.#break(error)
  }

  #end(): void {
    if (this.#state.kind === 'open' && this.#closeDeadline === undefined) {
      this.#closeDeadline = this.#newCloseDeadline()
      this.writer.end()
      this.#link?.onConsumed()
    }
  }

  #noteClosing(): void {
    this.#closeDeadline?.noteProgress()
    this.#ending.noteProgress()
  }

  /** This end breaks the connection off. */
  #break(error: ConnectError): void {
    if (this.#state.kind === 'open') this.#fail(this.#reset(error))
  }

  /** Breaks the stream off; returns what the connection fails with. */
  #reset(error: ConnectError): ConnectError {
    // Whatever fails from here on is of no interest any more.
    this.#state = { kind: 'failed', error }
    if (this.#link !== undefined) return this.#link.giveUp(error)
    this.#stream.reset(this.writer.midFrame)
    return error
  }

  #fail(error: ConnectError): void {
    this.#state = { kind: 'failed', error }
    this.#disposeDeadlines()
    this.reader.fail(error)
    this.writer.fail(error)
    this.#ending.settle(error)
  }

  /** While this end does not read, an idle peer is not the peer's fault. */
  #noteActivity(): void {
    const ms = this.#settings.idleTimeoutMs
    if (ms === 0 || this.reader.paused) return
    this.#idleDeadline ??= this.#deadline(ms, () => timeout('IDLE', `no byte came or went for ${ms} ms`))
    this.#idleDeadline.restart()
  }

  /** @param begun whether the frame that is under way, if one is, began just now */
  #watchFrame(begun: boolean): void {
    if (!this.#decoder.midFrame || this.reader.paused) this.#frameDeadline?.stop()
    else if (begun || !this.#frameDeadline?.running) this.#restartFrame()
  }

  #restartFrame(): void {
    const ms = this.#settings.frameTimeoutMs
    this.#frameDeadline ??= this.#deadline(ms, () => timeout('FRAME', `a frame took longer than ${ms} ms`))
    this.#frameDeadline.restart()
  }

  #deadline(ms: number, error: () => ConnectError): Deadline {
    return new Deadline(this.#platform, ms, () => this.#break(error()))
  }

  #newCloseDeadline(): CloseDeadline {
    const { closeTimeoutMs } = this.#settings
    const limits = { closeTimeoutMs, detachedMs: this.#link?.keptForMs }
    const onMissed = (error: ConnectError): void => {
      // A session that has ended says so in a moment.
      if (this.session?.state !== 'closed') this.#break(error)
    }
    const deadline = new CloseDeadline(this.#platform, limits, onMissed, () => this.#whyStalled())
    if (this.session?.state === 'detached') deadline.onDetached()
    return deadline
  }

  #disposeDeadlines(): void {
    this.#frameDeadline?.dispose()
    this.#idleDeadline?.dispose()
    this.#closeDeadline?.dispose()
  }

  #whyStalled(): string {
    return this.reader.paused
      ? 'received datagrams fill the receive queue and nobody reads them'
      : 'the peer neither read on nor ended'
  }
}
