import type { ConnectError } from '../errors.ts'
import type { TlsIdentity } from '../options.ts'
import type { TlsInfo } from './tls-info.ts'

/**
 * What a transport gives the connection above it: an ordered, reliable stream of bytes in each direction.
 *
 * Calls and callbacks run on one thread and are per chunk, never per datagram.
 */
export interface ByteStream {
  /** This end, as a URL. */
  readonly localAddress: string
  /** The other end, as a URL. */
  readonly remoteAddress: string
  /** What the handshake has shown, on a transport that has one. */
  readonly tls: TlsInfo | undefined

  /** Starts reading. Called once, before anything else; no callback comes before it or during it. */
  open(sink: ByteStreamSink): void

  /**
   * Queues bytes after those of earlier calls. Returns whether the operating system has all of them, and of the earlier
   * ones, already. If not, the segments must not change until `onWritten` has counted them; the caller bounds how much
   * it leaves uncounted. Not called after `end` or `reset`.
   */
  write(segments: readonly Uint8Array[], byteLength: number): boolean

  /** Ends this direction once all that was written is out; `onFinish` follows. */
  end(): void

  /** Stops reading until `resume`; a few chunks that are on their way may still come. */
  pause(): void
  resume(): void

  /**
   * Breaks the stream: the other end gets an error, not a clean end. What was written and is not with the operating
   * system yet is dropped, unless the medium can only tell of the break behind it. `onClose` follows.
   *
   * @param midFrame whether what was written ends inside a frame, so that its end shows the break by itself
   */
  reset(midFrame: boolean): void
}

/**
 * What a byte stream calls. Each call is synchronous, never made from inside a call of {@link ByteStream}, and must
 * not throw.
 */
export interface ByteStreamSink {
  /** Bytes have come. The chunk belongs to the sink: the transport neither changes nor reuses it. */
  onData(chunk: Uint8Array): void
  /**
   * Where the sink would have the next bytes: in memory of its own, because they are part of something large. A
   * transport that can reads them to there; the chunk that it then hands over lies there, from the first byte on.
   */
  room(): Uint8Array | undefined
  /** The other end has ended its direction cleanly. */
  onEnd(): void
  /** The next `byteLength` bytes of the writes that returned false are with the operating system. */
  onWritten(byteLength: number): void
  /** Bytes that were written have gone wrong by what this end has done with their memory: the sink calls `reset`. */
  onSpoilt(error: ConnectError): void
  /** This direction has ended: all was written and the end was sent. */
  onFinish(): void
  /** The stream is gone: both directions ended, `reset`, or `error`. The last call, made once. */
  onClose(error?: ConnectError): void
}

/** A bound address that streams come in from. */
export interface ByteStreamListener {
  /** The URL to connect to, with the port that was picked. */
  readonly address: string
  /** Replaces the certificate of a TLS listener for the handshakes to come; absent on other transports. */
  readonly updateTls?: (tls: TlsIdentity) => void
  /** Stops listening and frees the address. Streams that were handed over live on. */
  close(): Promise<void>
}

/** What a listener calls. */
export interface ByteStreamListenerSink {
  /** A peer has connected, and its handshake is done. The sink calls `open` at once. */
  onStream(stream: ByteStream): void
  /** A peer was turned away. The listener goes on. */
  onRejected(error: ConnectError): void
}
