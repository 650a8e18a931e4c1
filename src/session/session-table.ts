import { ConnectError, ConnectErrorCode, counted } from '../errors.ts'
import type { ListenSettings } from '../options.ts'
import type { SecurePlatform } from '../platform.ts'
import type { ListenSessionSettings } from '../session-options.ts'
import { addressKeyOf } from '../transport/address-key.ts'
import type { ByteStream, ByteStreamListenerSink } from '../transport/byte-stream.ts'
import type { Carrier } from './carrier.ts'
import {
  ControlType,
  encodeControl,
  type Hello,
  HelloKind,
  KEY_BYTES,
  SESSION_ID_BYTES,
  violation,
} from './control-frame.ts'
import { Crowd } from './crowd.ts'
import { DetachedSessions } from './detached-sessions.ts'
import { Guest, type GuestHost } from './guest.ts'
import { RejectCode } from './handshake.ts'
import { isProved } from './hello.ts'
import { fromHex, toHex } from './hex.ts'
import { ServedSession } from './served-session.ts'
import type { SessionStream } from './session-stream.ts'
import { missingSessions } from './settings.ts'
import { Tombstones } from './tombstones.ts'

/** Most sessions that are given up in one turn of the event loop: each may have much to let go of. */
const LOST_A_TURN = 16

/** To whom the table hands what comes in. */
export interface SessionAcceptor {
  /** A new session, whose client is there. The acceptor opens it at once. */
  onSession(stream: SessionStream): void
  onRejected(error: ConnectError): void
}

/**
 * The end of sessions that listens: takes connections in, begins sessions, and finds for each other connection the session
 * that it belongs to.
 *
 * Nothing is held while a proof is computed; what may have changed by then is looked at again.
 */
export class SessionTable implements ByteStreamListenerSink, GuestHost {
  readonly platform: SecurePlatform
  readonly settings: ListenSettings
  readonly session: ListenSessionSettings
  readonly #acceptor: SessionAcceptor
  readonly #guests = new Set<Guest>()
  readonly #sessions = new Map<string, ServedSession>()
  /** All of them, and those whose clients have not been heard of behind HELLO. */
  readonly #crowd = new Crowd<ServedSession>()
  readonly #strangers = new Crowd<ServedSession>()
  readonly #detached = new DetachedSessions<ServedSession>()
  readonly #tombstones: Tombstones
  #cancelSweep: (() => void) | undefined
  #isClosed = false

  constructor(
    settings: ListenSettings,
    session: ListenSessionSettings,
    acceptor: SessionAcceptor,
    platform: SecurePlatform,
  ) {
    this.settings = settings
    this.session = session
    this.platform = platform
    this.#acceptor = acceptor
    this.#tombstones = new Tombstones(session.maxSessions, session.retentionMs)
  }

  onStream(stream: ByteStream): void {
    const guest = new Guest(stream, this)
    const problem = missingSessions(stream)
    if (this.#isClosed) guest.dismiss()
    else if (problem !== undefined) guest.refuse(RejectCode.UNSUPPORTED, problem)
    else this.#guests.add(guest)
  }

  onRejected(error: ConnectError): void {
    this.#acceptor.onRejected(error)
  }

  /** Stops: nobody can come back any more, so what is detached is lost. What is attached lives on. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const guest of this.#guests) guest.dismiss()
    this.#tombstones.clear()
    this.#cancelSweep?.()
    for (let lost = 1; ; lost++) {
      const session = this.#strangers.first?.[0] ?? this.#detached.first?.[0]
      if (session === undefined) return
      session.lose(closedError())
      if (lost % LOST_A_TURN === 0) await new Promise<void>(resolve => this.platform.nextTurn(resolve))
    }
  }

  onHello(guest: Guest, hello: Hello): void {
    if (hello.kind === HelloKind.NEW) this.#begin(guest, hello)
    else void this.#resume(guest, hello)
  }

  onGuestGone(guest: Guest): void {
    this.#guests.delete(guest)
  }

  /** The client has shown that it knows of the session. */
  onShown(session: ServedSession): void {
    this.#strangers.remove(session, session.network)
    this.#acceptor.onSession(session.stream)
  }

  onDetached(session: ServedSession): void {
    if (this.#isClosed) {
      session.lose(closedError())
      return
    }
    this.#detached.add(session, this.platform.now())
    this.#keepBounds()
    this.#sweepLater()
  }

  onKept(session: ServedSession): void {
    this.#detached.reweigh(session)
    this.#keepBounds()
  }

  onOver(session: ServedSession): void {
    this.#sessions.delete(session.id)
    this.#crowd.remove(session, session.network)
    this.#strangers.remove(session, session.network)
    this.#detached.remove(session)
    if (!this.#isClosed && session.stream.isShown) this.#tombstones.add(session, this.platform.now())
    this.#sweepLater()
  }

  #begin(guest: Guest, hello: Hello): void {
    if (hello.epoch < 1 || hello.windowBytes < 1 || hello.windowMessages < 1) {
      guest.refuse(RejectCode.VIOLATION, violation('its HELLO makes no sense'))
      return
    }
    const network = addressKeyOf(guest.stream.remoteAddress)
    if (!this.#makeRoom(network)) {
      guest.refuse(RejectCode.FULL, fullError(counted(this.session.maxSessions, 'session')))
      return
    }
    const id = toHex(this.platform.randomBytes(SESSION_ID_BYTES))
    const key = this.platform.randomBytes(KEY_BYTES)
    const session = new ServedSession(id, toHex(key), hello, guest.stream, network, this)
    this.#sessions.set(id, session)
    this.#crowd.add(session, network)
    this.#strangers.add(session, network)
    this.#welcome(guest.leave(), session, hello, key)
  }

  /** Sessions that are of little use make room for another, if there must be some. */
  #makeRoom(network: string): boolean {
    if (this.#sessions.size < this.session.maxSessions) return true
    const session = this.#strangers.first?.[0] ?? this.#detached.unused ?? this.#tooManyOf(network)
    if (session === undefined) return false
    session.stream.leaveCarrier()
    session.lose(fullError(counted(this.session.maxSessions, 'session')))
    return true
  }

  /** A detached session of a network that has more than a newcomer's would have with one more. */
  #tooManyOf(network: string): ServedSession | undefined {
    const session = this.#detached.weakest
    if (session === undefined) return undefined
    return this.#crowd.countFrom(session.network) > this.#crowd.countFrom(network) + 1 ? session : undefined
  }

