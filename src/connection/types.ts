import type { ConnectDatagram } from '../frame/datagram.ts'
import type { TlsIdentity } from '../options.ts'
import type { TlsInfo } from '../transport/tls-info.ts'

/**
 * Two streams of datagrams between two programs, one in each direction. Each arrives in the order in which it was
 * sent, each datagram once, or the end that lacks something gets an error.
 *
 * Reading and writing may go on at once, in any number of tasks. A connection reads from its peer from the start, up
 * to `receiveQueueBytes`, so that an end or an error is noticed even while nobody reads.
 *
 * A connection ends in one of three ways: `close()`, with all that was sent handed over; `abort()`; or a failure. A
 * failure makes every pending promise of the connection reject with a {@link ConnectError} that says the same, each with
 * the stack of its own caller; what arrived before it can still be read. A promise that nobody awaits never becomes an unhandled rejection. Every call with
 * options rejects with `INVALID_OPTION`, and does nothing, where they are wrong.
 */
export interface Connection extends AsyncDisposable {
  /** What the peer sends. */
  readonly reader: ConnectionReader
  /** What the peer is sent. */
  readonly writer: ConnectionWriter
  /** This end's address, as a URL; `unix://` or `memory://` alone for the end that connected. */
  readonly localAddress: string
  /** The peer's address, as a URL; `unix://` or `memory://` alone for a peer that connected. */
  readonly remoteAddress: string
  /** What the TLS handshake has agreed and proved; undefined on a transport without TLS or DTLS. */
  readonly tls: TlsInfo | undefined
  /** What lasts when the connection below breaks; undefined unless both ends have set `session`. */
  readonly session: Session | undefined
  /**
   * The reader as a WHATWG stream, made when first asked for. Cancelling it does not end the connection. Use either
   * it or `reader`: a datagram goes to whoever asks first.
   */
  readonly readable: ReadableStream<ConnectDatagram>
  /**
   * The writer as a WHATWG stream, made when first asked for. Closing it closes the writer, aborting it aborts the
   * connection. So does a chunk that cannot be sent, such as one that is no {@link ConnectDatagram}: `ABORTED`, with the
   * reason as its `cause`.
   */
  readonly writable: WritableStream<ConnectDatagram>

  /**
   * Fulfils when both directions have ended cleanly; rejects with the cause otherwise. The peer's end comes behind its
   * datagrams: while they fill the receive queue and nobody reads, it is not seen.
   */
  readonly closed: Promise<void>

