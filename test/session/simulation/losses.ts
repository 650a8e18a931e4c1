import type { ConnectError } from '../../../src/errors.ts'
import { SessionLostError } from '../../../src/session/session-lost-error.ts'
import { must } from '../../sctp/simulation/violation.ts'
import type { Coverage, Kind } from './coverage.ts'
import { costBetween, leastKeptBy } from './referee.ts'
import type { ServerModel } from './server-model.ts'
import type { ShadowEnd } from './shadow-end.ts'
import type { ShadowSession } from './shadow-session.ts'
import type { Watcher } from './watcher.ts'

/** No session is lost without a cause, and what a lost one shows is exact. */
export class Losses {
  readonly #watcher: Watcher
  readonly #coverage: Coverage

  constructor(watcher: Watcher, coverage: Coverage) {
    this.#watcher = watcher
    this.#coverage = coverage
  }

  /** Looks whether an end of the session is over since the last event, and if so, why. */
  look(session: ShadowSession, server: ServerModel, now: number): void {
    const { client } = session
    if (session.clientOverAt === undefined && isOver(client)) {
      session.clientOverAt = now
      client.user!.readAtLoss = client.user!.read
      if (client.user!.isLost) this.#explainClient(session, server, now)
    }
    if (session.serverOverAt === undefined && isOver(session.server)) {
      session.serverOverAt = now
      session.server.user!.readAtLoss = session.server.user!.read
      if (session.server.user!.isLost) this.#explainServer(session, server, now)
    }
  }

  /** When all is over. */
  checkEnd(session: ShadowSession): void {
    const { client, server } = session
    for (const end of [client, server]) this.#checkOutcome(end)
    // The server is the first to know of a clean end.
    const isOdd = stateOf(client) === 'closed' && stateOf(server) === 'lost'
    must(!isOdd, 'the client has ended cleanly, and the server has lost the session')
    this.#checkUnconfirmed(client, server, 'unconfirmed at the client')
    this.#checkUnconfirmed(server, client, 'unconfirmed at the server')
    if (countOf(client) > 0 && countOf(server) > 0) this.#coverage.note('both unconfirmed')
  }

  #explainClient({ client, slot, refusal }: ShadowSession, server: ServerModel, now: number): void {
    const keptForMs = slot.settings.session!.retryForMs ?? server.settings.session!.retentionMs
    if (this.#isOwn(client, slot.settings.closeTimeoutMs, keptForMs, now)) return
    // The listener has ended it only when the client had nothing to come, either.
    must(refusal !== 6, 'the client has lost a session that had ended cleanly')
    if (client.knowsFinal || refusal !== undefined) return
    must(
      client.line === undefined && now - client.detachedAt >= keptForMs,
      'the client has lost a session without cause',
    )
    const isAnswered = this.#watcher.visits.some(visit => visit.slot === slot && visit.near.hasUnread)
    must(!isAnswered, 'the client has lost a session with an answer that it has not read')
    this.#coverage.note('lost by the client in time')
  }

  #explainServer(session: ShadowSession, model: ServerModel, now: number): void {
    const { server } = session
    const { closedAt, settings } = model
    const { retentionMs } = settings.session!
    if (this.#isOwn(server, settings.closeTimeoutMs, retentionMs, now) || server.knowsFinal) return
    must(server.line === undefined, 'the listener has lost a session that is attached, without cause')
    if (closedAt !== undefined) return
    const bound = boundBeyond(session, model, now)
    if (now - server.detachedAt < retentionMs) {
      must(bound !== undefined, 'the listener has lost a session without cause')
      this.#coverage.note(bound)
      return
    }
    const isAsked = this.#watcher.visits.some(({ hello, far }) => hello?.id === session.id && far.hasUnread)
    must(!isAsked || bound !== undefined, 'the listener has lost a session with an unread HELLO for it')
    this.#coverage.note('lost by the server in time')
  }

