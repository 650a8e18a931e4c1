import { must } from '../../sctp/simulation/violation.ts'
import type { Coverage } from './coverage.ts'
import type { DataFrame, StatusFrame } from './frames.ts'
import type { User } from './user.ts'
import type { WireEnd } from './wire.ts'

export interface Terms {
  readonly windowBytes: number
  readonly windowMessages: number
}

interface Progress {
  readonly received: number
  readonly consumed: number
}

/**
 * What one end of a session must be like by all that it was given and all that its user did. Everything that the end
 * says is held against this.
 */
export class ShadowEnd {
  readonly name: string
  readonly #coverage: Coverage
  /** What the peer takes. */
  readonly peerTakes: Terms
  /** Undefined at the listening end until the session is shown. */
  user: User | undefined
  /** The connection that carries the session for this end. */
  line: WireEnd | undefined
  detachedAt = 0
  /** C at that time. */
  consumedBefore = 0
  /** S, the place on this line, and A. */
  sent = 0
  position = 0
  confirmed = 0
  /** R, and R before what is being given just now. */
  received = 0
  receivedBefore = 0
  /** The highest C that was said. */
  told = 0
  /** Whether the peer has said how far it had come in the end. */
  knowsFinal = false
  /** When something last came over this line. */
  heardAt = 0
  isReading = false
  #hasSaidLast = false
  #hasHeardLast = false
  #mustSayStatus = false
  #closedLine = false
  #everClosed = false
  #pings = 0
  #peerEnded = false
  #toldEnd = false
  #isFinished = false
  /** How long it was detached behind `close()`, up to the last time. */
  #detachedMs = 0

  constructor(name: string, peerTakes: Terms, coverage: Coverage) {
    this.name = name
    this.peerTakes = peerTakes
    this.#coverage = coverage
  }

  /** C, as the user of this end knows it. */
  get consumed(): number {
    return this.user?.consumed ?? 0
  }

  /** Whether the peer knows from this end, or from itself, why this line is given up. */
  get hasSaidWhy(): boolean {
    return this.#hasSaidLast || this.knowsFinal || this.#hasHeardLast
  }

  /** A line carries the session from now on, and this is what the peer has said on it. */
  attach(line: WireEnd, peer: Progress, now: number): void {
    must(this.line === undefined, () => `${this.name}: attached to a second connection`)
    this.#detachedMs = this.detachedInClosing(now)
    this.line = line
    this.heardAt = now
    this.#mustSayStatus = true
    this.#closedLine = false
    this.#pings = 0
    this.hear(peer)
    if (peer.received < this.sent) this.#coverage.note('replay')
    this.position = peer.received
  }

  /** How long no connection has carried it since its user has called `close()`. */
  detachedInClosing(now: number): number {
    const { line, user, detachedAt } = this
    if (line !== undefined || user === undefined || !user.isClosing) return this.#detachedMs
    return this.#detachedMs + now - Math.max(detachedAt, user.closedAt)
  }

  detach(now: number): void {
    if (this.line === undefined) return
    this.line = undefined
    this.detachedAt = now
    this.consumedBefore = this.consumed
  }

  /** The peer's counters have come. */
  hear({ received, consumed }: Progress): void {
    const { name, confirmed, sent } = this
    must(
      confirmed <= consumed && consumed <= received && received <= sent,
      () => `${name}: A ${confirmed}, C ${consumed}, R ${received}, S ${sent}`,
    )
    this.confirmed = consumed
  }

