import { ConnectError } from '../../../src/errors.ts'
import type { Association } from '../../../src/transport/sctp/association/association.ts'
import type { AssociationUser } from '../../../src/transport/sctp/association/association-user.ts'
import { causeWithText } from '../../../src/transport/sctp/wire/causes.ts'
import type { Chance } from './chance.ts'
import { StreamBytes } from './stream-bytes.ts'
import { must } from './violation.ts'

const NEVER = Number.POSITIVE_INFINITY
const USER_INITIATED_ABORT = 12

export interface UserPlan {
  /** The lengths of the segments of each write. */
  readonly writes: readonly (readonly number[])[]
  /** Time between two writes, up to so many ms. */
  readonly writeGapMs: number
  /** Writes nothing more while so much is not acknowledged. */
  readonly unacknowledgedBytes: number
  /** How long it reads nothing at first, in ms. */
  readonly readsAfterMs: number
  /** Time between two reads, up to so many ms, for so many reads; afterwards everything is read at once. */
  readonly readGapMs: number
  readonly slowReads: number
  /** When it ends its direction: behind its last write, or only when the peer has ended as well. */
  readonly ends: 'first' | 'second'
  /** When it breaks off, in ms from when the association is up. */
  readonly abortsAfterMs: number
  /** Whether it must end soon after the peer has: plain SHUTDOWN gives it no more time. */
  readonly hurries: boolean
}

/** What a program does with its association, or with whatever stands for it. */
export type Served = Pick<Association, 'send' | 'end' | 'abort' | 'consumed'>

/** Bytes of a write that nobody may look at any longer are made into these. */
const GONE = 0xee

/** A program at one end: writes, reads, pauses, ends, breaks off; and checks all that it is told. */
export class User implements AssociationUser {
  readonly plan: UserPlan
  readonly name: string
  /** Who is at the other end; undefined while that has not begun, and for ever where the network's copy of a packet did. */
  partner: User | undefined
  isUp = false
  written = 0
  acknowledged = 0
  received = 0
  consumed = 0
  hasEnded = false
  hasFinished = false
  peerHasEnded = false
  hasAborted = false
  isClosed = false
  error: ConnectError | undefined
  /** Its machine has lost everything: it is never called again. */
  hasVanished = false
  /** Whether the packet that is being taken is not what was sent. */
  isFed: () => boolean = () => false
  readonly #bytes: StreamBytes
  readonly #chance: Chance
  readonly #unacknowledged: Uint8Array[] = []
  #acknowledgedOfFirst = 0
  #nextWrite = 0
  #reads = 0
  #writeAt = NEVER
  #readAt = NEVER
  #endAt = NEVER
  #abortAt = NEVER

  constructor(name: string, plan: UserPlan, chance: Chance) {
    this.name = name
    this.plan = plan
    this.#chance = chance
    this.#bytes = new StreamBytes(chance.bits())
  }

  vanish(): void {
    this.hasVanished = true
  }

