import type { Chance } from './chance.ts'
import type { HostPlan } from './host.ts'
import { PERFECT_LINK } from './link.ts'
import {
  type Incident,
  type Plan,
  QUIET_PLAN,
  type Side,
  type SideName,
  withHost,
  withLink,
  withUser,
} from './plan.ts'
import type { UserPlan } from './user.ts'

const NEVER = Number.POSITIVE_INFINITY
const MINUTE = 60_000

/** Five minutes of retransmissions, and as long for the users. */
const MOST_MS = 10 * MINUTE

function someWrites(chance: Chance): number[][] {
  const writes = Array.from({ length: chance.between(0, 10) }, () =>
    Array.from({ length: chance.between(1, 4) }, () => chance.magnitude(1, 20_000)),
  )
  if (chance.yes(0.06)) writes.push([chance.magnitude(50_000, 300_000)])
  return writes
}

function someUser(chance: Chance): UserPlan {
  return {
    writes: someWrites(chance),
    writeGapMs: chance.pick([0, 0, 10, 1000]),
    unacknowledgedBytes: chance.pick([1, 10_000, 100_000, NEVER]),
    readsAfterMs: 0,
    readGapMs: chance.pick([0, 0, 0, 50, 1000]),
    slowReads: 20,
    ends: 'first',
    abortsAfterMs: NEVER,
    hurries: false,
  }
}

function someHost(chance: Chance): HostPlan {
  return {
    windowBytes: chance.pick([1500, 5000, 20_000, 65_536, 262_144, 1_048_576]),
    largestPacketBytes: chance.pick([1200, 1280, 1452, 1472, 8972, 65_504]),
    heartbeatIntervalMs: chance.pick([1000, 5000, 30_000]),
    zeroChecksumAcceptable: false,
    sharedDatagramBytes: 0,
    initialTsn: undefined,
    turnMs: chance.pick([0, 0, 1, 10]),
    lateTimers: 0,
    lateMs: 0,
  }
}

function someSide(chance: Chance): Side {
  const link = { ...PERFECT_LINK, delayMs: chance.pick([0, 1, 10, 50, 250]) }
  return { host: someHost(chance), user: someUser(chance), next: someUser(chance), link }
}

function somePlan(chance: Chance): Plan {
  const plan = { ...QUIET_PLAN, client: someSide(chance), server: someSide(chance), mostMs: MOST_MS }
  const second = chance.pick(['client', 'server', 'none'])
  if (second === 'none') return plan
  return withUser(plan, side => (side === second ? { ends: 'second' } : {}))
}

/** Most happens in the first seconds, when there is something to disturb. */
const someTime = (chance: Chance, most = 20_000): number => chance.magnitude(1, most)

function lossy(chance: Chance, loss: number): Plan {
  const plan = withLink(somePlan(chance), () => ({ loss }))
  // With one in five lost each way, what is sent eleven times may be lost each time.
  return { ...plan, mustEndWell: loss >= 0.2 ? 'none' : 'all', mostMs: 4 * MOST_MS }
}

function reordering(chance: Chance): Plan {
  const jitterMs = chance.pick([5, 50, 500])
  return withLink(somePlan(chance), () => ({ jitterMs, holdUps: 0.02, holdUpMs: 3000 }))
}

function blackHoles(chance: Chance): Plan {
  const plan = withHost(somePlan(chance), () => ({ largestPacketBytes: chance.pick([1472, 8972, 65_504]) }))
  const some = withUser(plan, () => ({
    writes: [...someWrites(chance), [chance.magnitude(20_000, 200_000)]],
  }))
  return {
    ...withLink(some, () => ({
      loss: chance.pick([0, 0, 0.01]),
      mtus: [
        { from: 0, bytes: chance.between(1200, 3000) },
        { from: someTime(chance), bytes: chance.pick([1200, chance.between(1200, 1500), 9000, 70_000]) },
        { from: 20_000 + someTime(chance, MINUTE), bytes: chance.pick([1200, chance.between(1200, 9000)]) },
      ].sort((a, b) => a.from - b.from),
    })),
    mostMs: 2 * MOST_MS,
  }
}