  onDataSent({ bytes }: DataFrame): void {
    const { name, user } = this
    const n = this.position + 1
    must(!this.#mustSayStatus, () => `${name}: data before the first ACK`)
    must(!this.#closedLine, () => `${name}: data behind CLOSE`)
    must(user !== undefined && n <= user.offered, () => `${name}: message ${n} was never sent`)
    must(user!.messages.frameOf(n).equals(bytes), () => `${name}: other bytes for message ${n}`)
    this.#mustFit(n)
    this.position = n
    if (n > this.sent) this.sent = n
  }

  /** So much was sent of the frame that is next. */
  mustBeInside(bytes: Uint8Array): void {
    const frame = this.user!.messages.frameOf(this.position + 1)
    must(frame.subarray(0, bytes.length).equals(bytes), () => `${this.name}: other bytes inside a frame`)
  }

  onStatusSent(status: StatusFrame): void {
    const { name, position } = this
    this.#mustSayStatus = false
    must(status.position === position, () => `${name}: says position ${status.position}, not ${position}`)
    this.mustTell(status)
    if (status.type === 'CLOSE') this.#onCloseSent(status)
    if (status.type === 'PONG') must(this.#pings-- > 0, () => `${name}: PONG for nothing`)
    this.#mustTellEnd(status)
  }

  /** Counters that are said anywhere must be those of this moment. */
  mustTell({ received, consumed }: Progress): void {
    const { name } = this
    const isNow = received <= this.received && received >= this.receivedBefore
    must(isNow, () => `${name}: says R ${received}, not ${this.received}`)
    const least = Math.max(this.told, this.consumed)
    const isTrue = this.user?.isClosing
      ? consumed >= least && consumed <= received
      : consumed === this.consumed
    must(isTrue, () => `${name}: says C ${consumed}, not ${this.consumed}`)
    this.told = consumed
  }

  onDataArrived(): void {
    this.received++
  }

  onStatusArrived(status: StatusFrame): void {
    const { name } = this
    must(status.position === this.received, () => `${name}: hears position ${status.position}`)
    this.hear(status)
    if (status.type === 'PING') this.#pings++
    this.#hasHeardLast ||= status.isDone
    if (status.type === 'CLOSE') {
      if (status.code === 0) this.#peerEnded = true
      else this.knowsFinal = true
      // Whoever aborts asks for nothing, so what has come may still be read.
      if (status.code === 1 && this.user !== undefined) this.user.mayReadOn = true
    }
    if (status.endConsumed) {
      must(this.#everClosed && this.confirmed === this.sent, () => `${name}: hears of an end too early`)
      this.#isFinished = true
    }
  }

  /** PROTOCOL.md, "Windows". */
  #mustFit(n: number): void {
    const { confirmed } = this
    const { windowBytes, windowMessages } = this.peerTakes
    const bytes = this.user!.messages.bytesBetween(confirmed, n)
    if (bytes > windowBytes) this.#coverage.note('larger than the window')
    if (n === confirmed + 1) return
    must(n - confirmed <= windowMessages, () => `${this.name}: ${n - confirmed} messages in the window`)
    must(bytes <= windowBytes, () => `${this.name}: ${bytes} bytes in the window`)
  }

  #onCloseSent({ code }: StatusFrame): void {
    const { name, user } = this
    if (code !== 0) {
      this.#coverage.note('CLOSE with a code')
      this.#hasSaidLast = true
      // A listener that closes gives up what it has shown to nobody.
      const right = user?.hasAborted ? 1 : user === undefined || user.isClosing ? 4 : undefined
      must(code === right, () => `${name}: CLOSE with code ${code}, not ${right}`)
      return
    }
    must(!this.#closedLine, () => `${name}: CLOSE twice`)
    const mayEnd = user !== undefined && (user.hasEnded || user.sawEnd)
    must(
      mayEnd && this.position === this.sent && this.sent >= user.accepted,
      () => `${name}: CLOSE too early`,
    )
    if (this.#everClosed) this.#coverage.note('CLOSE again')
    this.#closedLine = true
    this.#everClosed = true
  }

  /** What comes in the middle of a chunk is not known to have been read. */
  #mustTellEnd({ endConsumed, isDone, consumed, received }: StatusFrame): void {
    const { name } = this
    const isDue = this.#peerEnded && consumed === received
    must(!endConsumed || isDue || this.#toldEnd, () => `${name}: says that an end was consumed`)
    must(
      endConsumed || this.isReading || !(isDue || this.#toldEnd),
      () => `${name}: keeps quiet about an end`,
    )
    this.#toldEnd ||= endConsumed
    this.#hasSaidLast ||= isDone
    must(!isDone || (this.#isFinished && this.#toldEnd), () => `${name}: says too early that it is done`)
  }
}
