import { StreamConnection } from '../connection/connection.ts'
import { aborted, ConnectError, ConnectErrorCode, messageOf } from '../errors.ts'
import { MAX_TIMER_MS } from '../option-rules.ts'
import type { ConnectSettings } from '../options.ts'
import type { SecurePlatform } from '../platform.ts'
import {
  type ConnectSessionSettings,
  checkedRedirect,
  type Redirect,
  type Retry,
} from '../session-options.ts'
import type { ByteStream } from '../transport/byte-stream.ts'
import { Backoff } from './backoff.ts'
import { Carrier } from './carrier.ts'
import { HelloKind, violation, type Welcome } from './control-frame.ts'
import { ClientHandshake, Refusal, RejectCode } from './handshake.ts'
import { newHello, resumeHello } from './hello.ts'
import { fromHex, toHex } from './hex.ts'
import type { Window } from './line.ts'
import { type SessionOwner, SessionStream } from './session-stream.ts'

/** Makes connections to the listener. */
export interface Dialler {
  /** @throws ConnectError as a transport's `dial` */
  dial(signal: AbortSignal | undefined): Promise<ByteStream>
  /** Changes where, and how, from now on. */
  redirect(redirect: Redirect): void
}

/**
 * What only the user can change. Every other failure may be the work of anybody on the way, or pass, as a scheme that could
 * not be loaded for lack of file descriptors; it is tried again.
 */
const FINAL: ReadonlySet<string> = new Set<string>([
  ConnectErrorCode.INVALID_ADDRESS,
  ConnectErrorCode.INVALID_OPTION,
])

/** Refusals after which a listener that shows no knowledge of the session is believed. */
const BELIEVED_REFUSALS = 3

/** The end of a session that connects: begins it, and finds it another connection whenever one breaks. */
export class SessionClient implements SessionOwner {
  readonly #settings: ConnectSettings
  readonly #session: ConnectSessionSettings
  readonly #dialler: Dialler
  readonly #platform: SecurePlatform
  /** Made when a connection has broken: most never do. */
  #backoff: Backoff | undefined
  /** While another connection is tried for: fires when nothing more is to be tried. */
  #stop: AbortController | undefined
  #epoch = 1
  #stream: SessionStream | undefined
  /** What the session is resumed with, as hexadecimal digits. */
  #key = ''
  #retryForMs = 0
  #attachedAt = 0
  /** What the connections before this one have carried; while each carries something, nobody need wait. */
  #carried = 0
  #lastError: ConnectError | undefined
  /** Refusals since the last WELCOME that any listener could have given. */
  #strangers = 0

  constructor(
    settings: ConnectSettings,
    session: ConnectSessionSettings,
    dialler: Dialler,
    platform: SecurePlatform,
  ) {
    this.#settings = settings
    this.#session = session
    this.#dialler = dialler
    this.#platform = platform
  }

  /**
   * Begins a session.
   *
   * @throws ConnectError as `connect()`
   */
  async begin(): Promise<StreamConnection> {
    const { signal } = this.#settings
    const stream = await this.#dialler.dial(signal)
    return this.#shake(stream, signal, newHello(windowOf(this.#session)), (carrier, welcome, rest) => {
      if (!isAnswer(welcome, HelloKind.NEW, this.#epoch)) return undefined
      return this.#begun(carrier, welcome, rest)
    })
  }

  onSign(): void {}

  onDetached(error: ConnectError): void {
    this.#lastError = error
    this.#backoff?.noteLasted(this.#platform.now() - this.#attachedAt)
    if (this.#stop === undefined) void this.#goOn()
  }

  onKept(): void {}

  onOver(): void {
    this.#stop?.abort()
  }

  #begun(carrier: Carrier, welcome: Welcome, rest: Uint8Array): StreamConnection {
    const { sessionId, key, retentionMs } = welcome
    const id = toHex(sessionId)
    const { maxMessageBytes } = this.#settings
    const peerWindow = windowOf(welcome)
    const keptForMs = this.#session.retryForMs ?? Math.min(retentionMs, MAX_TIMER_MS)
    const settings = this.#session
    const options = { role: 'client', id, settings, keptForMs, maxMessageBytes, peerWindow } as const
    const stream = new SessionStream(options, this, this.#platform, carrier.stream)
    const connection = new StreamConnection(stream, this.#settings, this.#platform, stream)
    this.#retryForMs = keptForMs
    this.#stream = stream
    this.#key = toHex(key)
    this.#attach(stream, carrier, welcome, rest)
    return connection
  }

  #attach(stream: SessionStream, carrier: Carrier, welcome: Welcome, rest: Uint8Array): void {
    this.#attachedAt = this.#platform.now()
    this.#strangers = 0
    this.#noteCarried(welcome.received + stream.progress.received)
    stream.attach(carrier, welcome)
    if (rest.length > 0 && !carrier.isFree) stream.onData(rest)
  }

  /** @param messages that have ever come whole, at either end */
  #noteCarried(messages: number): void {
    if (messages > this.#carried) this.#backoff?.restart()
    this.#carried = messages
  }

  /** Tries until the session is attached again, or over. */
  async #goOn(): Promise<void> {
    const stream = this.#stream!
    const backoff = this.#newBackoff()
    this.#stop = new AbortController()
    const { signal } = this.#stop
    const giveUp = (): void => {
      if (this.#stop?.signal === signal) stream.lose(this.#outOfTime())
    }
    // An answer that has come by now is read first.
    const onTime = (): void => this.#platform.nextTurn(giveUp)
    const cancel = this.#platform.startTimer(onTime, Math.max(1, this.#retryForMs))
    // The session may be over while a hook of the user's never ends.
    signal.addEventListener('abort', cancel)
    for (let attempt = 1; stream.session.state === 'detached'; attempt++) {
      await this.#pause(backoff.next(), signal)
      if (!signal.aborted) await this.#try(attempt, signal)
    }
    cancel()
    this.#stop = undefined
  }

  #newBackoff(): Backoff {
    const { retryDelayMs, retryDelayMaxMs } = this.#session
    this.#backoff ??= new Backoff(retryDelayMs, retryDelayMaxMs, () => randomOf(this.#platform))
    return this.#backoff
  }

