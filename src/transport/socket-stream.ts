import type { Socket } from 'node:net'
import { ConnectError, ConnectErrorCode } from '../errors.ts'
import type { ByteStream, ByteStreamSink } from './byte-stream.ts'
import { streamError } from './node-errors.ts'
import type { TlsInfo } from './tls-info.ts'

/** What a {@link SocketStream} is made of. */
export interface SocketStreamParts {
  /** Carries the bytes: a `net.Socket` or a `tls.TLSSocket`, with `allowHalfOpen`. */
  readonly socket: Socket
  readonly localAddress: string
  readonly remoteAddress: string
  readonly tls?: TlsInfo
  /** Breaks the connection so that the peer notices. */
  readonly reset: () => void
  /** The peer's end has come. Calls back when it is sure that it is one. */
  readonly onEnd: (confirmed: () => void) => void
}

/** A byte stream over a socket of Node's. */
export class SocketStream implements ByteStream {
  readonly localAddress: string
  readonly remoteAddress: string
  readonly tls: TlsInfo | undefined
  readonly #socket: Socket
  readonly #reset: () => void
  readonly #onEnd: (confirmed: () => void) => void
  #sink!: ByteStreamSink
  #error: Error | undefined

  constructor(parts: SocketStreamParts) {
    this.#socket = parts.socket
    this.localAddress = parts.localAddress
    this.remoteAddress = parts.remoteAddress
    this.tls = parts.tls
    this.#reset = parts.reset
    this.#onEnd = parts.onEnd
  }

  open(sink: ByteStreamSink): void {
    this.#sink = sink
    this.#socket
      .on('data', chunk => sink.onData(chunk as Uint8Array))
      .on('end', () => {
        if (this.#error === undefined) this.#onEnd(() => sink.onEnd())
      })
      .on('finish', () => sink.onFinish())
      .on('error', error => {
        // A TLS socket that was refused goes on to a clean end after its error; it must not get there.
        this.#error ??= error
        this.#socket.destroy()
      })
      .on('close', () => sink.onClose(this.#closeError()))
  }

  write(segments: readonly Uint8Array[], byteLength: number): void {
    const socket = this.#socket
    const last = segments.length - 1
    if (last > 0) socket.cork()
    for (let i = 0; i < last; i++) socket.write(segments[i]!)
    socket.write(segments[last]!, error => {
      if (!error) this.#sink.onWritten(byteLength)
    })
    if (last > 0) socket.uncork()
  }

  end(): void {
    this.#socket.end()
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  reset(): void {
    this.#reset()
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