/** A long transfer to a reader who does not wait, over a short path that takes smaller packets from some time on. */
function blackHoleInTransfer(chance: Chance): Plan {
  const plan = withUser(somePlan(chance), name => ({
    writes: name === 'client' ? someWrites(chance) : [[chance.between(100_000, 300_000)]],
    writeGapMs: 0,
    unacknowledgedBytes: NEVER,
    readGapMs: 0,
  }))
  const hosts = withHost(plan, () => ({
    windowBytes: chance.pick([65_536, 262_144]),
    largestPacketBytes: chance.pick([1472, 8972, 65_504]),
  }))
  const delayMs = chance.pick([1, 10, 50])
  const mtus = [{ from: chance.between(10, 40 * delayMs), bytes: chance.between(1200, 5000) }]
  return { ...withLink(hosts, () => ({ delayMs, mtus })), mostMs: MINUTE }
}

/** The path goes away once, in one direction or both. */
function outage(chance: Chance, from: number, ms: number): (plan: Plan) => Plan {
  const which = chance.pick(['client', 'server', 'both'])
  return plan =>
    withLink(plan, name => (which === 'both' || which === name ? { outages: [{ from, to: from + ms }] } : {}))
}

function withOutage(chance: Chance): Plan {
  const plan = outage(chance, someTime(chance), chance.between(1000, MINUTE))(somePlan(chance))
  return { ...plan, mayMissFarewell: true }
}

/**
 * Readers who do not wait, and windows of some chunks, so that none is closed, in programs that are not busy, so that no
 * answer is late.
 */
function perfect(chance: Chance): Plan {
  const plan = withUser({ ...somePlan(chance), isPerfect: true }, () => ({ readGapMs: 0 }))
  return withHost(plan, () => ({ turnMs: 0, windowBytes: chance.pick([5000, 20_000, 262_144]) }))
}

function death(chance: Chance): Plan {
  const plan = outage(chance, someTime(chance), NEVER)(somePlan(chance))
  return { ...plan, mustEndWell: 'none', mostMs: 4 * MOST_MS }
}

function restart(chance: Chance, who: SideName): Plan {
  const incident: Incident = { kind: 'restart', who, at: someTime(chance), dialMs: chance.magnitude(1, 5000) }
  const plan = withLink(somePlan(chance), () => ({ loss: chance.pick([0, 0, 0.02]) }))
  return { ...plan, incidents: [incident], mustEndWell: 'last', mostMs: 3 * MOST_MS }
}

/** Only once the association is up: the cookie is for the port that the server has seen. */
function rebinding(chance: Chance): Plan {
  const plan = withLink(somePlan(chance), () => ({ loss: chance.pick([0, 0, 0.02]) }))
  const incidents = Array.from({ length: chance.between(1, 4) }, (): Incident => {
    return { kind: 'rebinding', at: 10_000 + someTime(chance) }
  })
  return withUser({ ...plan, incidents }, () => ({ writeGapMs: chance.pick([1000, 10_000]) }))
}

function simultaneous(chance: Chance): Plan {
  const plan = withLink(somePlan(chance), () => ({ loss: chance.pick([0, 0, 0.05]), jitterMs: 20 }))
  return { ...plan, serverDialsAt: chance.between(0, plan.client.link.delayMs) }
}

function initialTsn(chance: Chance): Plan {
  const tsn = (): number => (chance.pick([0, 2 ** 31, 2 ** 32, 10 ** 9]) - chance.between(0, 40)) | 0
  const plan = withLink(somePlan(chance), () => ({
    loss: chance.pick([0, 0.05]),
    jitterMs: chance.pick([0, 30]),
  }))
  return withHost(plan, () => ({ initialTsn: tsn() }))
}

/** Windows that are closed for long, and open again. */
function slowReaders(chance: Chance): Plan {
  const plan = withHost(somePlan(chance), () => ({ windowBytes: chance.pick([1500, 5000, 20_000]) }))
  const slow = withUser(plan, () => ({
    readGapMs: chance.pick([1000, 10_000, MINUTE]),
    slowReads: chance.between(1, 20),
  }))
  return { ...withLink(slow, () => ({ loss: chance.pick([0, 0, 0.05]) })), mostMs: 6 * MOST_MS }
}

/** A reader who begins late: as soon as it does, the writer goes on. */
function lateReader(chance: Chance): Plan {
  const readsAfterMs = chance.pick([1000, 10_000, MINUTE, 10 * MINUTE])
  const writes = [[chance.between(70_000, 100_000)]]
  const plan = withUser(somePlan(chance), name => ({
    writes: name === 'client' ? writes : [],
    writeGapMs: 0,
    readsAfterMs: name === 'server' ? readsAfterMs : 0,
    readGapMs: 0,
  }))
  const hosts = withHost(plan, () => ({ windowBytes: chance.pick([1500, 20_000, 65_536]) }))
  const delayMs = chance.pick([1, 10])
  return { ...withLink(hosts, () => ({ delayMs })), mostMs: readsAfterMs + 10_000 }
}

