import type { ListenSettings } from '../../../src/options.ts'
import { must } from '../../sctp/simulation/violation.ts'
import type { Coverage } from './coverage.ts'
import type { HelloFrame, RejectFrame } from './frames.ts'
import type { ShadowSession } from './shadow-session.ts'
import type { SimPlatform } from './sim-platform.ts'

const Code = { UNKNOWN: 2, FORBIDDEN: 3, FULL: 4, ENDED: 6, LOST: 7 } as const

/** What a listener must know, and must answer. */
export class ServerModel {
  readonly process: SimPlatform
  readonly settings: ListenSettings
  readonly sessions = new Map<string, ShadowSession>()
  readonly #coverage: Coverage
  closedAt: number | undefined
  /** Sessions that were never shown and had to make room. */
  evictions = 0
  /** When the last session was begun. */
  roomMadeAt = -1

  constructor(process: SimPlatform, settings: ListenSettings, coverage: Coverage) {
    this.process = process
    this.settings = settings
    this.#coverage = coverage
  }

  /** Sessions that were shown and are not over. */
  get alive(): ShadowSession[] {
    return [...this.sessions.values()].filter(({ server, serverOverAt }) => {
      const state = server.user?.connection?.session?.state
      return serverOverAt === undefined && (state === 'attached' || state === 'detached')
    })
  }

  /** A new session was welcomed: there was room, or somebody nobody has heard of again made some. */
  mustHaveRoom(now: number): void {
    this.roomMadeAt = now
    const { maxSessions } = this.settings.session!
    const { length } = this.alive
    must(length < maxSessions, () => `${length + 1} sessions`)
    const others = [...this.sessions.values()].filter(({ isShown }) => !isShown).length
    if (length + others < maxSessions) return
    this.evictions++
    this.#coverage.note('nobody shown made room')
  }

  mustRefuse(hello: HelloFrame, reject: RejectFrame, now: number): void {
    const { code, isKnown } = reject
    const session = this.sessions.get(hello.id)
    if (hello.isNew) this.#mustBeFull(code)
    else if (session === undefined) must(code === Code.UNKNOWN, () => `an unknown session: code ${code}`)
    else if (!session.isShown) this.#mustBeGone(session, hello, code, now)
    else if (this.alive.includes(session)) this.#mustBeOld(session, hello, code)
    else this.#mustBeBuried(session, reject, now)
    must(isKnown === (code === Code.ENDED || code === Code.LOST), () => `code ${code}, known: ${isKnown}`)
  }

  #mustBeFull(code: number): void {
    must(code === Code.FULL, () => `a new session: code ${code}`)
    must(
      this.alive.length >= this.settings.session!.maxSessions,
      () => `full with ${this.alive.length} sessions`,
    )
  }

  #mustBeOld(session: ShadowSession, hello: HelloFrame, code: number): void {
    must(code === Code.FORBIDDEN, () => `a session that lives: code ${code}`)
    must(hello.epoch <= session.epochTaken, () => `epoch ${hello.epoch} is forbidden`)
  }

  /** Without a user, it can have run out of time, or have made room. */
  #mustBeGone(session: ShadowSession, hello: HelloFrame, code: number, now: number): void {
    if (code === Code.FORBIDDEN) {
      this.#mustBeOld(session, hello, code)
      return
    }
    const isExpired = session.server.detachedAt + this.settings.session!.retentionMs <= now
    // Where the bounds are small, the one detached for longest goes first, whatever it keeps.
    const isCrowd = this.evictions > 0 || this.sessions.size > 1
    must(code === Code.UNKNOWN, () => `a session that was never shown: code ${code}`)
    must(isExpired || isCrowd || this.closedAt !== undefined, 'a session that was not shown is unknown')
  }

  /** The newest that are over are remembered, for a time. */
  #mustBeBuried(session: ShadowSession, reject: RejectFrame, now: number): void {
    const { retentionMs, maxSessions } = this.settings.session!
    const overAt = session.serverOverAt ?? now
    const others = [...this.sessions.values()].filter(other => other !== session && other.isShown)
    const newer = others.filter(
      ({ serverOverAt }) => serverOverAt !== undefined && serverOverAt > overAt,
    ).length
    const atOnce = others.filter(({ serverOverAt }) => serverOverAt === overAt).length
    const { code } = reject
    if (code === Code.UNKNOWN) {
      const isForgotten = overAt + retentionMs <= now || newer + atOnce >= maxSessions
      must(isForgotten, 'a session that has ended is not known any more')
      return
    }
    must(overAt + retentionMs > now && newer < maxSessions, 'a session that has ended is still known')
    const { state } = session.server.user!.connection!.session!
    must(code === (state === 'closed' ? Code.ENDED : Code.LOST), () => `${state}: code ${code}`)
    session.server.mustTell(reject)
  }
}
