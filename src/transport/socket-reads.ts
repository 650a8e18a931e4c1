import { connect, type NetConnectOpts, type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'
import { ConnectError, ConnectErrorCode } from '../errors.ts'
import { systemPlatform } from '../platform.ts'
import { BusyPoll, WORTHWHILE_BYTES } from './busy-poll.ts'
import type { ByteStreamSink } from './byte-stream.ts'
import { ReadBuffer } from './read-buffer.ts'

/** A socket, and what brings its bytes. */
export interface SocketReads {
  readonly socket: Socket
  /** Starts reading. Called once; `socket.pause()` and `resume()` stop it and go on. */
  start(sink: ReadSink): void
}

/** Where the bytes go: the part of a `ByteStreamSink` that is about reading. */
export type ReadSink = Pick<ByteStreamSink, 'onData' | 'room'>

/**
 * Reads into memory of our own, past the stream machinery of the socket: no allocation per read, large reads where much
 * comes, and no `data` events. Node offers that by the option `onread`, to whoever makes the socket.
 *
 * A runtime other than Node may read into memory of its own and say so in the callback, or not know the option: then its
 * bytes are copied out, or come by events. Memory that nobody has read into is never handed out.
 */
class OwnReads implements SocketReads {
  socket!: Socket
  readonly #buffer = new ReadBuffer()
  /** Made for the first read that is worthwhile. */
  #busyPoll: BusyPoll | undefined
  #sink: ReadSink | undefined
  /** Where the next read goes; undefined until the runtime asks, which Node does before the socket is connected. */
  #offered: Uint8Array | undefined
  /** The sink's own memory, where the next read goes there. */
  #sinkRoom: Uint8Array | undefined

  /** What Node is to be given with the socket. */
  onread(): OnReadOpts {
    return {
      buffer: () => this.#offer(),
      callback: (byteLength, memory) => this.#onRead(byteLength, memory),
    }
  }

  start(sink: ReadSink): void {
    this.#sink = sink
    if (this.#offered === undefined)
      this.socket.on('data', chunk => sink.onData(new Uint8Array(chunk as Uint8Array)))
    this.socket.resume()
  }

  #offer(): Uint8Array {
    const behindLarge = this.#sinkRoom !== undefined
    this.#sinkRoom = this.#sink?.room()
    this.#offered = this.#sinkRoom ?? this.#buffer.room(behindLarge)
    return this.#offered
  }

  /** @param memory where the runtime has read to */
  #onRead(byteLength: number, memory: Uint8Array): boolean {
    // Out of the shared scratch first, before anything else runs.
    const chunk = memory === this.#offered ? this.#take(byteLength) : copyOf(memory, byteLength)
    if (chunk === undefined) {
      this.socket.destroy(unreadError())
      return false
    }
    if (byteLength >= WORTHWHILE_BYTES) {
      this.#busyPoll ??= new BusyPoll(systemPlatform)
      this.#busyPoll.onRead(byteLength)
    }
    this.#sink!.onData(chunk)
    return true
  }

  #take(byteLength: number): Uint8Array {
    return this.#sinkRoom?.subarray(0, byteLength) ?? this.#buffer.take(byteLength)
  }
}

/** The bytes at the front of what a runtime calls its memory; undefined if they are not there. */
function copyOf(memory: unknown, byteLength: number): Uint8Array | undefined {
  const isThere = memory instanceof Uint8Array && byteLength <= memory.length
  return isThere ? new Uint8Array(memory.subarray(0, byteLength)) : undefined
}

function unreadError(): ConnectError {
  return new ConnectError(
    ConnectErrorCode.CONNECTION_FAILED,
    'this runtime does not say where it has put the bytes that it has read',
  )
}

/** Reads as every socket can. */
export class EventReads implements SocketReads {
  readonly socket: Socket

  constructor(socket: Socket) {
    this.socket = socket
  }

  start(sink: ReadSink): void {
    this.socket.on('data', chunk => sink.onData(chunk as Uint8Array)).resume()
  }
}

/** Begins to connect a socket. It does not read before it is told to. */
export function connectSocket(target: NetConnectOpts): SocketReads {
  const reads = new OwnReads()
  reads.socket = connect({ ...target, onread: reads.onread() }).pause()
  return reads
}

/** The part of an accepted socket that Node keeps to itself. */
interface Accepted {
  _handle?: { readStart?: unknown; useUserBuffer?: unknown } | null
}

/**
 * Takes over a socket that a server with `pauseOnConnect` has accepted. Its handle goes to a socket of our own, because
 * the server's cannot be given `onread`. The handle is not documented; where it is not as expected, the socket stays.
 */
export function adoptSocket(accepted: Socket): SocketReads {
  const owner = accepted as unknown as Accepted
  const handle = owner._handle
  if (typeof handle?.readStart !== 'function' || typeof handle.useUserBuffer !== 'function') {
    return new EventReads(accepted)
  }
  owner._handle = null
  const reads = new OwnReads()
  reads.socket = new Socket({
    handle,
    allowHalfOpen: true,
    onread: reads.onread(),
  } as SocketConstructorOpts).pause()
  return reads
}
