import type { SessionLink, SessionUser } from '../connection/session-link.ts'
import { AbortError, ConnectError, ConnectErrorCode } from '../errors.ts'
import type { Platform } from '../platform.ts'
import type { SessionSettings } from '../session-options.ts'
import type { ByteStream, ByteStreamSink } from '../transport/byte-stream.ts'
import type { TlsInfo } from '../transport/tls-info.ts'
import type { Carrier, CarrierUser } from './carrier.ts'
import type { Progress, Window } from './line.ts'
import { SessionEnd } from './session-end.ts'
import type { SessionEndUser } from './session-end-state.ts'
import { SessionLostError } from './session-lost-error.ts'
import { SessionStates } from './session-states.ts'
import { type Watchdog, type Watched, watchdogOf } from './watchdog.ts'

/** How long news of what was consumed may wait for more. */
const ACK_DELAY_MS = 2

export interface SessionStreamOptions {
  readonly role: 'client' | 'server'
  /** As hexadecimal digits. */
  readonly id: string
  readonly settings: SessionSettings
  /** How long it is kept while no connection carries it, in ms. */
  readonly keptForMs: number
  readonly maxMessageBytes: number
  /** What the peer takes. */
  readonly peerWindow: Window
}

/** What a session tells whoever finds connections for it. */
export interface SessionOwner {
  /** Something has come from the peer over a connection that was attached. Called until there is a connection above. */
  onSign(): void
  /** No connection carries the session any more, and it is not over. */
  onDetached(error: ConnectError): void
  /** Another amount is kept, while no connection carries the session. */
  onKept(): void
  /** The session is closed or lost. The last call. */
  onOver(): void
}

/**
 * A byte stream that goes on when its connection breaks: the session between a `StreamConnection` and the carriers that
 * come and go. It joins the state machine with carriers, clock and user.
 */
export class SessionStream implements ByteStream, SessionLink, SessionEndUser, CarrierUser, Watched {
  readonly session: SessionStates
  readonly keptForMs: number
  readonly #machine: SessionEnd
  readonly #owner: SessionOwner
  readonly #platform: Platform
  readonly #watchdog: Watchdog
  readonly #silenceTimeoutMs: number
  #carrier: Carrier | undefined
  /** The connection that carries it, or did last. */
  #below: ByteStream
  #sink: ByteStreamSink | undefined
  #user: SessionUser | undefined
  #cancelAck: (() => void) | undefined
  #lost: SessionLostError | undefined

  constructor(options: SessionStreamOptions, owner: SessionOwner, platform: Platform, below: ByteStream) {
    const { role, id, settings, keptForMs, maxMessageBytes, peerWindow } = options
    const window = { bytes: settings.windowBytes, messages: settings.windowMessages }
    this.session = new SessionStates(id)
    this.keptForMs = keptForMs
    this.#machine = new SessionEnd({ role, window, maxMessageBytes, allocate: platform.allocate }, this)
    this.#machine.setPeerWindow(peerWindow)
    this.#owner = owner
    this.#platform = platform
    this.#watchdog = watchdogOf(platform)
    this.#silenceTimeoutMs = settings.silenceTimeoutMs
    this.#below = below
  }

  get localAddress(): string {
    return this.#below.localAddress
  }

  get remoteAddress(): string {
    return this.#below.remoteAddress
  }

  get tls(): TlsInfo | undefined {
    return this.#below.tls
  }

  /** Where the direction towards this end stands, now. */
  get progress(): Progress {
    return this.#machine.progress
  }

  /** What is kept, in bytes, with what it costs: what the peer has not consumed, and what nobody here has taken. */
  get keptCost(): number {
    return this.#machine.keptCost + (this.#user?.unreadCost ?? 0)
  }

  /** Whether a datagram arrived, or the peer consumed one. */
  get isUsed(): boolean {
    return this.#machine.isUsed
  }

  /** Whether a connection above has been made. */
  get isShown(): boolean {
    return this.#user !== undefined
  }

  /** Whether the peer's counters fit this end's. */
  isPossible(peer: Progress): boolean {
    return this.#machine.isPossible(peer)
  }

  /** The carrier carries the session from now on; `peer` is what the other end has said on it. */
  attach(carrier: Carrier, peer: Progress): void {
    this.#carrier = carrier
    this.#below = carrier.stream
    carrier.serve(this)
    this.#watchdog.add(this, this.#silenceTimeoutMs)
    this.session.change('attached')
    this.#user?.onAttached()
    this.#machine.attach(carrier, peer)
    this.#user?.watchConsumption()
  }

  /** Gives up the connection, if there is one, and tells nobody. */
  leaveCarrier(): void {
    const carrier = this.#carrier
    if (carrier === undefined) return
    const { midFrame } = this.#machine
    this.#forgetCarrier()
    carrier.drop(midFrame)
  }

