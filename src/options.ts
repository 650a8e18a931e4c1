import type { ConnectError } from './errors.ts'
import { MAX_DATA_BYTES } from './frame/format.ts'
import {
  checked,
  duration,
  durationOrNone,
  fileMode,
  keepAliveDelay,
  nonEmptyText,
  object,
  ofType,
  oneOf,
  optionError,
  pem,
  protocolNames,
  queueBytes,
  type Rules,
  secretText,
  signal,
  wholeNumber,
} from './option-rules.ts'
import {
  type ConnectSessionOptions,
  type ConnectSessionSettings,
  type ListenSessionOptions,
  type ListenSessionSettings,
  resolveConnectSession,
  resolveListenSession,
  sessionRule,
} from './session-options.ts'

import type { Pem, TlsConnectOptions, TlsIdentity, TlsListenOptions } from './tls-options.ts'

export type { Pem, TlsConnectOptions, TlsIdentity, TlsListenOptions, TlsOptions } from './tls-options.ts'

/** What both ends of a connection can set. Every limit is on by default, except the idle timeout. */
export interface ConnectionOptions {
  /** Largest data of one datagram, sent or received, in bytes: 1 to 100,000,000. Default 100,000,000. */
  readonly maxMessageBytes?: number | undefined
  /**
   * Most bytes that wait to be sent. One datagram larger than this is taken when nothing else waits. In a session, what
   * the peer's application has not consumed waits as well, and 4 MiB are what is taken if this is not set. Default 1 MiB.
   */
  readonly sendQueueBytes?: number | undefined
  /**
   * Bytes that have come and wait to be read, above which reading from the peer stops. Each datagram counts as its
   * frame and 64 bytes more. Not in a session, where `windowBytes` and `windowMessages` take its place. Default 1 MiB.
   */
  readonly receiveQueueBytes?: number | undefined
  /** Longest time from a frame's first byte to its last, in ms; time in which this end has stopped reading is not counted. 0: no limit. Not in a session, where `silenceTimeoutMs` takes its place. Default 120,000. */
  readonly frameTimeoutMs?: number | undefined
  /** Longest time without a byte in either direction, in ms. 0: no limit. Not in a session, where `silenceTimeoutMs` takes its place. Default 0. */
  readonly idleTimeoutMs?: number | undefined
  /** After `close()`: longest time in which nothing is written, or in which the peer does not end, in ms; in a session, time in which it is detached is not counted. Default 10,000. */
  readonly closeTimeoutMs?: number | undefined
  /**
   * Whether this end's writer stays open after the peer's end has been read. If not, it is closed once no `send` or
   * `flush` waits, on the next turn of the event loop, unless it was used by then. Default false.
   */
  readonly allowHalfOpen?: boolean | undefined
  /** TCP keep-alive probes, on `tcp:` and `tls:`; heartbeats, on `sctp:` and `dtls-sctp:`. Default true. */
  readonly keepAlive?: boolean | undefined
  /**
   * Quiet time before the first keep-alive probe, in ms; also how often a peer that has ended, but is still sent to, is
   * looked at. On `sctp:` and `dtls-sctp:`, the quiet time between heartbeats. 0: the system's own delay. At most 32,767,000, and in
   * whole seconds on `tcp:` and `tls:`, as Linux takes it. Default 30,000.
   */
  readonly keepAliveDelayMs?: number | undefined
  /** Sends small segments at once (no Nagle algorithm), on `tcp:` and `tls:`. Default true. */
  readonly noDelay?: boolean | undefined
  /** Longest time for a handshake, on `tls:` and `dtls-sctp:`, and for that of a session, in ms. Default 10,000. */
  readonly handshakeTimeoutMs?: number | undefined
}

