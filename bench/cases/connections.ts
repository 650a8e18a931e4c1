import type { Case, Contender } from '../case.ts'
import type { CrowdJob } from '../job.ts'
import { runPair } from '../run/pair.ts'

export const manyConnections: Case = {
  name: '1 to 1000 connections, 64 B',
  about: 'One process sends on all connections, another reads all; what came within the same seconds.',
  contenders: [1, 10, 100, 1000].map(contender),
  columns: ['rate', 'slowest', 'stall'],
  compared: [],
  goals: [
    { of: nameOf(1000), figure: 'rate', against: nameOf(1), atLeast: 0.6 },
    ...[10, 100, 1000].map(count => ({ of: nameOf(count), figure: 'slowest', atLeast: 0.5 }) as const),
  ],
  rounds: { full: 5, quick: 1 },
}

function nameOf(count: number): string {
  return String(count)
}

function contender(connections: number): Contender {
  return {
    name: nameOf(connections),
    run: async quick => {
      const job: CrowdJob = {
        connections,
        bytes: 64,
        warmUpMs: quick ? 400 : 1000,
        measuredMs: quick ? 600 : 2000,
      }
      const { figures } = await runPair({ peer: 'ours-crowd', job, until: 'both' })
      return figures
    },
  }
}
