import type { Case, Contender } from '../case.ts'
import type { Job } from '../job.ts'
import { runPair } from '../run/pair.ts'

const job: Job = { kind: 'flow', bytes: 100_000_000, count: 1, warmUp: 0, medium: 'tcp' }

/** The sender has the message before its idle level is taken: its growth is what sending needs beside it. */
export const largeMessage: Case = {
  name: 'one message of 100 MB',
  about: 'Peak of resident memory above the level once connected, in relation to the message.',
  contenders: [contender('connect-ts', 'ours'), contender('ws', 'ws'), contender('zeromq', 'zeromq')],
  columns: ['receiverGrowth', 'senderGrowth'],
  compared: [],
  goals: [{ figure: 'receiverGrowth', atMost: 1.3 }],
  rounds: { full: 5, quick: 1 },
}

function contender(name: string, peer: string): Contender {
  return {
    name,
    run: async () => {
      const { sender, receiver } = await runPair({ peer, job, until: 'both', settleMs: 300 })
      return {
        senderGrowth: (sender.peakBytes - sender.idleBytes) / job.bytes,
        receiverGrowth: (receiver.peakBytes - receiver.idleBytes) / job.bytes,
      }
    },
  }
}