  /** By its user, or because closing takes too long: over connections, or without one. */
  #isOwn(end: ShadowEnd, closeTimeoutMs: number, keptForMs: number, now: number): boolean {
    const user = end.user!
    if (user.hasAborted) return true
    if (!user.isClosing) return false
    const detachedMs = end.detachedInClosing(now)
    if (detachedMs >= keptForMs) {
      this.#coverage.note('lost in closing, detached again and again')
      return true
    }
    const isStalled = now - user.closedAt - detachedMs >= closeTimeoutMs
    if (isStalled) this.#coverage.note('lost in closing')
    return isStalled
  }

  /** It ended cleanly, or it was lost; there is nothing between. */
  #checkOutcome({ name, user }: ShadowEnd): void {
    if (user === undefined || user.isGone) return
    const { state } = user.connection!.session!
    const hasClosed = user.closedCleanly || user.ending.kind === 'abort'
    const isClean = hasClosed && user.sawEnd && user.error === undefined
    const isRight = state === 'closed' ? isClean : state === 'lost' && user.error !== undefined
    must(isRight, () => `${name}: ${state}, and ${user.error?.message ?? 'no error'}`)
  }

  #checkUnconfirmed(end: ShadowEnd, other: ShadowEnd, kind: Kind): void {
    const { user, confirmed, name } = end
    const error = user?.error
    if (user === undefined || user.isGone || error === undefined) return
    if (user.hasAborted) must(error.code === 'ABORTED', () => `${name}: aborted, and got ${error.code}`)
    if (!(error instanceof SessionLostError)) {
      const isAsked = error.code === 'ABORTED' && user.isAborting
      must(isAsked, () => `${name}: ${error.code} in a session`)
      return
    }
    const { unconfirmed } = error
    must(
      unconfirmed.length === user.accepted - confirmed,
      () => `${name}: ${unconfirmed.length} unconfirmed, ${confirmed} of ${user.accepted} confirmed`,
    )
    for (const [i, { recipient, data }] of unconfirmed.entries()) {
      const n = confirmed + 1 + i
      const isRight = recipient === user.messages.recipientOf(n) && user.messages.dataOf(n).equals(data)
      must(isRight, () => `${name}: another message than ${n} is unconfirmed`)
    }
    must(error.exact === (end.knowsFinal || unconfirmed.length === 0), () => `${name}: exact: ${error.exact}`)
    if (error.exact && unconfirmed.length > 0) this.#coverage.note('unconfirmed, exactly')
    if (unconfirmed.length > 0) this.#coverage.note(kind)
    this.#checkFinal(end, other)
  }

  /** What the other's user has consumed in the end is confirmed, as far as this end was told. */
  #checkFinal({ name, confirmed, knowsFinal }: ShadowEnd, { user, received }: ShadowEnd): void {
    if (user === undefined) {
      must(confirmed === 0, () => `${name}: ${confirmed} confirmed by nobody`)
      return
    }
    const most = user.isClosing ? (user.isGone ? received : user.read) : user.consumed
    must(confirmed <= most, () => `${name}: ${confirmed} confirmed, ${most} consumed`)
    if (!knowsFinal || user.isGone) return
    // What came behind close() may have been read since, but for what does not count as consumed.
    const least = user.isClosing ? Math.max(confirmed, user.readAtLoss) : confirmed
    must(most <= least, () => `${name}: told of ${confirmed}, and ${most} were consumed`)
  }
}

function stateOf({ user }: ShadowEnd): string | undefined {
  return user?.connection?.session?.state
}

function isOver(end: ShadowEnd): boolean {
  const state = stateOf(end)
  return state === 'lost' || state === 'closed'
}

function isDetached({ isShown, server }: ShadowSession): boolean {
  return isShown && server.line === undefined
}

/** The bound of the listener by which the session had to be lost. */
function boundBeyond(session: ShadowSession, model: ServerModel, now: number): Kind | undefined {
  const { maxDetachedSessions, maxDetachedBytes } = model.settings.session!
  if (model.roomMadeAt === now && !isUsed(session)) return 'never used made room'
  // Those that nobody was shown are lost before any other.
  const others = [...model.sessions.values()].filter(other => other !== session && isDetached(other))
  const rest = others.filter(other => !isOver(other.server))
  const lostWith = others.filter(other => isOver(other.server) && isLostNow(other, now))
  const all = [session, ...rest, ...lostWith]
  if (all.length > maxDetachedSessions && !rest.some(other => goesBefore(other, session))) {
    return isUsed(session) ? 'too many detached' : 'too many detached, and never used'
  }
  const kept = all.reduce((sum, each) => sum + mostKeptBy(each), 0)
  const isHeaviest = !rest.some(other => leastKeptBy(other) > mostKeptBy(session))
  return kept > maxDetachedBytes && isHeaviest ? 'too many bytes detached' : undefined
}

/** Whether a datagram has come, or was consumed. */
function isUsed({ server: { received, confirmed } }: ShadowSession): boolean {
  return received > 0 || confirmed > 0
}

/** Whether a table that has too many does without the one before it does without the other; all are from one place. */
function goesBefore(one: ShadowSession, other: ShadowSession): boolean {
  if (isUsed(one) !== isUsed(other)) return !isUsed(one)
  return one.server.detachedAt < other.server.detachedAt
}

/** The listener knows by chunks, or by lists of small ones, how much of what came is read. */
const LIST_COST = 64 * 1024

/** The most that the session keeps at the listener: what `send` may have taken, and what may not have been read. */
function mostKeptBy({ client, server }: ShadowSession): number {
  const { confirmed, user, received, consumedBefore } = server
  if (user === undefined) return 0
  const sent = costBetween(user, confirmed, user.offered)
  if (client.user === undefined) return sent
  const unread = costBetween(client.user, consumedBefore, received)
  return sent + Math.min(costBetween(client.user, 0, received), unread + LIST_COST)
}

/** Whether it was lost in this very event. */
function isLostNow({ serverOverAt }: ShadowSession, now: number): boolean {
  return serverOverAt === undefined || serverOverAt === now
}

function countOf({ user }: ShadowEnd): number {
  const error: ConnectError | undefined = user?.error
  return error instanceof SessionLostError ? error.unconfirmed.length : 0
}
