import { aborted, ConnectError, ConnectErrorCode } from '../errors.ts'
import type { ConnectDatagram } from '../frame/datagram.ts'
import { FrameDecoder } from '../frame/decoder.ts'
import type { ConnectionSettings } from '../options.ts'
import type { Platform } from '../platform.ts'
import type { ByteStream } from '../transport/byte-stream.ts'
import type { TlsInfo } from '../transport/tls-info.ts'
import { Deadline } from './deadline.ts'
import { Deferred } from './promises.ts'
import { QueueReader } from './reader.ts'
import type { Connection } from './types.ts'
import { unlessAborted } from './waiter.ts'
import { readableOf, writableOf } from './web-streams.ts'
import { QueueWriter } from './writer.ts'

/**
 * `open`: at least one direction goes on. `failed`: broken by `error`; the transport may still be winding down.
 * `closed`: both directions ended cleanly and the transport is gone.
 */
type State =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly error: ConnectError }
  | { readonly kind: 'closed' }

/** A connection over any byte stream: joins the transport, the decoder, the reader, the writer and the deadlines. */
export class StreamConnection implements Connection {
  readonly reader: QueueReader
  readonly writer: QueueWriter

  readonly #stream: ByteStream
  readonly #decoder: FrameDecoder
  readonly #frameDeadline: Deadline
  readonly #idleDeadline: Deadline
  readonly #closeDeadline: Deadline
  readonly #closed = new Deferred<void>()
  #state: State = { kind: 'open' }
  /** Whether the user has called `close()` or `abort()`, and so learns of a failure without `await using`. */
  #endAsked = false
  #readable: ReadableStream<ConnectDatagram> | undefined
  #writable: WritableStream<ConnectDatagram> | undefined

  constructor(stream: ByteStream, settings: ConnectionSettings, platform: Platform) {
    this.#stream = stream
    this.#decoder = new FrameDecoder(settings.maxMessageBytes, platform.allocate)
    this.reader = new QueueReader(settings.receiveQueueBytes, {
      pause: () => this.#pause(),
      resume: () => this.#resume(),
      onEndRead: () => {
        if (!settings.allowHalfOpen) this.writer.followPeer()
      },
    })
    const way = { write: this.#write, end: () => stream.end() }
    this.writer = new QueueWriter(way, settings, platform, error => this.#break(error))

    const { frameTimeoutMs, idleTimeoutMs, closeTimeoutMs } = settings
    const deadline = (ms: number, error: () => ConnectError): Deadline =>
      new Deadline(platform, ms, () => this.#break(error()))
    this.#frameDeadline = deadline(frameTimeoutMs, () =>
      timeout('FRAME', `a frame took longer than ${frameTimeoutMs} ms`),
    )
    this.#idleDeadline = deadline(idleTimeoutMs, () =>
      timeout('IDLE', `no byte came or went for ${idleTimeoutMs} ms`),
    )
    this.#closeDeadline = deadline(closeTimeoutMs, () => this.#closeTimeout(closeTimeoutMs))

    stream.open({
      onData: chunk => this.#onData(chunk),
      room: () => this.#decoder.room(),
      onEnd: () => this.#onEnd(),
      onWritten: byteLength => this.#onWritten(byteLength),
      onFinish: () => this.#onFinish(),
      onClose: error => this.#onClose(error),
    })
    this.#idleDeadline.restart()
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

  get closed(): Promise<void> {
    return this.#closed.promise
  }

  get readable(): ReadableStream<ConnectDatagram> {
    this.#readable ??= readableOf(this)
    return this.#readable
  }

  get writable(): WritableStream<ConnectDatagram> {
    this.#writable ??= writableOf(this)
    return this.#writable
  }

  close(options?: { readonly signal?: AbortSignal | undefined }): Promise<void> {
    this.#endAsked = true
    return unlessAborted(this.#end(), 'close', options?.signal)
  }

  abort(reason?: Error): void {
    this.#endAsked = true
    this.#break(aborted('connection', reason))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#end()
    } catch (error) {
      const known = this.#endAsked || this.reader.errorReported || this.writer.errorReported
      if (!known) throw error
    }
  }

  #end(): Promise<void> {
    if (this.#state.kind === 'open' && !this.#closeDeadline.running) {
      this.#closeDeadline.restart()
      this.writer.end()
    }
    return this.#closed.promise
  }

  #onData(chunk: Uint8Array): void {
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

  /** While this end does not read, an idle peer is not the peer's fault. */
  #noteActivity(): void {
    if (!this.reader.paused) this.#idleDeadline.restart()
  }

  /** @param begun whether the frame that is under way, if one is, began just now */
  #watchFrame(begun: boolean): void {
    if (!this.#decoder.midFrame || this.reader.paused) this.#frameDeadline.stop()
    else if (begun || !this.#frameDeadline.running) this.#frameDeadline.restart()
  }

  #onEnd(): void {
    if (this.#state.kind !== 'open') return
    this.#frameDeadline.dispose()
    try {
      this.#decoder.end()
    } catch (error) {
      this.#break(error as ConnectError)
      return
    }
    this.reader.onEnd()
  }

  readonly #write: ByteStream['write'] = (segments, byteLength) => {
    const written = this.#stream.write(segments, byteLength)
    if (written) this.#noteWritten()
    return written
  }

  #onWritten(byteLength: number): void {
    if (this.#state.kind !== 'open') return
    this.#noteWritten()
    this.writer.onWritten(byteLength)
  }

  #noteWritten(): void {
    this.#noteActivity()
    if (this.#closeDeadline.running) this.#closeDeadline.restart()
  }

  #onFinish(): void {
    if (this.#state.kind !== 'open') return
    if (this.#closeDeadline.running) this.#closeDeadline.restart()
    this.writer.onFinish()
  }

  #onClose(error?: ConnectError): void {
    if (this.#state.kind !== 'open') return
    if (error !== undefined) {
      this.#fail(error)
      return
    }
    this.#state = { kind: 'closed' }
    this.#disposeDeadlines()
    this.#closed.resolve()
  }

  /** This end breaks the connection off. */
  #break(error: ConnectError): void {
    if (this.#state.kind !== 'open') return
    this.#stream.reset(this.writer.midFrame)
    this.#fail(error)
  }

  #fail(error: ConnectError): void {
    this.#state = { kind: 'failed', error }
    this.#disposeDeadlines()
    this.reader.fail(error)
    this.writer.fail(error)
    this.#closed.reject(error)
  }

  /** Reading stops, so nothing can be asked of the peer. */
  #pause(): void {
    this.#stream.pause()
    this.#frameDeadline.stop()
    this.#idleDeadline.stop()
  }

  #resume(): void {
    if (this.#state.kind !== 'open') return
    this.#stream.resume()
    this.#watchFrame(false)
    this.#idleDeadline.restart()
  }

  #disposeDeadlines(): void {
    this.#frameDeadline.dispose()
    this.#idleDeadline.dispose()
    this.#closeDeadline.dispose()
  }

  #closeTimeout(ms: number): ConnectError {
    const why = this.reader.paused
      ? 'received datagrams fill the receive queue and nobody reads them'
      : 'the peer neither read on nor ended'
    return timeout('CLOSE', `after close(), ${why} for ${ms} ms`)
  }
}

function timeout(which: 'FRAME' | 'IDLE' | 'CLOSE', message: string): ConnectError {
  return new ConnectError(ConnectErrorCode[`${which}_TIMEOUT`], message)
}
