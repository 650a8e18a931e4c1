import type { Socket } from 'node:net'
import { ConnectError, ConnectErrorCode } from '../errors.ts'
import type { ConnectionSettings } from '../options.ts'
import type { ByteStream, ByteStreamSink } from './byte-stream.ts'
import { streamError } from './node-errors.ts'
import type { SocketAddresses } from './socket-addresses.ts'
import type { SocketReads } from './socket-reads.ts'
import type { TlsInfo } from './tls-info.ts'

/** What one kind of sockets does its own way. */
export interface SocketManners {
  /** Breaks the connection so that the peer notices. */
  reset(socket: Socket, midFrame: boolean): void
  /** The peer's end has come. Calls back when it is sure that it is one. */
  onEnd(socket: Socket, settings: ConnectionSettings, confirmed: () => void): void
}

/** Where the listeners, which all sockets share, find the stream: closures would cost 250 bytes for each socket. */
const STREAM = Symbol('stream')

interface StreamSocket extends Socket {
  [STREAM]?: SocketStream
}

function onError(this: StreamSocket, error: Error): void {
  this[STREAM]!.onError(error)
}

function onClose(this: StreamSocket): void {
  this[STREAM]!.onClose()
}

function onEnd(this: StreamSocket): void {
  this[STREAM]!.onEnd()
}

/**
 * A byte stream over a socket of Node's. Made in the moment in which the socket is connected: it listens for errors
 * from then on, and tells them when it is opened.
 */
export class SocketStream implements ByteStream {
  readonly localAddress: string
  readonly remoteAddress: string
  readonly tls: TlsInfo | undefined
  readonly #reads: SocketReads
  readonly #socket: StreamSocket
  readonly #settings: ConnectionSettings
  readonly #manners: SocketManners
  #sink: ByteStreamSink | undefined
  #error: Error | undefined
  #closed = false
  /** Writes that the operating system has not taken. */
  #pendingWrites = 0
  #endAsked = false

  /** @param reads of a `net.Socket` or a `tls.TLSSocket`, with `allowHalfOpen` */
  constructor(
    reads: SocketReads,
    addresses: SocketAddresses,
    settings: ConnectionSettings,
    manners: SocketManners,
    tls?: TlsInfo,
  ) {
    this.localAddress = addresses.localAddress
    this.remoteAddress = addresses.remoteAddress
    this.tls = tls
    this.#reads = reads
    this.#socket = reads.socket
    this.#settings = settings
    this.#manners = manners
    this.#socket[STREAM] = this
    this.#socket.on('error', onError).on('close', onClose)
  }

  open(sink: ByteStreamSink): void {
    this.#sink = sink
    if (this.#closed) {
      process.nextTick(() => sink.onClose(this.#closeError()))
      return
    }
    this.#socket.on('end', onEnd)
    this.#reads.start(sink)
  }

  write(segments: readonly Uint8Array[], byteLength: number): boolean {
    const socket = this.#socket
    const last = segments.length - 1
    if (last > 0) socket.cork()
    for (let i = 0; i < last; i++) socket.write(segments[i]!)
    let done = false
    socket.write(segments[last]!, error => {
      if (!error && !done) this.#onWritten(byteLength)
    })
    if (last > 0) socket.uncork()
    done = socket.writableLength === 0 && !socket.destroyed && socket.errored === null
    if (!done) this.#pendingWrites++
    return done
  }

  /** Ends the socket only when its writes are done: until then, `reset` can still write behind them. */
  end(): void {
    this.#endAsked = true
    this.#socket.once('finish', () => this.#sink!.onFinish())
    if (this.#pendingWrites === 0) this.#socket.end()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  reset(midFrame: boolean): void {
    this.#manners.reset(this.#socket, midFrame)
  }

  onError(error: Error): void {
    // A TLS socket that was refused goes on to a clean end after its error; it must not get there.
    this.#error ??= error
    this.#socket.destroy()
  }

  onClose(): void {
    this.#closed = true
    this.#sink?.onClose(this.#closeError())
  }

  onEnd(): void {
    if (this.#error === undefined) {
      this.#manners.onEnd(this.#socket, this.#settings, () => this.#sink!.onEnd())
    }
  }

  #onWritten(byteLength: number): void {
    this.#pendingWrites--
    this.#sink!.onWritten(byteLength)
    if (this.#endAsked && this.#pendingWrites === 0 && !this.#socket.writableEnded) this.#socket.end()
  }

  #closeError(): ConnectError | undefined {
    if (this.#error !== undefined) return streamError(this.#error)
    if (this.#socket.readableEnded && this.#socket.writableFinished) return undefined
    return new ConnectError(
      ConnectErrorCode.CONNECTION_RESET,
      'connection was broken before both ends had ended it',
    )
  }
}
