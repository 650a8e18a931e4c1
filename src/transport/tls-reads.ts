import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { ReadSink, SocketReads } from './socket-reads.ts'
import { hasEnded, isReading } from './tls-end.ts'

/** How a TLS stream has ended: with `close_notify`, without, or in a way that this runtime does not tell. */
type End = 'clean' | 'cut' | 'unknown'

/**
 * Reads a TLS socket: takes what it pushes before the machinery of its stream does, which makes the receiver 1.1 times
 * as fast, and notes how it ends. While the socket is paused, its stream keeps what comes, as usual.
 */
export class TlsReads implements SocketReads {
  readonly socket: TLSSocket
  #sink: ReadSink | undefined
  /** Told at the end of the stream, where Node calls `push` as it is documented. Nothing is assumed before. */
  #end: End

  /**
   * @param socket its handshake has just been done
   * @param carrier what `socket` was made over, to tell how it ends; undefined if every end is clean
   */
  constructor(socket: TLSSocket, carrier: Socket | undefined) {
    this.socket = socket
    this.#end = carrier === undefined ? 'clean' : 'unknown'
    const readingIsTold = isReading(socket)
    let isFull = false
    const { push } = socket
    socket.push = (chunk, encoding) => {
      if (chunk !== null && this.#takesDirectly()) {
        this.#sink!.onData(owned(chunk as Uint8Array))
        return true
      }
      if (chunk === null && carrier !== undefined) {
        this.#end = hasEnded(carrier, socket, readingIsTold && isFull) ? 'cut' : 'clean'
      }
      const takesMore = push.call(socket, chunk, encoding)
      isFull = !takesMore
      return takesMore
    }
  }

  /** Whether the stream, which has ended, may have been cut: nothing shows that `close_notify` came before its end. */
  get truncated(): boolean {
    return this.#end !== 'clean'
  }

  start(sink: ReadSink): void {
    this.#sink = sink
    this.socket.on('data', chunk => sink.onData(owned(chunk as Uint8Array))).resume()
  }

  /** Nothing that came earlier waits in the stream. */
  #takesDirectly(): boolean {
    return (
      this.#sink !== undefined && this.socket.readableFlowing === true && this.socket.readableLength === 0
    )
  }
}

/**
 * The chunk in memory of its own. Node 26 puts what it reads next behind it, into the same memory, and throws where nobody
 * can catch it if the user has transferred that.
 */
function owned(chunk: Uint8Array): Uint8Array {
  return chunk.byteLength === chunk.buffer.byteLength ? chunk : new Uint8Array(chunk)
}
