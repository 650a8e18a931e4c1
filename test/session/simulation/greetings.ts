import { createHmac } from 'node:crypto'
import { must } from '../../sctp/simulation/violation.ts'
import type { VirtualClock } from '../../sctp/simulation/virtual-clock.ts'
import type { Coverage, Kind } from './coverage.ts'
import type { Frame, HelloFrame, RejectFrame, WelcomeFrame } from './frames.ts'
import type { ServerModel } from './server-model.ts'
import { ShadowSession } from './shadow-session.ts'
import type { Slot } from './slot.ts'
import type { WireEnd } from './wire.ts'

/** A connection that a client has made to the listener. */
export interface Visit {
  readonly slot: Slot
  readonly server: ServerModel
  readonly near: WireEnd
  readonly far: WireEnd
  readonly openedAt: number
  hello: HelloFrame | undefined
  helloArrived: boolean
  answer: WelcomeFrame | RejectFrame | undefined
  answerArrived: boolean
  session: ShadowSession | undefined
}

const REFUSALS: Readonly<Record<number, Kind>> = {
  2: 'refused: unknown',
  4: 'refused: full',
  6: 'refused: ended',
  7: 'refused: lost',
}

const UNKNOWN = 2

/** PROTOCOL.md, "Resuming": what any listener could say is believed when so many tries were answered so. */
const BELIEVED_REFUSALS = 3

/** What is said before a connection carries a session. */
export class Greetings {
  readonly #clock: VirtualClock
  readonly #coverage: Coverage
  readonly sessions: ShadowSession[] = []

  constructor(clock: VirtualClock, coverage: Coverage) {
    this.#clock = clock
    this.#coverage = coverage
  }

  onHelloSent(visit: Visit, hello: Frame): void {
    const { slot } = visit
    const { session, settings } = slot
    must(hello.kind === 'hello', () => `${hello.kind} before HELLO`)
    visit.hello = hello
    const { windowBytes, windowMessages } = settings.session!
    must(
      hello.windowBytes === windowBytes && hello.windowMessages === windowMessages,
      'other windows in HELLO',
    )
    must(hello.isNew === (session === undefined), 'a wrong kind of HELLO')
    if (session === undefined) {
      must(hello.epoch === 1 && hello.received === 0 && hello.consumed === 0, 'a new session has counters')
      return
    }
    const { client } = session
    must(client.line === undefined, 'HELLO while another connection carries the session')
    must(hello.id === session.id && hello.epoch > session.epochSaid, () => `HELLO of epoch ${hello.epoch}`)
    must(hello.received === client.received, () => `HELLO says R ${hello.received}, not ${client.received}`)
    const most = client.user?.isClosing ? client.received : client.consumed
    // What was consumed while the proof was made may not be in it.
    must(
      hello.consumed >= client.told && hello.consumed <= most,
      () => `HELLO says C ${hello.consumed}, not ${client.consumed}`,
    )
    const proof = createHmac('sha256', session.key).update(hello.proved).digest()
    must(proof.equals(hello.proof), 'a wrong proof')
    client.told = hello.consumed
    session.epochSaid = hello.epoch
  }

  onAnswerSent(visit: Visit, answer: Frame): void {
    const { hello, server } = visit
    must(hello !== undefined && visit.helloArrived, () => `${answer.kind} before HELLO has come`)
    if (answer.kind === 'reject') server.mustRefuse(hello, answer, this.#clock.now)
    else if (answer.kind === 'welcome') this.#onWelcomeSent(visit, hello, answer)
    else must(false, () => `${answer.kind} before WELCOME`)
    visit.answer = answer as WelcomeFrame | RejectFrame
  }

  #onWelcomeSent(visit: Visit, hello: HelloFrame, welcome: WelcomeFrame): void {
    const { server, slot, far } = visit
    const { windowBytes, windowMessages, retentionMs } = server.settings.session!
    must(welcome.isNew === hello.isNew && welcome.epoch === hello.epoch, 'WELCOME for another HELLO')
    must(welcome.windowBytes === windowBytes && welcome.windowMessages === windowMessages, 'other windows')
    must(welcome.retentionMs === retentionMs, 'another retention time')
    let session = server.sessions.get(welcome.id)
    const isBlank = welcome.key.every(byte => byte === 0)
    if (hello.isNew) {
      must(session === undefined && !isBlank, 'a new session without id or key of its own')
      server.mustHaveRoom(this.#clock.now)
      session = new ShadowSession(slot, hello, welcome, this.#coverage)
      server.sessions.set(session.id, session)
      this.sessions.push(session)
    } else {
      must(session !== undefined && welcome.id === hello.id && isBlank, 'WELCOME for another session')
      must(hello.epoch > session.epochTaken, () => `epoch ${hello.epoch} behind ${session!.epochTaken}`)
      must(!session.isShown || server.alive.includes(session), 'WELCOME for a session that is over')
    }
    session.server.mustTell(welcome)
    session.epochTaken = hello.epoch
    visit.session = session
    session.server.attach(far, hello, this.#clock.now)
  }

  onHelloArrived(visit: Visit, { id, epoch }: HelloFrame): void {
    visit.helloArrived = true
    const known = visit.server.sessions.get(id)
    if (known !== undefined && epoch <= known.epochTaken) this.#coverage.note('HELLO too late')
  }

  onWelcomeArrived(visit: Visit, welcome: WelcomeFrame): void {
    const { slot, near } = visit
    const session = visit.session!
    visit.answerArrived = true
    if (welcome.isNew) {
      must(slot.session === undefined, 'a client begins two sessions')
      slot.session = session
      session.client.user = slot.client
    }
    must(slot.session === session, 'a client is welcomed to another session')
    session.strangers = 0
    session.client.attach(near, welcome, this.#clock.now)
    session.client.isReading = true
    session.client.receivedBefore = session.client.received
  }

  onRejectArrived(visit: Visit, reject: RejectFrame): void {
    visit.answerArrived = true
    const { session } = visit.slot
    const kind = REFUSALS[reject.code]
    if (kind !== undefined) this.#coverage.note(kind)
    if (session === undefined) {
      visit.slot.refusals++
      return
    }
    if (reject.code === UNKNOWN && ++session.strangers < BELIEVED_REFUSALS) {
      this.#coverage.note('refused: unknown, and tried again')
      return
    }
    session.refusal = reject.code
    if (!reject.isKnown) return
    if (reject.consumed > session.client.confirmed) this.#coverage.note('final count above the last heard')
    session.client.hear(reject)
    session.client.knowsFinal = true
  }
}
