import type { ConnectOptions, ListenOptions } from '../../../src/options.ts'
import type { Chance } from '../../sctp/simulation/chance.ts'
import type { Patience } from './progress.ts'
import type { Ending, UserPlan } from './user.ts'

/** Nothing is disturbed after that, but for what was begun before. */
export const DISTURBED_MS = 30_000

const HANDSHAKE_MS = 3000
const RETRY_MOST_MS = 1000
/** What timers that go off late, and the latency of the network, may add. */
const SLACK_MS = 2000
/** The same for one round trip and an ACK. */
const FLOW_MS = 1500

/** What a run is like, apart from its disturbances. */
export interface Plan {
  readonly clients: readonly {
    readonly startAt: number
    readonly client: UserPlan
    readonly server: UserPlan
  }[]
  readonly connecting: ConnectOptions
  readonly listening: ListenOptions
  /** How likely a connection is to come to grief while it is made. */
  readonly dialFaults: number
  readonly proofMs: readonly number[]
  /** The frame at which connections break. */
  readonly cutAt: 'CLOSE' | 'done' | undefined
  readonly patience: Patience
}

export function newPlan(chance: Chance): Plan {
  const count = chance.yes(0.12) ? chance.between(2, 4) : 1
  const endings = chance.yes(0.65) ? [] : (['half', 'close', 'leave', 'abort'] as const)
  const users = (): UserPlan => newUserPlan(chance, count === 1 ? 40 : 15, endings)
  const clients = Array.from({ length: count }, (_, i) => ({
    startAt: i === 0 ? 0 : chance.between(0, 8000),
    client: users(),
    server: users(),
  }))
  const leavesUnread = clients.some(({ client, server }) => [client, server].some(isLeaving))
  const common = () => ({
    sendQueueBytes: chance.magnitude(100, 20_000),
    closeTimeoutMs: leavesUnread ? chance.pick([8000, 20_000]) : 300_000,
    allowHalfOpen: !chance.yes(0.1),
    handshakeTimeoutMs: HANDSHAKE_MS,
  })
  const silenceTimeoutMs = chance.pick([2000, 4000, 4000, 8000])
  const retentionMs = chance.pick([15_000, 40_000])
  const window = () => ({
    windowBytes: chance.magnitude(30, 20_000),
    windowMessages: chance.magnitude(1, 60),
  })
  const retryForMs = chance.yes(0.12) ? chance.magnitude(500, 15_000) : undefined
  const retries = { retryDelayMaxMs: RETRY_MOST_MS, retryForMs }
  return {
    clients,
    connecting: { ...common(), session: { ...window(), silenceTimeoutMs, ...retries } },
    listening: {
      ...common(),
      session: { ...window(), silenceTimeoutMs, retentionMs, ...boundsOf(chance, count) },
    },
    dialFaults: chance.pick([0, 0, 0.1, 0.4]),
    proofMs: chance.yes(0.3) ? [0, 1, 40] : [0],
    cutAt: chance.pick([undefined, undefined, undefined, undefined, 'CLOSE', 'done']),
    patience: patienceOf(silenceTimeoutMs, retentionMs),
  }
}

/** Bounds of the table that are met. */
function boundsOf(chance: Chance, clients: number): NonNullable<Exclude<ListenOptions['session'], true>> {
  if (clients === 1 || chance.yes(0.25)) return {}
  return {
    maxSessions: chance.between(1, clients),
    maxDetachedSessions: chance.pick([1, 1, clients]),
    maxDetachedBytes: chance.magnitude(50, 20_000),
  }
}

function newUserPlan(chance: Chance, most: number, endings: readonly Ending['kind'][]): UserPlan {
  const isLarge = chance.yes(0.01)
  const plan = {
    sizes: Array.from({ length: chance.between(0, most) }, () => chance.magnitude(1, 3000)),
    sendGapMs: chance.pick([0, 5, 200, 1000]),
    readGapMs: chance.pick([0, 5, 200, 1000]),
    restMs: chance.pick([0, 0, 3000, 15_000]),
    sends: chance.pick(['send', 'send', 'trySend', 'flush'] as const),
    reads: chance.pick(['receive', 'receive', 'loop', 'batches'] as const),
    ending: newEnding(chance, endings),
  }
  return isLarge ? { ...plan, ...largePlan(chance, plan.ending) } : plan
}

/** Messages that no write holds whole, so that connections break inside them. */
function largePlan(chance: Chance, otherwise: Ending): Partial<UserPlan> {
  const afterMs = chance.between(20, 70)
  return {
    sizes: Array.from({ length: chance.between(1, 4) }, () => chance.between(900_000, 2_500_000)),
    sendGapMs: 0,
    ending: chance.yes(0.4) ? { kind: 'abort', afterMs } : otherwise,
  }
}

function newEnding(chance: Chance, endings: readonly Ending['kind'][]): Ending {
  const kind = endings.length === 0 ? 'half' : chance.pick(endings)
  const afterMs = chance.magnitude(1, DISTURBED_MS)
  if (kind === 'abort') return { kind, afterMs }
  return kind === 'leave' ? { kind, afterMs, readsOn: chance.yes(0.5) } : { kind }
}

function isLeaving({ ending }: UserPlan): boolean {
  return ending?.kind === 'leave'
}

function patienceOf(silenceMs: number, retentionMs: number): Patience {
  const noticeMs = silenceMs * 1.25
  const recoveryMs = noticeMs + HANDSHAKE_MS + 2 * RETRY_MOST_MS + SLACK_MS
  return {
    flowMs: FLOW_MS,
    recoveryMs,
    retentionMs: noticeMs + retentionMs + recoveryMs,
    idleMs: noticeMs + retentionMs + recoveryMs + 20_000,
  }
}
