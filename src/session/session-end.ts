import { ConnectError, ConnectErrorCode, counted } from '../errors.ts'
import { ControlType, decodeControl, encodeControl, type Status, violation } from './control-frame.ts'
import { FrameWalker, type WalkerUser } from './frame-walker.ts'
import { Inbound } from './inbound.ts'
import type { Line, Progress, Window } from './line.ts'
import { Outbound } from './outbound.ts'
import {
  CloseCode,
  closeCodeOf,
  type SessionEndOptions,
  type SessionEndState,
  type SessionEndUser,
} from './session-end-state.ts'
import { Unconfirmed } from './unconfirmed.ts'

const DETACHED: SessionEndState = { kind: 'detached' }
const CLOSED: SessionEndState = { kind: 'closed' }

/** Control frames that wait for the next border of data frames. */
const Due = { ACK: 1, PING: 2, PONG: 4 } as const

/**
 * One end of a session, without clock and without I/O: counts both directions, keeps what is not confirmed, and says what
 * goes over the line that it is given.
 */
export class SessionEnd implements WalkerUser {
  readonly #role: 'client' | 'server'
  readonly #user: SessionEndUser
  readonly #outbound = new Outbound()
  readonly #inbound: Inbound
  #state: SessionEndState = DETACHED
  #due = 0
  #ackWanted = false
  /** Whether `end` was called; whether CLOSE went over this line, or any; whether the peer has consumed up to it. */
  #ending = false
  #closeSent = false
  #everClosed = false
  #finished = false
  /** Whether the peer's CLOSE has come, and whether all before it is consumed and the peer was told. */
  #peerEnded = false
  #endTold = false
  #heard = false
  /** Whether this end has said anything since the last look. */
  #said = false
  #quietLooks = 0

  constructor(options: SessionEndOptions, user: SessionEndUser) {
    this.#role = options.role
    this.#user = user
    const walker = new FrameWalker(this, options.maxMessageBytes, options.allocate)
    this.#inbound = new Inbound(walker, options.window, user)
  }

  get state(): SessionEndState {
    return this.#state
  }

  /** Where the direction towards this end stands, now. */
  get progress(): Progress {
    this.#inbound.count()
    return { received: this.#inbound.received, consumed: this.#inbound.consumed }
  }

  /** What is kept to be sent, and sent again, in bytes, with what it costs. */
  get keptCost(): number {
    return this.#outbound.keptCost
  }

  /** Whether a datagram arrived, or the peer consumed one. */
  get isUsed(): boolean {
    return this.#inbound.received > 0 || this.#outbound.confirmed > 0
  }

  /** Whether what the line was given ends inside a data frame. */
  get midFrame(): boolean {
    return this.#outbound.midFrame
  }

  /** Whether what comes next is data of a frame that is under way. */
  get isInsideData(): boolean {
    return this.#inbound.isInsideData
  }

  /** What the peer takes; said once, before the first `attach`. */
  setPeerWindow(window: Window): void {
    this.#outbound.setWindow(window)
  }

  /** Whether the peer's counters fit this end's, as they must before `attach`. */
  isPossible(peer: Progress): boolean {
    return this.#outbound.isPossible(peer)
  }

  /** A line carries the session from now on; `peer` is what the other end said on it. */
  attach(line: Line, peer: Progress): void {
    if (this.#state.kind !== 'detached') return
    this.#state = { kind: 'attached', line }
    this.#closeSent = false
    this.#heard = true
    this.#quietLooks = 0
    this.#due |= Due.ACK
    this.#try(() => {
      const freed = this.#outbound.confirm(peer)
      this.#outbound.rewind(peer.received)
      if (freed > 0) this.#user.onConfirmed(freed)
      this.#flow()
    })
  }