  /** When it has something to do. */
  get wakeAt(): number {
    if (this.#isGone || !this.isUp) return NEVER
    return Math.min(
      this.#mayWrite ? this.#writeAt : NEVER,
      this.#hasWritten && !this.hasEnded ? this.#endAt : NEVER,
      this.received > this.consumed ? this.#readAt : NEVER,
      this.#abortAt,
    )
  }

  /** Does what is due. */
  act(association: Served, now: number): void {
    if (this.#isGone || !this.isUp) return
    if (this.#writeAt === NEVER) this.#start(now)
    this.#read(association, now)
    this.#write(association, now)
    this.#end(association, now)
    if (now < this.#abortAt) return
    this.hasAborted = true
    association.abort(causeWithText(USER_INITIATED_ABORT, ''))
  }

  onUp(): void {
    this.#check('onUp')
    must(!this.isUp, `${this.name}: up twice`)
    this.isUp = true
  }

  onData(bytes: Uint8Array): void {
    this.#check('onData')
    must(this.isUp && !this.peerHasEnded, `${this.name}: data before the start or behind the end`)
    must(bytes.length > 0, `${this.name}: no data`)
    const { partner } = this
    must(partner !== undefined, `${this.name}: data that nobody has sent`)
    must(
      partner.hasWritten(this.received, bytes),
      () => `${this.name}: other bytes than were sent, at ${this.received}`,
    )
    this.received += bytes.length
  }

  onEnd(): void {
    this.#check('onEnd')
    must(!this.peerHasEnded, `${this.name}: ended twice`)
    const { partner } = this
    must(partner?.hasEnded === true, `${this.name}: an end that nobody has wanted`)
    must(
      this.received === partner.written,
      `${this.name}: an end behind ${this.received} of ${partner.written}`,
    )
    this.peerHasEnded = true
  }

  onAcknowledged(byteLength: number): void {
    this.#check('onAcknowledged')
    this.acknowledged += byteLength
    must(
      this.acknowledged <= (this.partner?.received ?? 0),
      `${this.name}: ${this.acknowledged} acknowledged, ${this.partner?.received} received`,
    )
    this.#forget(byteLength)
  }

  onFinish(): void {
    this.#check('onFinish')
    must(this.hasEnded && !this.hasFinished, `${this.name}: finished twice, or without an end`)
    must(this.partner?.received === this.written, `${this.name}: finished before the peer had everything`)
    must(this.acknowledged === this.written, `${this.name}: finished before all was acknowledged`)
    this.hasFinished = true
  }

  onClosed(error?: ConnectError): void {
    this.#check('onClosed')
    this.isClosed = true
    this.error = error
    if (error === undefined) {
      must(this.hasFinished && this.peerHasEnded, `${this.name}: closed without a word before both had ended`)
    } else must(error instanceof ConnectError, `${this.name}: closed by ${String(error)}`)
  }

  /** Whether it has written these bytes, at that place. */
  hasWritten(place: number, bytes: Uint8Array): boolean {
    return place + bytes.length <= this.written && this.#bytes.has(place, bytes)
  }

  /** Writes that it has made so far. */
  get writes(): number {
    return this.#nextWrite
  }

  get #isGone(): boolean {
    return this.isClosed || this.hasAborted || this.hasVanished
  }

  get #hasWritten(): boolean {
    return this.#nextWrite === this.plan.writes.length
  }

  get #mayWrite(): boolean {
    return !this.#hasWritten && this.written - this.acknowledged < this.plan.unacknowledgedBytes
  }

  #check(what: string): void {
    must(!this.#isGone, () => `${this.name}: ${what} behind the last call`)
    must(!this.isFed(), () => `${this.name}: ${what} by a packet that was changed on its way`)
  }

  #start(now: number): void {
    this.#writeAt = now + this.#gap(this.plan.writeGapMs)
    this.#readAt = now + this.plan.readsAfterMs + this.#gap(this.plan.readGapMs)
    this.#endAt = this.plan.ends === 'first' ? now + this.#gap(this.plan.writeGapMs) : NEVER
    this.#abortAt = now + this.plan.abortsAfterMs
  }

  /** Mostly short, seldom as long as can be. */
  #gap(mostMs: number): number {
    return mostMs === 0 || this.#chance.yes(0.3) ? 0 : this.#chance.magnitude(1, mostMs)
  }

  #read(association: Served, now: number): void {
    const ready = this.received - this.consumed
    if (ready === 0 || now < this.#readAt) return
    const isSlow = this.#reads++ < this.plan.slowReads
    const taken = isSlow && this.#chance.yes(0.5) ? this.#chance.between(1, ready) : ready
    this.consumed += taken
    association.consumed(taken, now)
    this.#readAt = isSlow ? now + this.#gap(this.plan.readGapMs) : 0
  }

  #write(association: Served, now: number): void {
    const hurries = this.plan.hurries && this.peerHasEnded
    while (hurries ? !this.#hasWritten : this.#mayWrite && now >= this.#writeAt) {
      const lengths = this.plan.writes[this.#nextWrite++]!
      const segments = lengths.map(length => {
        const segment = this.#bytes.at(this.written, length)
        this.written += length
        return segment
      })
      this.#unacknowledged.push(...segments)
      association.send(segments)
      this.#writeAt = now + this.#gap(this.plan.writeGapMs)
    }
  }

  #end(association: Served, now: number): void {
    if (this.hasEnded || !this.#hasWritten) return
    if (this.peerHasEnded) this.#endAt = Math.min(this.#endAt, now)
    if (now < this.#endAt) return
    this.hasEnded = true
    association.end(now)
  }

  /** What was acknowledged may be changed. */
  #forget(byteLength: number): void {
    this.#acknowledgedOfFirst += byteLength
    for (let first = this.#unacknowledged[0]; first !== undefined; first = this.#unacknowledged[0]) {
      if (this.#acknowledgedOfFirst < first.length) return
      this.#acknowledgedOfFirst -= first.length
      first.fill(GONE)
      this.#unacknowledged.shift()
    }
  }
}
