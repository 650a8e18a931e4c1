import {
  checked,
  duration,
  durationOrNone,
  isUrl,
  nonEmptyText,
  object,
  ofType,
  optionError,
  queueBytes,
  type Rule,
  type Rules,
  wholeNumber,
} from './option-rules.ts'
import type { TlsConnectOptions } from './tls-options.ts'

/** What both ends of a session can set. */
export interface SessionOptions {
  /**
   * Most bytes of datagrams, headers included, that the peer may have sent and the application here has not consumed. One
   * larger datagram passes alone. Default 4 MiB.
   */
  readonly windowBytes?: number | undefined
  /** The same in datagrams. Default 65,536. */
  readonly windowMessages?: number | undefined
  /**
   * Longest time in which nothing comes over a connection before it is given up for another, in ms. The peer is asked for
   * a sign of life at half of it. Default 20,000.
   */
  readonly silenceTimeoutMs?: number | undefined
}

/** Sessions at the end that connects. */
export interface ConnectSessionOptions extends SessionOptions {
  /**
   * How long another connection is tried for before the session is lost, in ms. Default: as long as the listener keeps
   * the session, which it says.
   */
  readonly retryForMs?: number | undefined
  /**
   * Longest pause before the second try, in ms; the first follows at once. Each pause is drawn from 0 to its longest,
   * which doubles from try to try. Default 100.
   */
  readonly retryDelayMs?: number | undefined
  /** What the longest pause does not grow beyond, in ms. Default 5,000. */
  readonly retryDelayMaxMs?: number | undefined
  /**
   * Called before each try. May give another address or other TLS options, which hold from then on. What it throws makes
   * the try fail.
   */
  readonly beforeRetry?: ((retry: Retry) => Redirect | undefined | Promise<Redirect | undefined>) | undefined
}

/** A try to go on with a session over another connection. */
export interface Retry {
  /** 1 for the first since the connection broke. */
  readonly attempt: number
  /** Why the connection broke, or why the last try failed. */
  readonly error: Error
  /** Fires when the session is given up. */
  readonly signal: AbortSignal
}

/** Where to connect, and how, from now on; what is undefined stays. */
export interface Redirect {
  readonly address?: string | URL | undefined
  readonly tls?: TlsConnectOptions | undefined
}

/** Sessions at the end that listens. */
export interface ListenSessionOptions extends SessionOptions {
  /** How long a session is kept while no connection carries it, in ms. Default 60,000. */
  readonly retentionMs?: number | undefined
  /**
   * Most sessions at once. Beyond it, one that was never used makes room, or a detached one of a network that still has
   * no fewer than the newcomer's then; otherwise the newcomer is refused. Default 20,000.
   */
  readonly maxSessions?: number | undefined
  /**
   * Most sessions that are detached at once. Beyond it, one that was never used is lost, or else the one detached first of
   * the network that has most of them. Default: half of `maxSessions`.
   */
  readonly maxDetachedSessions?: number | undefined
  /**
   * Most bytes that detached sessions keep, to send again or to be read, all together; each datagram counts 64 beside its
   * frame. Beyond it, the one that keeps most is lost. Default 256 MiB.
   */
  readonly maxDetachedBytes?: number | undefined
}

const sessionDefaults = {
  windowBytes: 4 * 1024 * 1024,
  windowMessages: 65_536,
  silenceTimeoutMs: 20_000,
}

const connectDefaults = {
  ...sessionDefaults,
  retryForMs: undefined,
  retryDelayMs: 100,
  retryDelayMaxMs: 5000,
  beforeRetry: undefined,
}

const listenDefaults = {
  ...sessionDefaults,
  retentionMs: 60_000,
  maxSessions: 20_000,
  maxDetachedSessions: undefined,
  maxDetachedBytes: 256 * 1024 * 1024,
}

type Filled<T, Absent extends keyof T> = {
  readonly [K in keyof T]-?: K extends Absent ? T[K] | undefined : Exclude<T[K], undefined>
}

/** {@link SessionOptions} with every default filled in. */
export type SessionSettings = Filled<SessionOptions, never>

/** {@link ConnectSessionOptions} with every default filled in. */
export type ConnectSessionSettings = Filled<ConnectSessionOptions, 'retryForMs' | 'beforeRetry'>

/** {@link ListenSessionOptions} with every default filled in. */
export type ListenSessionSettings = Filled<ListenSessionOptions, never>

/** @throws ConnectError `INVALID_OPTION`, naming the option */
export function resolveConnectSession(options: true | ConnectSessionOptions): ConnectSessionSettings {
  return options === true
    ? connectDefaults
    : { ...connectDefaults, ...checked(options, connectRules, 'session.') }
}

/** @throws ConnectError `INVALID_OPTION`, naming the option */
export function resolveListenSession(options: true | ListenSessionOptions): ListenSessionSettings {
  const settings =
    options === true ? listenDefaults : { ...listenDefaults, ...checked(options, listenRules, 'session.') }
  // Sessions that wait for their clients must leave room for those that begin.
  const half = Math.max(1, Math.floor(settings.maxSessions / 2))
  return { ...settings, maxDetachedSessions: settings.maxDetachedSessions ?? half }
}

/** @throws ConnectError `INVALID_OPTION`, naming what `beforeRetry` must not give; `tls` is checked where it is used */
export function checkedRedirect(redirect: unknown): Redirect {
  if (object(redirect) !== undefined)
    throw optionError('session.beforeRetry', 'must give an object or nothing')
  return checked(redirect as Redirect, redirectRules, 'session.beforeRetry.')
}

export const sessionRule: Rule = value =>
  typeof value === 'boolean' || object(value) === undefined ? undefined : 'must be true, false or an object'

const count = wholeNumber(1, Number.MAX_SAFE_INTEGER)

const sessionRules: Rules = {
  windowBytes: queueBytes,
  windowMessages: count,
  silenceTimeoutMs: duration,
}

const connectRules: Rules = {
  ...sessionRules,
  retryForMs: durationOrNone,
  retryDelayMs: durationOrNone,
  retryDelayMaxMs: durationOrNone,
  beforeRetry: ofType('function'),
}

const redirectRules: Rules = {
  address: value => (isUrl(value) ? undefined : nonEmptyText(value)),
  tls: object,
}

const listenRules: Rules = {
  ...sessionRules,
  retentionMs: durationOrNone,
  maxSessions: count,
  maxDetachedSessions: count,
  maxDetachedBytes: queueBytes,
}