  async #try(attempt: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#redirect(attempt, signal)
      await this.#resume(signal)
    } catch (cause) {
      const error = asConnectError(cause)
      this.#lastError = error
      if (error instanceof Refusal) this.#onRefused(error)
      else if (FINAL.has(error.code)) this.#stream!.lose(error)
    }
  }

  /** Asks the user where to connect now. */
  async #redirect(attempt: number, signal: AbortSignal): Promise<void> {
    const redirect = await this.#askUser({ attempt, error: this.#lastError!, signal })
    if (redirect !== undefined) this.#dialler.redirect(checkedRedirect(redirect))
  }

  /** What the user's hook throws makes a try fail, whatever it is. */
  async #askUser(retry: Retry): Promise<Redirect | undefined> {
    try {
      return await this.#session.beforeRetry?.(retry)
    } catch (cause) {
      throw new ConnectError(ConnectErrorCode.CONNECT_FAILED, messageOf(cause), { cause })
    }
  }

  async #resume(signal: AbortSignal): Promise<void> {
    const stream = this.#stream!
    const { id } = stream.session
    const below = await this.#dialler.dial(signal)
    const epoch = ++this.#epoch
    const fields = { sessionId: fromHex(id), epoch, ...stream.progress }
    const hello = resumeHello(fields, windowOf(this.#session), fromHex(this.#key), this.#platform)
    await this.#shake(below, signal, hello, (carrier, welcome, rest) => {
      if (!isAnswer(welcome, HelloKind.RESUME, epoch) || toHex(welcome.sessionId) !== id) return undefined
      this.#attach(stream, carrier, welcome, rest)
      return true
    })
  }

  /** A listener that never had the session may say that it knows none: tries go on, for a few more answers. */
  #onRefused(error: Refusal): void {
    if (!error.showsKnowledge && ++this.#strangers < BELIEVED_REFUSALS) return
    const stream = this.#stream!
    const { code, known } = error.reject
    const peer = known ? error.reject : undefined
    if (code === RejectCode.ENDED && peer !== undefined) stream.concludeEnded(peer, error)
    else stream.concludeGone(peer, error)
  }

  #outOfTime(): ConnectError {
    const cause = this.#lastError
    const why = cause === undefined ? '' : `: ${cause.message}`
    const message = `the peer was not reached again within ${this.#retryForMs} ms${why}`
    return new ConnectError(ConnectErrorCode.CONNECT_FAILED, message, { cause })
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    if (ms < 1 || signal.aborted) return Promise.resolve()
    return new Promise(resolve => {
      const go = (): void => {
        cancel()
        signal.removeEventListener('abort', go)
        resolve()
      }
      const cancel = this.#platform.startTimer(go, ms)
      signal.addEventListener('abort', go)
    })
  }

  /** Says HELLO over a new connection. What `onWelcome` returns is the result; undefined means that the answer is wrong. */
  #shake<T>(
    stream: ByteStream,
    signal: AbortSignal | undefined,
    hello: Uint8Array | Promise<Uint8Array>,
    onWelcome: (carrier: Carrier, welcome: Welcome, rest: Uint8Array) => T | undefined,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const carrier = new Carrier(stream, this.#platform)
      const onAbort = (): void => handshake.cancel(aborted('connecting', signal?.reason))
      const settle = (): void => signal?.removeEventListener('abort', onAbort)
      const handshake = new ClientHandshake(carrier, this.#settings.handshakeTimeoutMs, this.#platform, {
        onWelcome: (welcome, rest) => {
          settle()
          const result = onWelcome(carrier, welcome, rest)
          if (result !== undefined) {
            resolve(result)
            return
          }
          carrier.drop(false)
          reject(violation('its WELCOME is not for the HELLO that was said'))
        },
        onFailed: error => {
          settle()
          reject(error)
        },
      })
      signal?.addEventListener('abort', onAbort)
      if (signal?.aborted) onAbort()
      Promise.resolve(hello).then(
        bytes => handshake.say(bytes),
        error => handshake.cancel(asConnectError(error)),
      )
    })
  }
}

function windowOf({ windowBytes, windowMessages }: Pick<Welcome, 'windowBytes' | 'windowMessages'>): Window {
  return { bytes: windowBytes, messages: windowMessages }
}

/** A number from 0 to below 1. */
function randomOf(platform: SecurePlatform): number {
  return new DataView(platform.randomBytes(4).buffer).getUint32(0) / 2 ** 32
}

function isAnswer(welcome: Welcome, kind: HelloKind, epoch: number): boolean {
  return welcome.kind === kind && welcome.epoch === epoch
}

function asConnectError(cause: unknown): ConnectError {
  if (cause instanceof ConnectError) return cause
  return new ConnectError(ConnectErrorCode.CONNECT_FAILED, messageOf(cause), { cause })
}