/** Options of {@link connect}. */
export interface ConnectOptions extends ConnectionOptions {
  /** Longest time to look up and reach the peer, without the TLS or DTLS handshake, in ms. Default 10,000. */
  readonly connectTimeoutMs?: number | undefined
  /** Certificates and names, on `tls:` and `dtls-sctp:` only. */
  readonly tls?: TlsConnectOptions | undefined
  /**
   * Goes on over another connection when this one breaks, with nothing lost or doubled; true for the defaults. The
   * listener must have it set as well. Default: no session, as false.
   */
  readonly session?: boolean | ConnectSessionOptions | undefined
  /** Gives up connecting. Once connected, it has no effect. */
  readonly signal?: AbortSignal | undefined
}

/** Options of {@link listen}. The connection options hold for each accepted connection. */
export interface ListenOptions extends ConnectionOptions {
  /** Most connections open at once, those in the handshake included. Further ones are reset. Default 10,000. */
  readonly maxConnections?: number | undefined
  /**
   * Most of them from one IP address, on the schemes with hosts: so one peer cannot take the places of all. All of an
   * IPv6 /64 count as one address, as do an IPv4 address and its IPv6 form. Further ones are reset. 0: no limit. Default 0.
   */
  readonly maxConnectionsPerAddress?: number | undefined
  /** Connections that the operating system keeps while the program is busy; not on `sctp:` and `dtls-sctp:`. Default 511. */
  readonly backlog?: number | undefined
  /**
   * Who may connect to a Unix socket: the mode of its file, such as `0o600` for this user alone. It holds from the first
   * moment on. On `unix:` only. Default: 0o777 without the bits of the process's umask.
   */
  readonly socketMode?: number | undefined
  /** The certificate and its key; required on `tls:` and `dtls-sctp:`, nowhere else. */
  readonly tls?: TlsListenOptions | undefined
  /** As in {@link ConnectOptions}; whoever connects must have it set as well. */
  readonly session?: boolean | ListenSessionOptions | undefined
  /**
   * Called for each peer that was turned away before it became a connection: a failed handshake, the limit. The error's
   * `remoteAddress` says who, its message why. What it throws, or what a promise that it returns rejects with, is shown
   * as a warning of the process, the first time, and changes nothing else.
   */
  readonly onRejected?: ((error: ConnectError) => void) | undefined
  /** Gives up setting the listener up. Once it listens, it has no effect. */
  readonly signal?: AbortSignal | undefined
}

const connectionDefaults = {
  maxMessageBytes: MAX_DATA_BYTES,
  sendQueueBytes: 1024 * 1024,
  receiveQueueBytes: 1024 * 1024,
  frameTimeoutMs: 120_000,
  idleTimeoutMs: 0,
  closeTimeoutMs: 10_000,
  allowHalfOpen: false,
  keepAlive: true,
  keepAliveDelayMs: 30_000,
  noDelay: true,
  handshakeTimeoutMs: 10_000,
}

/** In a session, what is on its way waits until it is consumed, not only until it is sent. */
const SESSION_SEND_QUEUE_BYTES = 4 * 1024 * 1024

const connectDefaults = {
  ...connectionDefaults,
  connectTimeoutMs: 10_000,
  tls: undefined,
  session: undefined,
  signal: undefined,
}

const listenDefaults = {
  ...connectionDefaults,
  maxConnections: 10_000,
  maxConnectionsPerAddress: 0,
  backlog: 511,
  socketMode: undefined,
  tls: undefined,
  session: undefined,
  onRejected: undefined,
  signal: undefined,
}

/** {@link ConnectionOptions} with every default filled in. */
export type ConnectionSettings = Filled<ConnectionOptions, never>

/** {@link ConnectOptions} with every default filled in. */
export type ConnectSettings = Filled<Omit<ConnectOptions, 'session'>, 'tls' | 'signal'> & {
  /** With every default filled in; undefined for no session. */
  readonly session: ConnectSessionSettings | undefined
}

/** {@link ListenOptions} with every default filled in. */
export type ListenSettings = Filled<
  Omit<ListenOptions, 'session'>,
  'tls' | 'signal' | 'onRejected' | 'socketMode'
> & {
  /** With every default filled in; undefined for no session. */
  readonly session: ListenSessionSettings | undefined
}

type Filled<T, Absent extends keyof T> = {
  readonly [K in keyof T]-?: K extends Absent ? T[K] | undefined : Exclude<T[K], undefined>
}

