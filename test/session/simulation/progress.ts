import { must } from '../../sctp/simulation/violation.ts'
import type { ShadowSession } from './shadow-session.ts'
import type { Slot } from './slot.ts'
import type { User } from './user.ts'

/** How long something may take while nothing disturbs it, in ms. */
export interface Patience {
  /** Until what a user waits for comes, where a sound connection carries the session. */
  readonly flowMs: number
  /** Until there is such a connection, and what a user waits for has come. */
  readonly recoveryMs: number
  /** Until the listener gives up a session whose client is gone for good. */
  readonly retentionMs: number
  /** Until some user's program goes on, whatever it waits for. */
  readonly idleMs: number
}

/** Somebody waits for something, which has to come in time. */
class Wait {
  #since: number | undefined
  #key = 0

  /** Since when the same is waited for. */
  look(isWaiting: boolean, key: number, now: number): number | undefined {
    if (!isWaiting) this.#since = undefined
    else if (this.#since === undefined || this.#key !== key) {
      this.#since = now
      this.#key = key
    }
    return this.#since
  }
}

interface SlotWaits {
  readonly joined: Wait
  readonly begun: Wait
  readonly needs: readonly Wait[]
  readonly over: Wait
}

/** Where nothing disturbs a session, it goes on. */
export class Progress {
  readonly #patience: Patience
  readonly #slots = new Map<Slot, SlotWaits>()
  readonly #idle = new Wait()
  /** When the last disturbance is over. */
  #quietSince = 0

  constructor(patience: Patience) {
    this.#patience = patience
  }

  disturb(until: number): void {
    this.#quietSince = Math.max(this.#quietSince, until)
  }

  /** @param moves counts what the users do */
  check(slots: readonly Slot[], canConnect: boolean, moves: number, now: number): void {
    for (const slot of slots) {
      const waits = this.#waitsOf(slot)
      this.#checkBegin(slot, waits, canConnect, now)
      if (slot.session !== undefined) this.#checkSession(slot, slot.session, waits, canConnect, now)
    }
    this.#mustCome(this.#idle.look(true, moves, now), this.#patience.idleMs, now, 'all stand still')
  }

  #checkBegin(slot: Slot, { begun }: SlotWaits, canConnect: boolean, now: number): void {
    const isWaiting = slot.isBeginning && canConnect && slot.session === undefined && !slot.client.isGone
    const since = begun.look(isWaiting, slot.refusals, now)
    this.#mustCome(since, this.#patience.recoveryMs, now, `client ${slot.index} is not welcomed`)
  }

  #checkSession(
    slot: Slot,
    session: ShadowSession,
    waits: SlotWaits,
    canConnect: boolean,
    now: number,
  ): void {
    const { index, client, server } = slot
    const joined = waits.joined.look(session.isJoined, 0, now)
    const isAlive = session.clientOverAt === undefined && session.serverOverAt === undefined
    const canGoOn = isAlive && !client.isGone && !server.isGone && (canConnect || joined !== undefined)
    const limit = joined === undefined ? this.#patience.recoveryMs : this.#patience.flowMs
    for (const [i, need] of NEEDS.entries()) {
      const since = waits.needs[i]!.look(
        canGoOn && need.isOpen(client, server),
        need.key(client, server),
        now,
      )
      this.#mustCome(since, limit, now, `client ${index}: ${need.what}`, joined)
    }
    if (!isAlive || client.isGone) this.#checkOver(slot, session, waits, canConnect, now)
  }

  /** One end is over or gone: the other learns of it. */
  #checkOver(
    slot: Slot,
    session: ShadowSession,
    { over }: SlotWaits,
    canConnect: boolean,
    now: number,
  ): void {
    const { index, client, server } = slot
    const isClientOver = session.clientOverAt !== undefined || client.isGone
    const isServerOver = session.serverOverAt !== undefined
    const isServerLeft = isClientOver && session.isShown && !isServerOver && !server.isGone
    const since = over.look(isServerLeft || (isServerOver && !isClientOver), 0, now)
    const { retentionMs, recoveryMs } = this.#patience
    const mostMs = isServerLeft || !canConnect ? retentionMs : recoveryMs
    this.#mustCome(since, mostMs, now, `client ${index}: one end is over, the other does not learn of it`)
  }

  #mustCome(since: number | undefined, mostMs: number, now: number, what: string, joined = 0): void {
    if (since === undefined) return
    const ms = now - Math.max(since, this.#quietSince, joined)
    must(ms <= mostMs, () => `${what}, for ${Math.round(ms)} ms without a disturbance`)
  }

  #waitsOf(slot: Slot): SlotWaits {
    const known = this.#slots.get(slot)
    if (known !== undefined) return known
    const needs = NEEDS.map(() => new Wait())
    const waits = { joined: new Wait(), begun: new Wait(), needs, over: new Wait() }
    this.#slots.set(slot, waits)
    return waits
  }
}

/** What a user waits for, and must not wait for long. */
interface Need {
  readonly what: string
  isOpen(client: User, server: User): boolean
  /** Changes whenever something of it has come. */
  key(client: User, server: User): number
}

const lacksData = (sender: User, reader: User): boolean => reader.isAsking && sender.accepted > reader.read

/** After `close()`, what has room counts as consumed. */
const lacksAck = (sender: User, reader: User): boolean =>
  sender.isBlocked && (reader.isClosing ? reader.hasRoomFor(sender) : reader.consumed >= sender.accepted)

const lacksEnd = (user: User, other: User): boolean =>
  user.isWaitingForClose && user.consumed === other.accepted && !user.isBlocked

const NEEDS: readonly Need[] = [
  {
    what: 'the server is not given what the client has sent',
    isOpen: lacksData,
    key: (_, server) => server.read,
  },
  {
    what: 'the client is not given what the server has sent',
    isOpen: (client, server) => lacksData(server, client),
    key: client => client.read,
  },
  {
    what: 'the client is not told that all is consumed',
    isOpen: lacksAck,
    key: client => client.accepted,
  },
  {
    what: 'the server is not told that all is consumed',
    isOpen: (client, server) => lacksAck(server, client),
    key: (_, server) => server.accepted,
  },
  {
    what: 'both ends have closed, and it does not end',
    isOpen: (client, server) => lacksEnd(client, server) && lacksEnd(server, client),
    key: () => 0,
  },
]