  /** Gives up the session. */
  lose(error: ConnectError): void {
    this.#machine.lose(error)
  }

  /** The peer has no such session any more; `peer` is how far it had come, if it says so. */
  concludeGone(peer: Progress | undefined, error: ConnectError): void {
    if (peer === undefined) this.#machine.lose(error)
    else this.#machine.concludeGone(peer, error)
  }

  /** The peer had ended the session cleanly. */
  concludeEnded(peer: Progress, error: ConnectError): void {
    this.#machine.concludeEnded(peer, error)
  }

  join(user: SessionUser): void {
    this.#user = user
  }

  open(sink: ByteStreamSink): void {
    this.#sink = sink
  }

  write(segments: readonly Uint8Array[], byteLength: number): boolean {
    const { begunFrames, tailBytes } = this.#user!
    this.#machine.write(segments, byteLength, begunFrames, tailBytes)
    if (this.#carrier === undefined) this.#owner.onKept()
    return false
  }

  end(): void {
    this.#machine.end()
  }

  /** The window bounds what comes. Reading goes on, because what the peer has consumed comes the same way. */
  pause(): void {}

  resume(): void {}

  reset(): void {
    this.giveUp(new AbortError(ConnectErrorCode.ABORTED, 'the connection was broken off'))
  }

  giveUp(cause: ConnectError): ConnectError {
    this.#machine.lose(cause)
    return this.#lostError() ?? cause
  }

  onConsumed(): boolean {
    if (this.#carrier === undefined) this.#owner.onKept()
    return this.#machine.onConsumed()
  }

  onData(chunk: Uint8Array): void {
    if (this.#sink === undefined) this.#owner.onSign()
    this.#machine.input(chunk)
  }

  room(): Uint8Array | undefined {
    return this.#machine.isInsideData ? this.#sink?.room() : undefined
  }

  onWritten(byteLength: number): void {
    this.#machine.onWritten(byteLength)
  }

  onGone(error: ConnectError | undefined): void {
    const { midFrame } = this.#machine
    const carrier = this.#carrier
    this.#forgetCarrier()
    carrier?.drop(midFrame)
    this.#onBroken(
      error ?? new ConnectError(ConnectErrorCode.CONNECTION_RESET, 'the connection ended in the session'),
    )
  }

  onFrames(bytes: Uint8Array): void {
    this.#sink!.onData(bytes)
  }

  onCut(): void {
    this.#user?.dropPart()
  }

  onConfirmed(byteLength: number): void {
    this.#sink!.onWritten(byteLength)
  }

  onPeerEnd(): void {
    this.#sink!.onEnd()
  }

  onFinish(): void {
    this.#sink!.onFinish()
  }

  countConsumed(): number {
    return this.#user?.countConsumed() ?? 0
  }

  onAckWanted(): void {
    this.#cancelAck = this.#platform.startTimer(() => {
      this.#machine.acknowledge()
      this.#user?.watchConsumption()
    }, ACK_DELAY_MS)
  }

  onOver(): void {
    const { state, midFrame } = this.#machine
    const carrier = this.#carrier
    this.#forgetCarrier()
    this.#cancelAck?.()
    // Behind a frame that is cut, nothing can be said.
    if (midFrame) carrier?.drop(true)
    else carrier?.finish()
    this.session.change(state.kind === 'closed' ? 'closed' : 'lost')
    // Otherwise the peer shows its user what was not consumed, and that must not change any more.
    if (state.kind === 'lost' && !state.isDropped) this.#user?.dropUnread()
    this.#owner.onOver()
    // This may be inside a call of the connection above.
    this.#platform.nextTurn(() => this.#sink?.onClose(this.#lostError()))
  }

  look(): void {
    if (this.#machine.lookForLife()) return
    const ms = this.#silenceTimeoutMs
    this.leaveCarrier()
    this.#onBroken(new ConnectError(ConnectErrorCode.IDLE_TIMEOUT, `nothing came from the peer for ${ms} ms`))
  }

  #forgetCarrier(): void {
    this.#carrier = undefined
    this.#watchdog.remove(this, this.#silenceTimeoutMs)
    this.#machine.detach()
  }

  #onBroken(error: ConnectError): void {
    this.session.change('detached')
    this.#user?.onDetached()
    this.#owner.onDetached(error)
  }

  /** What a session that is lost makes its connection fail with. */
  #lostError(): SessionLostError | undefined {
    const { state } = this.#machine
    if (state.kind !== 'lost' || this.#lost !== undefined) return this.#lost
    this.#user?.handOver()
    const unconfirmed = this.#machine.giveAway()
    this.#lost = new SessionLostError(unconfirmed, state.isFinal || unconfirmed.count === 0, state.error)
    return this.#lost
  }
}
