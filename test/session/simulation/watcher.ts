import { must } from '../../sctp/simulation/violation.ts'
import type { VirtualClock } from '../../sctp/simulation/virtual-clock.ts'
import type { Coverage } from './coverage.ts'
import type { EventLog } from './event-log.ts'
import { Flow } from './flow.ts'
import type { Frame, StatusFrame } from './frames.ts'
import { Greetings, type Visit } from './greetings.ts'
import type { ServerModel } from './server-model.ts'
import type { ShadowEnd } from './shadow-end.ts'
import type { ShadowSession } from './shadow-session.ts'
import type { Slot } from './slot.ts'
import type { WireEnd, WireWatch } from './wire.ts'

interface Side {
  readonly visit: Visit
  readonly isNear: boolean
  /** What this end sends. */
  readonly flow: Flow
  readonly id: number
  hasLeft: boolean
}

/** An end has given a connection up, for a reason that is looked for when the event is over. */
export interface Departure {
  readonly visit: Visit
  readonly isNear: boolean
  /** The end of a session that it carried. */
  readonly end: ShadowEnd | undefined
  readonly isMidFrame: boolean
  readonly at: number
  readonly heardAt: number
  readonly hasUnread: boolean
}

/** Reads what goes over all wires, and holds it against the model. */
export class Watcher implements WireWatch {
  readonly #clock: VirtualClock
  readonly #coverage: Coverage
  readonly #log: EventLog
  readonly #greetings: Greetings
  readonly #sides = new Map<WireEnd, Side>()
  /** The client's end of the last connection that it has made. */
  readonly #latest = new Map<Slot, WireEnd>()
  readonly visits: Visit[] = []
  /** Called for each status frame that is about to be sent. */
  onStatus: (end: WireEnd, status: StatusFrame) => void = () => {}
  readonly departures: Departure[] = []
  /** The first thing that was wrong. It is not thrown from here, where the code under test could catch it. */
  failure: { readonly cause: unknown } | undefined

  constructor(clock: VirtualClock, coverage: Coverage, log: EventLog) {
    this.#clock = clock
    this.#coverage = coverage
    this.#log = log
    this.#greetings = new Greetings(clock, coverage)
  }

  get sessions(): readonly ShadowSession[] {
    return this.#greetings.sessions
  }

  onWire(near: WireEnd, far: WireEnd, slot: Slot, server: ServerModel): Visit {
    const visit: Visit = {
      slot,
      server,
      near,
      far,
      openedAt: this.#clock.now,
      hello: undefined,
      helloArrived: false,
      answer: undefined,
      answerArrived: false,
      session: undefined,
    }
    const before = this.#latest.get(slot)
    const isAlone = before === undefined || this.#sides.get(before)!.hasLeft
    this.#try(() => must(isAlone, 'a client has two connections'))
    this.#latest.set(slot, near)
    for (const [i, end] of [near, far].entries()) {
      end.watch = this
      const id = this.visits.length * 2 + i
      this.#sides.set(end, { visit, isNear: i === 0, flow: new Flow(), id, hasLeft: false })
    }
    this.visits.push(visit)
    return visit
  }

  onSent(end: WireEnd, bytes: Uint8Array): void {
    const side = this.#sides.get(end)!
    this.#log.note(this.#clock.now * 1000, 1, side.id, bytes.length)
    this.#try(() => side.flow.send(bytes, frame => this.#say(side, end, frame)))
  }

  onArriving(end: WireEnd, byteLength: number): void {
    const side = this.#sides.get(end)!
    const { flow } = this.#sides.get(end.peer)!
    this.#log.note(this.#clock.now * 1000, 2, side.id, byteLength)
    const carried = this.#carriedBy(end, side)
    if (carried !== undefined) {
      carried.receivedBefore = carried.received
      carried.isReading = true
      carried.heardAt = this.#clock.now
    }
    if (side.hasLeft && this.#hasMovedOn(side)) this.#coverage.note('bytes after their time')
    this.#try(() =>
      flow.arrive(byteLength, frame => {
        if (!side.hasLeft) this.#hear(side, end, frame)
      }),
    )
  }

  onArrived(end: WireEnd): void {
    const { visit, isNear } = this.#sides.get(end)!
    const { session } = visit
    if (session === undefined) return
    const carried = isNear ? session.client : session.server
    carried.isReading = false
    carried.receivedBefore = carried.received
  }

