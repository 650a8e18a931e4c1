/**
 * The stable codes of {@link ConnectError}. Switch on these; the messages may change.
 */
export const ConnectErrorCode = {
  /** An argument has a wrong type or value. The message names it. */
  INVALID_ARGUMENT: 'INVALID_ARGUMENT',
  /** An option is unknown, has a wrong type or lies outside its range. The message names it. */
  INVALID_OPTION: 'INVALID_OPTION',
  /** An address cannot be parsed or its scheme is unknown. */
  INVALID_ADDRESS: 'INVALID_ADDRESS',
  /** The data to send is larger than `maxMessageBytes`. Nothing was sent. */
  MESSAGE_TOO_LARGE: 'MESSAGE_TOO_LARGE',
  /** Sending after `close()`, after `abort()`, or after the connection followed its peer's end. */
  WRITER_CLOSED: 'WRITER_CLOSED',
  /** `abort()` was called, or an `AbortSignal` fired; `cause` holds the reason. */
  ABORTED: 'ABORTED',

  /** The peer could not be reached: refused, unreachable, no such name, no such file. */
  CONNECT_FAILED: 'CONNECT_FAILED',
  /** The peer was not reached within `connectTimeoutMs`. */
  CONNECT_TIMEOUT: 'CONNECT_TIMEOUT',
  /** The transport needs a package that is not installed, or something that this runtime lacks; `message` says what. */
  TRANSPORT_UNAVAILABLE: 'TRANSPORT_UNAVAILABLE',
  /** The listener could not be set up, or has failed for good. */
  LISTEN_FAILED: 'LISTEN_FAILED',
  /** The listener had `maxConnections` open, or the process no descriptor left. */
  LISTENER_FULL: 'LISTENER_FULL',
  /** The TLS or DTLS handshake failed. */
  HANDSHAKE_FAILED: 'HANDSHAKE_FAILED',
  /** The TLS or DTLS handshake did not end within `handshakeTimeoutMs`. */
  HANDSHAKE_TIMEOUT: 'HANDSHAKE_TIMEOUT',
  /** A certificate was refused: unknown authority, wrong name, expired, or missing. */
  CERTIFICATE_REJECTED: 'CERTIFICATE_REJECTED',

  /** A frame's size field is below 5 or announces more than `maxMessageBytes`. */
  FRAME_SIZE_INVALID: 'FRAME_SIZE_INVALID',
  /** A frame's version is not 1, or one end has set `session` and the other has not. */
  VERSION_UNSUPPORTED: 'VERSION_UNSUPPORTED',
  /** The stream ended inside a frame, or a TLS stream without `close_notify`. */
  STREAM_TRUNCATED: 'STREAM_TRUNCATED',
  /** The peer, or something between, broke the connection. */
  CONNECTION_RESET: 'CONNECTION_RESET',
  /** The peer broke the rules of the transport, on `sctp:` and `dtls-sctp:`, or those of the session. */
  PROTOCOL_VIOLATION: 'PROTOCOL_VIOLATION',
  /** The connection failed for another reason; `cause` holds it. */
  CONNECTION_FAILED: 'CONNECTION_FAILED',
  /** The peer refused the session: `session` is not set there, or its listener is full. */
  SESSION_REFUSED: 'SESSION_REFUSED',
  /** The session cannot go on; a {@link SessionLostError}, whose `cause` says why. */
  SESSION_LOST: 'SESSION_LOST',
  /** A frame took longer than `frameTimeoutMs` from its first byte to its last. */
  FRAME_TIMEOUT: 'FRAME_TIMEOUT',
  /** Nothing was received or sent for `idleTimeoutMs`. */
  IDLE_TIMEOUT: 'IDLE_TIMEOUT',
  /** After `close()`, nothing moved for `closeTimeoutMs`. */
  CLOSE_TIMEOUT: 'CLOSE_TIMEOUT',
} as const

export type ConnectErrorCode = (typeof ConnectErrorCode)[keyof typeof ConnectErrorCode]

/** A function that is left out of a stack. */
export type Caller = (...args: never[]) => unknown

/** Makes an error again, for one caller: with the stack of the place where that is done. */
export const AGAIN = Symbol('again')

/**
 * The only error that this package throws or rejects with.
 *
 * `code` is stable; `message` carries the numbers; `cause` is the underlying error where there is one. Each call that
 * fails has an error of its own, whose `stack` leads to the `await` of the caller.
 */
export class ConnectError extends Error {
  readonly code: ConnectErrorCode
  /**
   * Told to `onRejected`: who was turned away, as a URL like that of a connection. Absent where a peer was gone before
   * its address could be asked for, and on all other errors.
   */
  declare readonly remoteAddress?: string

  constructor(
    code: ConnectErrorCode,
    message: string,
    options?: { readonly cause?: unknown; readonly remoteAddress?: string },
  ) {
    super(message, options)
    this.code = code
    if (options?.remoteAddress !== undefined) this.remoteAddress = options.remoteAddress
  }

  /**
   * @param from the stack begins below this function, whose own line means nothing to a user
   * @internal
   */
  [AGAIN](from: Caller): ConnectError {
    const { code, message, cause } = this
    const options = 'cause' in this ? { cause } : undefined
    // Not by its name: a bundler renames a class that mentions itself. Nor in a function: the stack has room for few.
    const Own = this.constructor as typeof ConnectError
    // What was set beside that goes along.
    return withStackFrom(from, Object.assign(new Own(code, message, options), this))
  }
}

/** Lets the stack of an error begin below a function, where the engine can do that. */
export function withStackFrom<E extends Error>(from: Caller, error: E): E {
  Error.captureStackTrace?.(error, from)
  return error
}

/** A {@link ConnectError} with the code `ABORTED`, under the name that is usual for it. */
export class AbortError extends ConnectError {}

ConnectError.prototype.name = 'ConnectError'
AbortError.prototype.name = 'AbortError'

/** `1 datagram`, `3 datagrams`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** A caller's value, as an error message shows it. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'function') return 'a function'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

/** Whether it is an error, of this realm or of another one. */
function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}

/** What was thrown, in words. */
export function messageOf(thrown: unknown): string {
  return isError(thrown) ? thrown.message : show(thrown)
}

/** The error for an `AbortSignal` that fired, or for `abort()`: its `cause` is the reason. */
export function aborted(what: string, reason?: unknown): ConnectError {
  const why = isError(reason) ? `: ${reason.message}` : ''
  return new AbortError(ConnectErrorCode.ABORTED, `${what} was aborted${why}`, { cause: reason })
}

/** The error itself, or, if something else was thrown, one with this code whose `cause` it is. */
export function asConnectError(error: unknown, code: ConnectErrorCode, what: string): ConnectError {
  if (error instanceof ConnectError) return error
  return new ConnectError(code, `${what} failed: ${messageOf(error)}`, { cause: error })
}

/** The error as `onRejected` is told it: with who was turned away, in its message as well. */
export function rejectionOf(error: ConnectError, remoteAddress: string): ConnectError {
  if (error.remoteAddress !== undefined) return error
  const { code, message, cause } = error
  const told = message.includes(remoteAddress) ? message : `${remoteAddress}: ${message}`
  return new ConnectError(code, told, cause === undefined ? { remoteAddress } : { cause, remoteAddress })
}