function aborts(chance: Chance): Plan {
  const who = chance.pick(['client', 'server', 'both'])
  const plan = withLink(somePlan(chance), () => ({ loss: chance.pick([0, 0, 0.05]) }))
  const abortsAfterMs = someTime(chance)
  const some = withUser(plan, name => (who === 'both' || who === name ? { abortsAfterMs } : {}))
  return { ...some, mustEndWell: 'none' }
}

function plainShutdown(plan: Plan): Plan {
  return withUser({ ...plan, withoutAdaptation: true }, () => ({ hurries: true }))
}

function lateTimers(chance: Chance): Plan {
  const plan = lossy(chance, chance.pick([0, 0.05]))
  return withHost(plan, () => ({
    lateTimers: chance.pick([0.05, 0.5]),
    lateMs: chance.pick([10, 1000, 10_000]),
  }))
}

/** DTLS lets nothing through that was changed, so neither end asks for checksums (RFC 9653). */
function insideDtls(chance: Chance): Plan {
  const makePlan = chance.pick([
    () => lossy(chance, 0.05),
    () => reordering(chance),
    () => blackHoles(chance),
    () => simultaneous(chance),
    () => restart(chance, chance.pick(['client', 'server'])),
  ])
  return withHost(makePlan(), () => ({ zeroChecksumAcceptable: true }))
}

/** All of it. Whatever it comes to, what arrives is right, and it comes to an end. */
function everything(chance: Chance): Plan {
  const base = withOutage(chance)
  const links = withLink(base, () => ({
    loss: chance.pick([0, 0.01, 0.1]),
    duplication: chance.pick([0, 0.1]),
    flips: chance.pick([0, 0.05]),
    jitterMs: chance.pick([0, 10, 200]),
    holdUps: chance.pick([0, 0.02]),
    holdUpMs: 70_000,
    mtus: [{ from: someTime(chance), bytes: chance.between(1200, 9000) }],
  }))
  const incidents: Incident[] = []
  if (chance.yes(0.3)) incidents.push({ kind: 'rebinding', at: someTime(chance) })
  for (const who of ['client', 'server'] as const) {
    if (!chance.yes(0.3)) continue
    incidents.push({ kind: 'restart', who, at: someTime(chance), dialMs: chance.magnitude(1, MINUTE) })
  }
  const withoutAdaptation = chance.yes(0.3)
  const late = withHost(links, () => ({ lateTimers: chance.pick([0, 0.1]), lateMs: 5000 }))
  const users = withUser(late, () => ({
    hurries: withoutAdaptation,
    abortsAfterMs: chance.yes(0.1) ? someTime(chance) : NEVER,
  }))
  return { ...users, incidents, withoutAdaptation, mustEndWell: 'none', mostMs: 8 * MOST_MS }
}

/** What runs can be about, each with what draws the plan of one. */
export type Scenarios = Readonly<Record<string, (chance: Chance) => Plan>>

export const SCENARIOS: Scenarios = {
  'nothing goes wrong': perfect,
  '1 % is lost': chance => lossy(chance, 0.01),
  '5 % is lost': chance => lossy(chance, 0.05),
  '20 % is lost': chance => lossy(chance, 0.2),
  'packets come twice': chance => withLink(somePlan(chance), () => ({ duplication: 0.2, jitterMs: 10 })),
  'packets overtake each other': reordering,
  'bits are turned over': chance => withLink(somePlan(chance), () => ({ flips: 0.05 })),
  'large packets vanish': blackHoles,
  'large packets begin to vanish in a transfer': blackHoleInTransfer,
  'the path goes away for a while': withOutage,
  'the path goes away for ever': death,
  'the client restarts': chance => restart(chance, 'client'),
  'the server restarts': chance => restart(chance, 'server'),
  'the client gets another UDP port': rebinding,
  'both ends dial': simultaneous,
  'TSNs wrap around': initialTsn,
  'readers pause': slowReaders,
  'a reader begins late': lateReader,
  'somebody breaks off': aborts,
  'timers go off late': lateTimers,
  'plain SHUTDOWN': chance => plainShutdown(somePlan(chance)),
  'plain SHUTDOWN, 5 % is lost': chance => plainShutdown(lossy(chance, 0.05)),
  'plain SHUTDOWN, packets overtake each other': chance => plainShutdown(reordering(chance)),
  'plain SHUTDOWN, the path goes away for a while': chance => plainShutdown(withOutage(chance)),
  'inside DTLS, without checksums': insideDtls,
  'everything at once': everything,
}
