import type { Socket } from 'node:net'
import { ConnectError, ConnectErrorCode } from '../errors.ts'
import type { ByteStream, ByteStreamSink } from './byte-stream.ts'
import { streamError } from './node-errors.ts'
import type { SocketReads } from './socket-reads.ts'
import type { TlsInfo } from './tls-info.ts'

/** What a {@link SocketStream} is made of. */
export interface SocketStreamParts {
  /** What carries the bytes: a `net.Socket` or a `tls.TLSSocket`, with `allowHalfOpen`. */
  readonly reads: SocketReads
  readonly localAddress: string
  readonly remoteAddress: string
  readonly tls?: TlsInfo
  /** Breaks the connection so that the peer notices. */
  readonly reset: (midFrame: boolean) => void
  /** The peer's end has come. Calls back when it is sure that it is one. */
  readonly onEnd: (confirmed: () => void) => void
}

/**
 * A byte stream over a socket of Node's. Made in the moment in which the socket is connected: it listens for errors
 * from then on, and tells them when it is opened.
 */
export class SocketStream implements ByteStream {
  readonly localAddress: string
  readonly remoteAddress: string
  readonly tls: TlsInfo | undefined
  readonly #parts: SocketStreamParts
  readonly #socket: Socket
  #sink: ByteStreamSink | undefined
  #error: Error | undefined
  #closed = false
  /** Writes that the operating system has not taken. */
  #pendingWrites = 0
  #endAsked = false

  constructor(parts: SocketStreamParts) {
    this.#parts = parts
    this.#socket = parts.reads.socket
    this.localAddress = parts.localAddress
    this.remoteAddress = parts.remoteAddress
    this.tls = parts.tls
    this.#socket
      .on('error', error => {
        // A TLS socket that was refused goes on to a clean end after its error; it must not get there.
        this.#error ??= error
        this.#socket.destroy()
      })
      .on('close', () => {
        this.#closed = true
        this.#sink?.onClose(this.#closeError())
      })
  }

  open(sink: ByteStreamSink): void {
    this.#sink = sink
    if (this.#closed) {
      process.nextTick(() => sink.onClose(this.#closeError()))
      return
    }
    this.#socket
      .on('end', () => {
        if (this.#error === undefined) this.#parts.onEnd(() => sink.onEnd())
      })
      .on('finish', () => sink.onFinish())
    this.#parts.reads.start(sink)
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
    done = socket.writableLength === 0 && socket.errored === null
    if (!done) this.#pendingWrites++
    return done
  }

  /** Ends the socket only when its writes are done: until then, `reset` can still write behind them. */
  end(): void {
    this.#endAsked = true
    if (this.#pendingWrites === 0) this.#socket.end()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  reset(midFrame: boolean): void {
    this.#parts.reset(midFrame)
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
