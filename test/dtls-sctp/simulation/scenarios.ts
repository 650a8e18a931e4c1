import { RECORD_OVERHEAD_BYTES } from '../../../src/transport/dtls-sctp/link/records.ts'
import type { Chance } from '../../sctp/simulation/chance.ts'
import type { LinkPlan } from '../../sctp/simulation/link.ts'
import { chunksOf } from '../../sctp/simulation/packet-view.ts'
import { type Incident, type Plan, type SideName, withHost, withLink } from '../../sctp/simulation/plan.ts'
import { SCENARIOS, type Scenarios } from '../../sctp/simulation/scenarios.ts'

const NEVER = Number.POSITIVE_INFINITY
const SHUTDOWN = 7
const SHUTDOWN_ACK = 8
const SHUTDOWN_COMPLETE = 14
const RECORD_HEADER_BYTES = 13

/** What a host on loopback has. */
const SHARED_DATAGRAM_BYTES = 65_487

/** A plan of plain SCTP, for packets that come to so much more in their records. */
function insideDtls(plan: Plan): Plan {
  const larger = ({ mtus }: LinkPlan): Partial<LinkPlan> => ({
    mtus: mtus.map(({ from, bytes }) => ({ from, bytes: bytes + RECORD_OVERHEAD_BYTES })),
  })
  return withLink(plan, name => larger(plan[name].link))
}

/** A network that loses something, and puts something out of order, or does not. */
function anyNetwork(chance: Chance): Plan {
  const scenario = chance.pick(['nothing goes wrong', '5 % is lost', 'packets overtake each other'])
  return { ...insideDtls(SCENARIOS[scenario]!(chance)), isPerfect: false }
}

const someTime = (chance: Chance): number => chance.magnitude(1, 20_000)

const isComplete = (packet: Uint8Array): boolean =>
  chunksOf(packet).some(({ type }) => type === SHUTDOWN_COMPLETE)

const isOnlyShutdown = (packet: Uint8Array): boolean =>
  chunksOf(packet).every(({ type }) => [SHUTDOWN, SHUTDOWN_ACK, SHUTDOWN_COMPLETE].includes(type))

/** A DTLS connection has no name but its address (RFC 9146 would give it one), and ends with that. */
function losesPort(chance: Chance): Plan {
  return { ...insideDtls(SCENARIOS['the client gets another UDP port']!(chance)), mustEndWell: 'none' }
}

/** Bits in the whole of a datagram, or in the header of its first record. */
function flips(chance: Chance): Plan {
  const flippedBytes = chance.pick([NEVER, RECORD_HEADER_BYTES])
  return withLink(anyNetwork(chance), () => ({ flips: chance.pick([0.02, 0.1]), flippedBytes }))
}

function replays(chance: Chance): Plan {
  return withLink(anyNetwork(chance), () => ({ replays: chance.pick([0.1, 0.5]), jitterMs: 20 }))
}

/** As on loopback, but that something may go wrong: several packets are lost at once. */
function sharedDatagrams(chance: Chance): Plan {
  const largestPacketBytes = chance.pick([1200, 1472, 65_504])
  const plan = withHost(anyNetwork(chance), () => ({
    sharedDatagramBytes: SHARED_DATAGRAM_BYTES,
    largestPacketBytes,
  }))
  return withLink(plan, () => ({ flips: chance.pick([0, 0.02]), duplication: chance.pick([0, 0.1]) }))
}

/** Somebody closes the DTLS connection, at any time from the first INIT until long after the end. */
function closes(chance: Chance): Plan {
  const who = chance.pick<SideName>(['client', 'server'])
  const incidents: Incident[] = [{ kind: 'close', who, at: someTime(chance) }]
  return { ...anyNetwork(chance), incidents, mustEndWell: 'none' }
}

/** The two times are less than a round trip apart. */
function bothClose(chance: Chance): Plan {
  const plan = anyNetwork(chance)
  const at = someTime(chance)
  const incidents: Incident[] = [
    { kind: 'close', who: 'client', at: at + chance.between(0, plan.client.link.delayMs) },
    { kind: 'close', who: 'server', at: at + chance.between(0, plan.server.link.delayMs) },
  ]
  return { ...plan, incidents, mustEndWell: 'none' }
}

/** Nobody learns of it; whoever is left must find out. */
function closesUnheard(chance: Chance): Plan {
  const plan = closes(chance)
  return { ...withoutCloseNotify(plan), mostMs: 4 * plan.mostMs }
}

function withoutCloseNotify(plan: Plan): Plan {
  return withLink(plan, () => ({ heldMs: packets => (packets.length === 0 ? NEVER : 0) }))
}

/** The first one or two, in either direction. */
function loseComplete(chance: Chance): Plan {
  const plan = anyNetwork(chance)
  let left = chance.between(1, 2)
  const heldMs: LinkPlan['heldMs'] = packets => (packets.some(isComplete) && left-- > 0 ? NEVER : 0)
  return withLink(plan, () => ({ heldMs }))
}

/** What is needed for the end passes, but neither end can finish the shutdown: whoever gives it up first closes. */
function closesForShutdown(chance: Chance): Plan {
  const heldMs: LinkPlan['heldMs'] = packets => (packets.some(isOnlyShutdown) ? NEVER : 0)
  return { ...withLink(anyNetwork(chance), () => ({ heldMs })), mayMissFarewell: true }
}

/** Those that make sense where whoever is connected to does not dial. */
const alike = Object.keys(SCENARIOS).filter(
  name => !['both ends dial', 'inside DTLS, without checksums'].includes(name),
)

/** The same as for plain SCTP, and more, where each association is in a DTLS connection. */
export const SECURE_SCENARIOS: Scenarios = {
  ...Object.fromEntries(alike.map(name => [name, (chance: Chance) => insideDtls(SCENARIOS[name]!(chance))])),
  'the client gets another UDP port': losesPort,
  'bits are turned over': flips,
  'datagrams are replayed': replays,
  'packets share datagrams': sharedDatagrams,
  'somebody closes the DTLS connection': closes,
  'both close the DTLS connection': bothClose,
  'somebody closes the DTLS connection unheard': closesUnheard,
  'close_notify is lost': chance => withoutCloseNotify(anyNetwork(chance)),
  'SHUTDOWN COMPLETE is lost': loseComplete,
  'close_notify takes the place of the shutdown': closesForShutdown,
}