  async #resume(guest: Guest, hello: Hello): Promise<void> {
    const id = toHex(hello.sessionId)
    const known = this.#sessions.get(id) ?? this.#tombstones.get(id, this.platform.now())
    if (known === undefined) {
      guest.refuse(RejectCode.UNKNOWN, refused('an unknown session'))
      return
    }
    const isRight = await isProved(hello, fromHex(known.key), this.platform)
    if (guest.isGone) return
    if (!isRight) guest.refuse(RejectCode.FORBIDDEN, refused('a session without its proof'))
    else this.#goOn(guest, hello, id)
  }

  /** The proof is right; what is known of the session may have changed while it was checked. */
  #goOn(guest: Guest, hello: Hello, id: string): void {
    const session = this.#sessions.get(id)
    const tombstone = this.#tombstones.get(id, this.platform.now())
    if (session === undefined) {
      const code = tombstone?.code ?? RejectCode.UNKNOWN
      guest.refuse(code, refused('a session that is over'), tombstone?.progress)
    } else if (hello.epoch <= session.epoch || !session.isSameClient(guest.stream)) {
      guest.refuse(RejectCode.FORBIDDEN, refused('a session in an old epoch, or by another certificate'))
    } else this.#attach(guest, hello, session)
  }

  #attach(guest: Guest, hello: Hello, session: ServedSession): void {
    session.epoch = hello.epoch
    this.#detached.remove(session)
    session.stream.leaveCarrier()
    if (session.stream.isPossible(hello)) {
      this.#welcome(guest.leave(), session, hello, new Uint8Array(KEY_BYTES))
      return
    }
    const error = violation('the counters of its HELLO contradict what was sent')
    guest.refuse(RejectCode.VIOLATION, error)
    session.lose(error)
  }

  #welcome(carrier: Carrier, session: ServedSession, hello: Hello, key: Uint8Array): void {
    const { windowBytes, windowMessages, retentionMs } = this.session
    const { kind, epoch } = hello
    const { stream, id } = session
    const windows = { windowBytes, windowMessages }
    const welcome = {
      type: ControlType.WELCOME,
      kind,
      sessionId: fromHex(id),
      epoch,
      key,
      retentionMs,
      ...windows,
      ...stream.progress,
    }
    carrier.greet(encodeControl(welcome))
    stream.attach(carrier, hello)
  }

  /** Detached sessions have bounds of their own. */
  #keepBounds(): void {
    const { maxDetachedSessions, maxDetachedBytes } = this.session
    while (this.#detached.size > maxDetachedSessions) {
      this.#detached.weakest!.lose(fullError(`${counted(maxDetachedSessions, 'session')} that are detached`))
    }
    while (this.#detached.keptBytes > maxDetachedBytes) {
      this.#detached.heaviest!.lose(
        fullError(`${counted(maxDetachedBytes, 'byte')} of sessions that are detached`),
      )
    }
  }

  #sweepLater(): void {
    if (this.#cancelSweep !== undefined || this.#isClosed) return
    const { first } = this.#detached
    const due = first === undefined ? this.#tombstones.firstExpiry : first[1] + this.session.retentionMs
    if (due === undefined) return
    const ms = Math.max(1, Math.ceil(due - this.platform.now()))
    // A HELLO that has come by now is read first.
    this.#cancelSweep = this.platform.startTimer(() => this.platform.nextTurn(() => this.#sweep()), ms)
  }

  #sweep(): void {
    this.#cancelSweep = undefined
    const now = this.platform.now()
    const { retentionMs } = this.session
    for (let lost = 0; lost < LOST_A_TURN; lost++) {
      const { first } = this.#detached
      if (first === undefined || first[1] + retentionMs > now) break
      first[0].lose(expiredError(retentionMs))
    }
    this.#tombstones.expire(now)
    this.#sweepLater()
  }
}

function refused(what: string): ConnectError {
  return new ConnectError(ConnectErrorCode.SESSION_REFUSED, `a peer asked for ${what}`)
}

function fullError(what: string): ConnectError {
  return new ConnectError(ConnectErrorCode.LISTENER_FULL, `the listener keeps no more than ${what}`)
}

function closedError(): ConnectError {
  return new ConnectError(
    ConnectErrorCode.CONNECTION_FAILED,
    'the listener was closed, and nobody can come back',
  )
}

function expiredError(ms: number): ConnectError {
  return new ConnectError(
    ConnectErrorCode.CONNECTION_FAILED,
    `no connection carried the session for ${ms} ms`,
  )
}