/** @throws ConnectError `INVALID_OPTION`, naming the option */
export function resolveConnectOptions(options?: ConnectOptions): ConnectSettings {
  if (options === undefined) return connectDefaults
  const given = checked(options, connectRules)
  const session = isSession(given.session) ? resolveConnectSession(given.session) : undefined
  const settings = { ...connectDefaults, ...forSession(session), ...given, session }
  if (settings.tls === undefined) return settings
  return { ...settings, tls: checkedTls(settings.tls, tlsConnectRules) }
}

/** @throws ConnectError `INVALID_OPTION`, naming the option */
export function resolveListenOptions(options: ListenOptions = {}): ListenSettings {
  const given = checked(options, listenRules)
  const session = isSession(given.session) ? resolveListenSession(given.session) : undefined
  const settings = { ...listenDefaults, ...forSession(session), ...given, session }
  if (settings.tls === undefined) return settings
  return { ...settings, tls: withCertificate(checkedTls(settings.tls, tlsListenRules)) }
}

/**
 * TLS options that replace others for the next connections.
 *
 * @throws ConnectError `INVALID_OPTION`, naming the option
 */
export function resolveTlsConnect(options: TlsConnectOptions): TlsConnectOptions {
  return checkedTls(options, tlsConnectRules)
}

/** @throws ConnectError `INVALID_OPTION`, naming the option */
export function resolveTlsIdentity(options: TlsIdentity): TlsIdentity {
  return withCertificate(checkedTls(options, tlsIdentityRules))
}

function isSession<T>(option: T | boolean | undefined): option is T | true {
  return option !== undefined && option !== false
}

/** Defaults that a session changes. */
function forSession(session: object | undefined): { readonly sendQueueBytes?: number } {
  return session === undefined ? {} : { sendQueueBytes: SESSION_SEND_QUEUE_BYTES }
}

function withCertificate<T extends { readonly cert?: Pem | undefined }>(tls: T): T {
  if (tls.cert === undefined) throw optionError('tls.cert', 'and tls.key are required to listen')
  return tls
}

function checkedTls<T extends Pick<TlsConnectOptions, 'cert' | 'key'>>(options: T, rules: Rules): T {
  const tls = checked(options, rules, 'tls.') as T
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw optionError(tls.cert === undefined ? 'tls.cert' : 'tls.key', 'is missing: cert and key go together')
  }
  return tls
}

const connectionRules: Rules = {
  maxMessageBytes: wholeNumber(1, MAX_DATA_BYTES),
  sendQueueBytes: queueBytes,
  receiveQueueBytes: queueBytes,
  frameTimeoutMs: durationOrNone,
  idleTimeoutMs: durationOrNone,
  closeTimeoutMs: duration,
  allowHalfOpen: ofType('boolean'),
  keepAlive: ofType('boolean'),
  keepAliveDelayMs: keepAliveDelay,
  noDelay: ofType('boolean'),
  handshakeTimeoutMs: duration,
}

const connectRules: Rules = {
  ...connectionRules,
  connectTimeoutMs: duration,
  tls: object,
  session: sessionRule,
  signal,
}

const listenRules: Rules = {
  ...connectionRules,
  maxConnections: wholeNumber(1, Number.MAX_SAFE_INTEGER),
  maxConnectionsPerAddress: wholeNumber(0, Number.MAX_SAFE_INTEGER),
  backlog: wholeNumber(1, 65_535),
  socketMode: fileMode,
  tls: object,
  session: sessionRule,
  onRejected: ofType('function'),
  signal,
}

const tlsIdentityRules: Rules = { ca: pem, cert: pem, key: pem, passphrase: secretText }

const tlsListenRules: Rules = {
  ...tlsIdentityRules,
  alpnProtocols: protocolNames,
  minVersion: oneOf('TLSv1.2', 'TLSv1.3'),
  requireCloseNotify: ofType('boolean'),
}

const tlsConnectRules: Rules = { ...tlsListenRules, serverName: nonEmptyText }
