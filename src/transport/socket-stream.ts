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

/** Writes that wait for the one that is under way. */
interface Waiting {
  readonly segments: Uint8Array[]
  byteLength: number
  writes: number
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
  /** Writes that the operating system has not taken; all but the first of them wait. */
  #pendingWrites = 0
  #waiting: Waiting | undefined
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

  /**
   * One write at a time is the socket's. Node would take more, and would take the length of each segment only when its
   * turn comes: one whose memory was transferred away by then would be missing in the stream.
   */
  write(segments: readonly Uint8Array[], byteLength: number): boolean {
    if (this.#pendingWrites === 0) return this.#give(segments, byteLength, 1)
    this.#pendingWrites++
    this.#waiting ??= { segments: [], byteLength: 0, writes: 0 }
    this.#waiting.segments.push(...segments)
    this.#waiting.byteLength += byteLength
    this.#waiting.writes++
    return false
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

  /** A break that is told in the stream itself comes behind all that was written. */
  reset(midFrame: boolean): void {
    const cut = this.#waiting !== undefined && this.#socket.writable && !this.#pass(this.#waiting)
    this.#manners.reset(this.#socket, midFrame || cut)
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

  /** Writes to the socket; returns whether the operating system has all of it. */
  #give(segments: readonly Uint8Array[], byteLength: number, writes: number): boolean {
    const socket = this.#socket
    let done = false
    writeAll(socket, segments, error => {
      if (!error && !done) this.#onWritten(segments, byteLength, writes)
    })
    done = socket.writableLength === 0 && !socket.destroyed && socket.errored === null
    if (!done) this.#pendingWrites += writes
    return done
  }

  #onWritten(segments: readonly Uint8Array[], byteLength: number, writes: number): void {
    this.#pendingWrites -= writes
    // First, so that the operating system has something to do meanwhile.
    const more = lengthOf(segments) === byteLength ? this.#goOn() : undefined
    if (more === undefined) {
      this.#sink!.onSpoilt(transferredError())
      return
    }
    this.#sink!.onWritten(byteLength + more)
    if (this.#endAsked && this.#pendingWrites === 0 && !this.#socket.writableEnded) this.#socket.end()
  }

  /**
   * Writes what has waited for the last write; returns how many bytes of it the operating system has already, and undefined
   * if the memory of some was transferred away.
   */
  #goOn(): number | undefined {
    const waiting = this.#waiting
    if (waiting === undefined || this.#error !== undefined) return 0
    const { segments, byteLength, writes } = waiting
    if (lengthOf(segments) !== byteLength) return undefined
    this.#waiting = undefined
    this.#pendingWrites -= writes
    return this.#give(segments, byteLength, writes) ? byteLength : 0
  }

  /** Gives the socket what is still there of what waits, up to what is not; returns whether that was all. */
  #pass({ segments }: Waiting): boolean {
    this.#waiting = undefined
    const lost = segments.findIndex(({ length }) => length === 0)
    const there = lost < 0 ? segments : segments.slice(0, lost)
    if (there.length > 0) writeAll(this.#socket, there)
    return lost < 0
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

/** One `writev` of all segments. */
function writeAll(
  socket: Socket,
  segments: readonly Uint8Array[],
  written?: (error?: Error | null) => void,
): void {
  const last = segments.length - 1
  if (last > 0) socket.cork()
  for (let i = 0; i < last; i++) socket.write(segments[i]!)
  socket.write(segments[last]!, written)
  if (last > 0) socket.uncork()
}

function lengthOf(segments: readonly Uint8Array[]): number {
  let bytes = 0
  for (const { length } of segments) bytes += length
  return bytes
}

function transferredError(): ConnectError {
  return new ConnectError(
    ConnectErrorCode.INVALID_ARGUMENT,
    'data was transferred away before it was flushed',
  )
}
