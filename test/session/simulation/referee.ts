import { must } from '../../sctp/simulation/violation.ts'
import type { Coverage } from './coverage.ts'
import type { ServerModel } from './server-model.ts'
import type { ShadowEnd } from './shadow-end.ts'
import type { ShadowSession } from './shadow-session.ts'
import type { User } from './user.ts'
import type { Departure } from './watcher.ts'

/** What holds after every event, whatever happens. */
export class Referee {
  readonly #coverage: Coverage
  /** Since when a bound of the listener's table does not hold. */
  #beyondSince: number | undefined

  constructor(coverage: Coverage) {
    this.#coverage = coverage
  }

  checkSession({ client, server }: ShadowSession): void {
    this.#checkDirection(client, server)
    this.#checkDirection(server, client)
  }

  /** A <= C <= R <= S, across the two ends, and what is kept and what waits is bounded. */
  #checkDirection(from: ShadowEnd, to: ShadowEnd): void {
    const { user } = from
    if (user === undefined) return
    const consumed = to.user?.isClosing ? to.received : to.consumed
    const inOrder =
      from.confirmed <= consumed &&
      consumed <= to.received &&
      to.received <= from.sent &&
      from.sent <= user.offered
    must(
      inOrder,
      () =>
        `${from.name}: A ${from.confirmed}, C ${consumed}, R ${to.received}, S ${from.sent}, ${user.offered} taken`,
    )
    this.#checkKept(from, user)
    if (to.user !== undefined) this.#checkUnread(from, to, to.user)
  }

  #checkKept(from: ShadowEnd, user: User): void {
    const { confirmed } = from
    const bytes = user.messages.bytesBetween(confirmed, Math.max(confirmed, user.accepted))
    const isBounded = bytes <= user.sendQueueBytes || user.accepted - confirmed === 1
    must(isBounded, () => `${from.name}: ${bytes} bytes are kept`)
  }

  /** Behind `close()`, what has come counts as consumed up to one window, and another may come. */
  #checkUnread(from: ShadowEnd, to: ShadowEnd, reader: User): void {
    if (!reader.isLost && !reader.isGone) {
      const received = reader.connection!.reader.received
      must(received === to.received, () => `${to.name}: ${received} came out of ${to.received}`)
    }
    const { windowBytes, windowMessages } = from.peerTakes
    const { messages } = from.user!
    const count = to.received - reader.read
    const bytes = messages.bytesBetween(reader.read, Math.max(to.received, reader.read))
    if (count <= 1) return
    if (reader.isClosing)
      must(bytes <= 2 * windowBytes + messages.largest, () => `${to.name}: ${bytes} bytes wait`)
    else must(bytes <= windowBytes && count <= windowMessages, () => `${to.name}: ${bytes} bytes wait`)
  }

  /** What detached sessions keep has bounds of its own. */
  checkTable(server: ServerModel, now: number): void {
    if (server.closedAt !== undefined || server.process.isDead) return
    const { maxDetachedSessions, maxDetachedBytes } = server.settings.session!
    const detached = server.alive.filter(({ server: { line } }) => line === undefined)
    const kept = detached.reduce((sum, session) => sum + leastKeptBy(session), 0)
    const isBeyond = detached.length > maxDetachedSessions || kept > maxDetachedBytes
    if (!isBeyond) this.#beyondSince = undefined
    else {
      this.#beyondSince ??= now
      // What a user has sent is kept from the end of the turn on.
      must(now - this.#beyondSince < 1, () => `${detached.length} sessions are detached`)
    }
  }

  /** Nobody gives a connection up without a reason, or before what has arrived was read. */
  checkDeparture(departure: Departure): void {
    const { visit, isNear, end, isMidFrame, at, heardAt, hasUnread } = departure
    const isOver = isNear ? visit.slot.session?.clientOverAt : visit.session?.serverOverAt
    // What arrives in a process that wakes up comes a little behind its timers.
    const isQuiet = at - heardAt > this.#limitOf(departure) - 1
    if (isOver !== undefined) {
      const isTold = end === undefined || end.hasSaidWhy || isMidFrame || isQuiet
      must(isTold, () => `${end?.name} gives up a session without a word`)
      return
    }
    if (end === undefined && (isNear ? visit.answerArrived : visit.answer !== undefined)) return
    if (!isNear && this.#mayLeave(departure)) return
    const who = isNear ? 'client' : 'server'
    must(isQuiet, () => `the ${who} gives up a connection after ${at - heardAt} ms`)
    must(!hasUnread, () => `the ${who} gives up a connection with bytes that it has not read`)
    if (end !== undefined) this.#coverage.note('silence')
  }

  #limitOf({ visit, isNear, end }: Departure): number {
    const { settings } = isNear ? visit.slot : visit.server
    return end === undefined ? settings.handshakeTimeoutMs : settings.session!.silenceTimeoutMs
  }

  /** The server takes another connection, has closed, or had to make room. */
  #mayLeave({ visit, end }: Departure): boolean {
    const { server, session, hello } = visit
    if (server.closedAt !== undefined) return true
    if (end === undefined || session === undefined) return false
    return session.epochTaken > hello!.epoch || (!session.isShown && server.evictions > 0)
  }
}

/** What a datagram that is kept costs beside its frame. */
const DATAGRAM_COST_BYTES = 64

/** What these messages cost to keep. */
export function costBetween({ messages }: User, from: number, to: number): number {
  return to <= from ? 0 : messages.bytesBetween(from, to) + (to - from) * DATAGRAM_COST_BYTES
}

/** The least that a session keeps at the listener: what `send` has taken there, and what nobody has read. */
export function leastKeptBy({ client, server }: ShadowSession): number {
  const { confirmed, user, received } = server
  if (user === undefined) return 0
  const unread = client.user === undefined ? 0 : costBetween(client.user, user.read, received)
  return costBetween(user, confirmed, user.accepted) + unread
}
