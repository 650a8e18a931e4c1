import type { Case, Contender } from '../case.ts'
import type { Goal } from '../goals.ts'
import type { Job } from '../job.ts'
import { runPair } from '../run/pair.ts'

/** A contender's name, and its file in `bench/peers`. */
const peers = [
  ['connect-ts', 'ours'],
  ['net', 'node'],
  ['ws', 'ws'],
  ['zeromq', 'zeromq'],
] as const

const job: Job = { kind: 'echo', bytes: 64, count: 20_000, warmUp: 4_000, medium: 'tcp' }

export const roundTrip: Case = {
  name: 'round trip of 64 B',
  about: 'One message at a time, there and back; the system places the processes.',
  contenders: contenders(false),
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
  contenders: contenders(true),
  goals: pinnedGoals,
  pinned: true,
  chart: 'Round trip of 64 B, pinned',
}

function contenders(pinned: boolean): Contender[] {
  return peers.map(([name, peer]) => ({
    name,
    run: async quick => {
      const count = quick ? job.count / 4 : job.count
      const { figures } = await runPair({ peer, job: { ...job, count }, until: 'sender', pinned })
      return figures
    },
  }))
}