  onLeft(end: WireEnd, midFrame: boolean): void {
    const side = this.#sides.get(end)!
    this.#try(() =>
      must(midFrame === side.flow.rest.length > 0, () => `given up, inside a frame: ${midFrame}`),
    )
    if (side.hasLeft) return
    const { visit, isNear } = side
    const carried = this.#carriedBy(end, side)
    const { now } = this.#clock
    this.#log.note(now * 1000, 3, side.id)
    side.hasLeft = true
    const heardAt = carried?.heardAt ?? visit.openedAt
    this.departures.push({
      visit,
      isNear,
      end: carried,
      isMidFrame: midFrame,
      at: now,
      heardAt,
      hasUnread: end.hasUnread,
    })
    this.#detach(end, side)
  }

  onGone(end: WireEnd): void {
    const side = this.#sides.get(end)!
    this.#log.note(this.#clock.now * 1000, 4, side.id)
    if (!side.hasLeft) this.#detach(end, side)
    side.hasLeft = true
  }

  #try(look: () => void): void {
    try {
      look()
    } catch (cause) {
      this.failure ??= { cause }
    }
  }

  #detach(end: WireEnd, side: Side): void {
    const { visit, flow } = side
    const carried = this.#carriedBy(end, side)
    if (flow.rest.length > 0 && carried !== undefined) {
      this.#coverage.note('reset inside a frame')
      this.#try(() => carried.mustBeInside(flow.rest))
    }
    if (visit.session !== undefined && this.#sides.get(end.peer)!.flow.hasArrivedInPart) {
      this.#coverage.note('frame cut')
    }
    this.#noteHandshake(side)
    carried?.detach(this.#clock.now)
  }

  #noteHandshake({ visit, isNear }: Side): void {
    const { hello, answer, answerArrived, helloArrived, session } = visit
    if (isNear || hello === undefined) return
    if (!helloArrived) this.#coverage.note('HELLO cut')
    else if (answer?.kind === 'welcome' && !answerArrived) {
      this.#coverage.note(hello.isNew ? 'WELCOME lost, new' : 'WELCOME lost, resumed')
    } else if (answer?.kind === 'welcome' && session?.isShown === false) {
      this.#coverage.note('cut before it is shown')
    }
  }

  #carriedBy(end: WireEnd, { visit, isNear }: Side): ShadowEnd | undefined {
    const carried = isNear ? visit.session?.client : visit.session?.server
    return carried?.line === end ? carried : undefined
  }

  #hasMovedOn({ visit, isNear }: Side): boolean {
    return (isNear ? visit.slot.session?.client : visit.session?.server)?.line !== undefined
  }

  #say(side: Side, end: WireEnd, frame: Frame): void {
    const { visit, isNear } = side
    this.#log.note(...numbersOf(frame))
    if (isNear && visit.hello === undefined) this.#greetings.onHelloSent(visit, frame)
    else if (!isNear && visit.answer === undefined) this.#greetings.onAnswerSent(visit, frame)
    else {
      const carried = this.#carriedBy(end, side)
      must(carried !== undefined, () => `${frame.kind} on a connection that carries nothing`)
      if (frame.kind === 'data') carried.onDataSent(frame)
      else if (frame.kind === 'status') {
        if (frame.type === 'PING') this.#coverage.note('PING')
        carried.onStatusSent(frame)
        this.onStatus(end, frame)
      } else must(false, () => `${frame.kind} in a session`)
    }
  }

  #hear(side: Side, end: WireEnd, frame: Frame): void {
    const { visit, isNear } = side
    if (frame.kind === 'hello') this.#greetings.onHelloArrived(visit, frame)
    else if (frame.kind === 'welcome') this.#greetings.onWelcomeArrived(visit, frame)
    else if (frame.kind === 'reject') this.#greetings.onRejectArrived(visit, frame)
    else {
      const carried = this.#carriedBy(end, side)
      must(
        carried !== undefined,
        () => `${isNear ? 'the client' : 'the server'} hears ${frame.kind} too early`,
      )
      if (frame.kind === 'data') carried.onDataArrived()
      else carried.onStatusArrived(frame)
    }
  }
}

function numbersOf(frame: Frame): readonly number[] {
  if (frame.kind === 'data') return [10, frame.bytes.length]
  if (frame.kind === 'hello') return [11, frame.epoch, frame.received, frame.consumed]
  if (frame.kind === 'welcome') return [12, frame.epoch, frame.received, frame.consumed]
  if (frame.kind === 'reject') return [13, frame.code, frame.received, frame.consumed]
  return [14, frame.code, frame.position, frame.received, frame.consumed]
}