  /**
   * Ends the connection with nothing lost: sends what is queued, ends this direction, and waits for the peer to end
   * its own. What the peer sends in the meantime can be read during and after that; when the receive queue is full
   * and nobody reads, the peer's end cannot be seen.
   *
   * The peer ends when its program closes, or reads to this end's end. A program that holds both ends of a connection
   * closes them together: `await Promise.all([one.close(), other.close()])`. To leave without waiting, `abort()`.
   *
   * A second call waits for the same end.
   *
   * @throws ConnectError what made the connection fail; `CLOSE_TIMEOUT` if nothing was written for `closeTimeoutMs`,
   * or if the peer has not ended `closeTimeoutMs` after this end; `ABORTED` when `signal` fires first (the closing
   * goes on; `abort()` ends that too)
   */
  close(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>

  /**
   * Breaks the connection now: unsent data is dropped, and the peer's reader throws. Everything pending at this end
   * rejects with `ABORTED`, `reason` being its `cause`. Does nothing once the connection has ended.
   */
  abort(reason?: Error): void

  /**
   * `close()`, for `await using`, with less patience: it fulfils also when nothing has moved for 250 ms (no byte was written,
   * and neither direction has ended), so that a peer that nobody closes does not hide the error that ended the block. The
   * closing then goes on in the background, with its own `closeTimeoutMs`, and what was sent still arrives; in a session,
   * the peer's application may consume it later. It keeps the process alive as long as that takes. What goes wrong after the
   * 250 ms is told by `closed` alone: who needs to know the end awaits `close()` as the last statement of the block, and so
   * does who calls `process.exit()` behind it.
   *
   * Does not throw what the user has been given already by `receive`, `send`, `flush` or `close`, or has caused by `abort`.
   *
   * @throws ConnectError what made the connection fail before that
   */
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * `attached`: a connection carries the session. `detached`: it broke, and another is awaited. `lost`: the session was
 * given up. `closed`: it has ended cleanly.
 */
export type SessionState = 'attached' | 'detached' | 'lost' | 'closed'

/** What a connection has that goes on when the connection below it breaks. */
export interface Session {
  /** Names the session at both ends, as 32 hexadecimal digits. It is no secret, and opens nothing. */
  readonly id: string
  readonly state: SessionState
  /**
   * The state now, and then each other one. A loop that is slow sees the newest and not those between. It ends after
   * `lost` or `closed`. Any number of loops may go on at once.
   */
  states(): AsyncIterable<SessionState>
}

/**
 * The datagrams that the peer sends, in order.
 *
 * Any number of tasks may read at once; each datagram goes to one of them, to the one that has waited longest.
 * Leaving a `for await` loop early leaves the connection as it is; a later loop goes on with the next datagram. `return()`
 * and `throw()` of an iterator settle at once, also while its `next()` waits: that is then done, and the datagram goes to
 * the next one that asks.
 *
 * While nobody reads, up to `receiveQueueBytes` are kept and then the peer is slowed down. What has been handed out
 * belongs to the reader's user for as long as it is kept.
 */
export interface ConnectionReader extends AsyncIterable<ConnectDatagram> {
  /**
   * The next datagram, or undefined once the peer has ended cleanly and everything before that has been read.
   *
   * @throws ConnectError why the stream broke, after all that arrived before has been read, and at every call from
   * then on; `ABORTED` when `signal` fires first (no datagram is lost by that)
   */
  receive(options?: { readonly signal?: AbortSignal | undefined }): Promise<ConnectDatagram | undefined>

  /**
   * Everything that has arrived, as one list of at least one datagram: the fastest way to read many.
   *
   * @throws ConnectError `INVALID_OPTION` at once; as `receive()`, from the loop
   */
  batches(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<readonly ConnectDatagram[]>
}

/**
 * Sends datagrams to the peer, in the order of the calls.
 *
 * Any number of tasks may send at once. The data of a datagram must not be changed from `send()` until it has been
 * flushed. What is sent leaves at the end of the current turn of the event loop, or at once when there is much of it.
 */
export interface ConnectionWriter {
  /**
   * Fulfils when the queue has taken the datagram, at once while there is room. Await it, or the queue has no bound.
   * A loop of sends lets the rest of the program run: once 64 KiB of small datagrams or 1 MiB of large ones were sent in
   * one turn of the event loop, it fulfils in the next one.
   *
   * @throws ConnectError `INVALID_ARGUMENT`, `MESSAGE_TOO_LARGE` or `WRITER_CLOSED` at once; what made the connection
   * fail; `ABORTED` when `signal` fires before the queue has taken the datagram (it is then not sent)
   */
  send(datagram: ConnectDatagram, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>

  /**
   * Like `send()`, without waiting: false if the queue is full; then nothing was taken.
   *
   * @throws ConnectError as `send()`, synchronously
   */
  trySend(datagram: ConnectDatagram): boolean

  /**
   * Fulfils when all that was sent before is with the operating system. It says nothing about the peer. On `sctp:` and
   * `dtls-sctp:`, all of it is with the peer's end of the association, read or not. In a session, the peer's
   * application has consumed it: it was given all of it, and has asked for what comes behind, or has called `close()`.
   *
   * @throws ConnectError what made the connection fail before that
   */
  flush(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>

  /**
   * Flushes, then ends this direction only: the peer's reader sees a clean end, and this end can go on reading. A
   * second call waits for the same end. It waits as long as the peer reads slowly; there is no time limit.
   *
   * @throws ConnectError what made the connection fail before that; `ABORTED` when `signal` fires first (the closing
   * goes on)
   */
  close(options?: { readonly signal?: AbortSignal | undefined }): Promise<void>
}

/**
 * A bound address. Each connection that comes in is handed out once, by `accept()` or by `for await`.
 *
 * Any number of tasks may accept at once. An iterator that is ended while it waits takes no connection along. Peers that break off, fail or stall in the handshake are dropped without
 * delaying others; `onRejected` tells of them.
 */
export interface Listener extends AsyncIterable<Connection>, AsyncDisposable {
  /** The address to connect to, as a URL, with the port that was picked. */
  readonly address: string

  /**
   * The next connection, or undefined once the listener is closed.
   *
   * @throws ConnectError `ABORTED` when `signal` fires first
   */
  accept(options?: { readonly signal?: AbortSignal | undefined }): Promise<Connection | undefined>

  /**
   * Replaces the certificate, its key and the authorities for the handshakes to come; open connections keep theirs.
   * The rest stays as it was, also whether clients must present a certificate.
   *
   * @throws ConnectError `INVALID_OPTION` for a bad certificate or key (the old one stays in use), or on an address
   * without TLS
   */
  updateTls(tls: TlsIdentity): void

  /**
   * Stops listening and frees the address. Connections that were handed out live on; those that nobody accepted are
   * aborted.
   */
  close(): Promise<void>
}
