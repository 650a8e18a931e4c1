import type { Case, Contender } from '../case.ts'
import type { Goal } from '../goals.ts'
import type { Job, Medium } from '../job.ts'
import { runPair } from '../run/pair.ts'

/** A contender's name, its file in `bench/peers`, and what it goes over, if that is not TCP. */
type EchoPeer = readonly [name: string, peer: string, medium?: Medium]

const peers: readonly EchoPeer[] = [
  ['connect-ts', 'ours'],
  ['net', 'node'],
  ['ws', 'ws'],
  ['zeromq', 'zeromq'],
]

const oursOverOthers: readonly EchoPeer[] = [
  ['connect-ts', 'ours', 'dtls-sctp'],
  ['connect-ts on SCTP', 'ours', 'sctp'],
  ['connect-ts on TLS', 'ours', 'tls'],
  ['connect-ts on TCP', 'ours'],
]

const work = { kind: 'echo', bytes: 64, count: 20_000, warmUp: 4_000 } as const

export const roundTrip: Case = {
  name: 'round trip of 64 B',
  about: 'One message at a time, there and back; the system places the processes.',
  contenders: contenders(peers, false),
  columns: ['p50', 'p99', 'rate'],
  compared: ['p50', 'p99'],
  goals: [],
}

const pinnedGoals: Goal[] = [
  { figure: 'p50', against: 'net', atMost: 1.05 },
  { figure: 'p99', against: 'net', atMost: 1.15 },
]

export const pinnedRoundTrip: Case = {
  ...roundTrip,
  name: 'round trip of 64 B, pinned',
  about: 'The same with each process on a core of its own (`taskset`).',
  contenders: contenders(peers, true),
  goals: pinnedGoals,
  pinned: true,
  chart: 'Round trip of 64 B, pinned',
}

export const dtlsSctpRoundTrip: Case = {
  ...roundTrip,
  name: 'round trip of 64 B, DTLS-SCTP',
  about:
    'One message at a time, there and back, each process on a core of its own; beside our other transports.',
  contenders: contenders(oursOverOthers, true),
  pinned: true,
}

function contenders(peers: readonly EchoPeer[], pinned: boolean): Contender[] {
  return peers.map(([name, peer, medium = 'tcp']) => ({
    name,
    run: async quick => {
      const job: Job = { ...work, medium, count: quick ? work.count / 4 : work.count }
      const { figures } = await runPair({ peer, job, until: 'sender', pinned })
      return figures
    },
  }))
}