  /** The line carries no more. */
  detach(): void {
    if (this.#state.kind !== 'attached') return
    this.#state = DETACHED
    this.#due = 0
    this.#inbound.restart()
    this.#user.onCut()
  }

  /**
   * Takes encoded frames; they must not change until `onConfirmed` has counted them.
   *
   * @param begun frames that begin in all that was ever written, this included
   * @param tail bytes that the last of them lacks
   */
  write(segments: readonly Uint8Array[], byteLength: number, begun: number, tail: number): void {
    this.#outbound.take(segments, byteLength, begun, tail)
    this.#try(() => this.#flow())
  }

  /** Nothing more will be written. */
  end(): void {
    this.#ending = true
    this.#try(() => this.#flow())
  }

  /** Bytes have come over the line. */
  input(chunk: Uint8Array): void {
    this.#heard = true
    this.#try(() => {
      this.#inbound.push(chunk)
      // After close(), what comes may count as consumed though nobody asks for it.
      this.onConsumed()
      this.#flow()
    })
  }

  /** The line has passed on bytes that `write` had left in flight. */
  onWritten(byteLength: number): void {
    // A line may well take what nobody gets. It counts only as long as the peer cannot be asked.
    if ((this.#due & Due.PING) !== 0) this.#heard = true
    this.#outbound.onWritten(byteLength)
    this.#try(() => this.#flow())
  }

  /**
   * The user has consumed something. Returns whether `acknowledge` or `attach` will follow, before which this need not be
   * called for a single message.
   */
  onConsumed(): boolean {
    if (this.#state.kind !== 'attached') return true
    this.#inbound.count()
    if (this.#inbound.isAckDue || (this.#endConsumed && !this.#endTold)) this.#acknowledgeNow()
    else this.#wantAck()
    return this.#ackWanted
  }

  /** A moment after `onAckWanted`. */
  acknowledge(): void {
    this.#ackWanted = false
    if (this.#state.kind !== 'attached') return
    this.#inbound.count()
    if (this.#inbound.owesAck) this.#acknowledgeNow()
  }

  /** Called regularly, four times in the time in which the peer must be heard; returns whether it was. */
  lookForLife(): boolean {
    this.#giveSigns()
    this.#quietLooks = this.#heard ? 0 : this.#quietLooks + 1
    this.#heard = false
    if (this.#quietLooks >= 4) return false
    if (this.#quietLooks === 2) {
      this.#due |= Due.PING
      this.#try(() => this.#flow())
    }
    return true
  }

  /** A peer that sends a large frame over a slow line hears nothing of this end unless it is told that the line works. */
  #giveSigns(): void {
    if (this.#heard && !this.#said && this.#inbound.isInsideData) this.#acknowledgeNow()
    this.#said = false
  }

  /**
   * This end gives up. The peer is told if the line allows it.
   *
   * @param isFinal whether the peer named its final counters
   */
  lose(error: ConnectError, isFinal = false): void {
    if (this.#isOver) return
    if (this.#state.kind === 'attached' && !this.#outbound.midFrame) {
      this.#send(this.#state.line, ControlType.CLOSE, closeCodeOf(error))
    }
    this.#conclude({ kind: 'lost', error, isDropped: false, isFinal })
  }

  /** The peer has no such session any more, and says how far it had come. */
  concludeGone(peer: Progress, error: ConnectError): void {
    if (this.#isOver) return
    const isPossible = this.#outbound.isPossible(peer)
    if (isPossible) this.#confirm(peer)
    this.lose(error, isPossible)
  }

  /** The peer had ended the session cleanly, having come so far. */
  concludeEnded(peer: Progress, error: ConnectError): void {
    const isClean = this.#ending && this.#endTold && this.#outbound.isPossible(peer)
    if (!isClean) {
      this.concludeGone(peer, error)
      return
    }
    this.#confirm(peer)
    if (!this.#outbound.allConfirmed) {
      this.lose(error, true)
      return
    }
    this.#finish()
    if (!this.#isOver) this.#conclude(CLOSED)
  }

  /** Gives away what the peer may not have consumed, once the session is lost. */
  giveAway(): Unconfirmed {
    return new Unconfirmed(this.#outbound.giveAway())
  }

  onRun(bytes: Uint8Array): void {
    if (this.#state.kind !== 'attached') return
    if (this.#peerEnded) throw violation('data behind its end')
    this.#user.onFrames(bytes)
  }

  onControl(frame: Uint8Array): void {
    if (this.#state.kind !== 'attached') return
    const control = decodeControl(frame)
    if ('position' in control) this.#onStatus(control)
    else throw violation(`a frame of type ${control.type} in a session that is attached`)
  }

  get #isOver(): boolean {
    return this.#state.kind === 'closed' || this.#state.kind === 'lost'
  }

  get #endConsumed(): boolean {
    return this.#peerEnded && this.#inbound.consumed === this.#inbound.received
  }

  /** What goes wrong, which only a rule that was broken can cause, ends the session. */
  #try(run: () => void): void {
    if (this.#state.kind !== 'attached') return
    try {
      run()
    } catch (error) {
      this.lose(error as ConnectError)
    }
  }

  #onStatus(status: Status): void {
    const { received } = this.#inbound
    // What it received over earlier lines it has said before this one: beyond that, it knows only what this one carried.
    if (status.received > this.#outbound.position) {
      throw violation(
        `it has received ${counted(status.received, 'message')}, of which ${this.#outbound.position} were sent`,
      )
    }
    if (status.position !== received) {
      throw violation(`it stands behind message ${status.position}; ${received} have come`)
    }
    if (status.type === ControlType.CLOSE && status.code !== CloseCode.CLEAN) {
      this.#onGivenUp(status)
      return
    }
    this.#confirm(status)
    if (status.endConsumed) this.#onEndConsumed()
    if (status.type === ControlType.CLOSE) this.#onPeerEnd()
    if (status.type === ControlType.PING) this.#due |= Due.PONG
    if (status.done) this.#onDone()
  }

  #confirm(progress: Progress): void {
    const freed = this.#outbound.confirm(progress)
    if (freed > 0) this.#user.onConfirmed(freed)
  }

  #onEndConsumed(): void {
    if (!this.#everClosed) throw violation('it has consumed an end that was not sent')
    if (!this.#outbound.allConfirmed) throw violation('it has consumed the end and not all before it')
    this.#finish()
  }

  #finish(): void {
    if (this.#finished) return
    this.#finished = true
    this.#user.onFinish()
    if (this.#endConsumed) this.#due |= Due.ACK
  }

  #onPeerEnd(): void {
    this.#due |= Due.ACK
    if (this.#peerEnded) return
    this.#peerEnded = true
    this.#user.onPeerEnd()
    this.#inbound.count()
  }

  #onDone(): void {
    if (this.#role !== 'client' || !this.#finished || !this.#endTold) {
      throw violation('it is done before both directions are')
    }
    if (!this.#isOver) this.#conclude(CLOSED)
  }

  #onGivenUp(status: Status): void {
    const isFinal = this.#outbound.isPossible(status)
    if (isFinal) this.#confirm(status)
    const isDropped = status.code === CloseCode.ABORTED
    const why = isDropped ? 'aborted it' : `gave it up with code ${status.code}`
    const error = new ConnectError(ConnectErrorCode.CONNECTION_RESET, `the peer ${why}`)
    this.#conclude({ kind: 'lost', error, isDropped, isFinal })
  }

  #wantAck(): void {
    if (this.#ackWanted || !this.#inbound.owesAck) return
    this.#ackWanted = true
    this.#user.onAckWanted()
  }

  #acknowledgeNow(): void {
    this.#due |= Due.ACK
    this.#try(() => this.#flow())
  }

  /** Sends what may be sent: control frames at the first border of data frames, and data as far as the window goes. */
  #flow(): void {
    for (;;) {
      const state = this.#state
      if (state.kind !== 'attached' || !this.#outbound.hasRoom) return
      if (!this.#outbound.midFrame) this.#sendDue(state.line)
      if (this.#state !== state) return
      if (!this.#outbound.sendNext(state.line, this.#due !== 0)) return
    }
  }

  #sendDue(line: Line): void {
    const isCloseDue = this.#ending && !this.#closeSent && this.#outbound.allSent
    if (this.#due === 0 && !isCloseDue) return
    if (isCloseDue) {
      this.#closeSent = true
      this.#everClosed = true
      this.#send(line, ControlType.CLOSE, CloseCode.CLEAN)
    }
    const due = this.#due
    this.#due = 0
    if ((due & Due.PONG) !== 0) this.#send(line, ControlType.PONG)
    if ((due & Due.PING) !== 0) this.#send(line, ControlType.PING)
    if (due === Due.ACK && !isCloseDue) this.#send(line, ControlType.ACK)
    if (this.#isDone) this.#conclude(CLOSED)
  }

  /** Whether the server has told the client all that there is to tell. */
  get #isDone(): boolean {
    return this.#role === 'server' && this.#finished && this.#endTold
  }

  #send(line: Line, type: Status['type'], code = 0): void {
    const { progress } = this
    this.#endTold ||= this.#endConsumed
    this.#inbound.noteTold()
    const { position } = this.#outbound
    const frame = encodeControl({
      type,
      endConsumed: this.#endTold,
      done: this.#isDone,
      code,
      position,
      ...progress,
    })
    this.#said = true
    this.#outbound.sendControl(line, frame)
  }

  #conclude(state: SessionEndState): void {
    this.#state = state
    this.#due = 0
    this.#user.onOver()
  }
}
