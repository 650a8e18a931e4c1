import { connect, type NetConnectOpts, type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net'
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
 */
class OwnReads implements SocketReads {
  socket!: Socket
  readonly #buffer = new ReadBuffer()
  /** Made for the first read that is worthwhile. */
  #busyPoll: BusyPoll | undefined
  #sink: ReadSink | undefined
  /** The sink's own memory, where the next read goes there. */
  #sinkRoom: Uint8Array | undefined

  /** What Node is to be given with the socket. */
  onread(): OnReadOpts {
    return { buffer: () => this.#room(), callback: byteLength => this.#onRead(byteLength) }
  }

  start(sink: ReadSink): void {
    this.#sink = sink
    this.socket.resume()
  }

  #room(): Uint8Array {
    const behindLarge = this.#sinkRoom !== undefined
    this.#sinkRoom = this.#sink?.room()
    return this.#sinkRoom ?? this.#buffer.room(behindLarge)
  }

  #onRead(byteLength: number): boolean {
    // Out of the shared scratch first, before anything else runs.
    const chunk = this.#sinkRoom?.subarray(0, byteLength) ?? this.#buffer.take(byteLength)
    if (byteLength >= WORTHWHILE_BYTES) {
      this.#busyPoll ??= new BusyPoll(systemPlatform)
      this.#busyPoll.onRead(byteLength)
    }
    this.#sink!.onData(chunk)
    return true
  }
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
