import type { Case, Contender } from '../case.ts'
import type { Usage } from '../child/meter.ts'
import type { SlowJob } from '../job.ts'
import { runPair } from '../run/pair.ts'

/** 2 GB in all. */
const job = { kind: 'flow', bytes: 65_536, count: 30_518, warmUp: 0, medium: 'tcp' } as const

/** `sendQueueBytes` and `receiveQueueBytes`, by default. */
const QUEUE_BYTES = 1024 * 1024
const LIMIT_BYTES = 32_000_000

/** What the kernel keeps for a socket is not in a process's memory. */
export const slowReader: Case = {
  name: 'slow reader, 2 GB offered',
  about: 'A reader that takes 64 KiB every 10 ms, and one that after a while takes all of the 2 GB.',
  contenders: [contender('stays slow', false), contender('then reads all', true)],
  columns: ['senderExcess', 'receiverExcess'],
  compared: [],
  goals: ['stays slow', 'then reads all'].flatMap(of => [
    { of, figure: 'senderExcess', atMost: LIMIT_BYTES },
    { of, figure: 'receiverExcess', atMost: LIMIT_BYTES },
  ]),
  rounds: { full: 5, quick: 1 },
}

function contender(name: string, drains: boolean): Contender {
  return {
    name,
    run: async quick => {
      const slow: SlowJob = { ...job, slowMs: quick ? 1000 : 2000, drains }
      const until = drains ? 'both' : 'receiver'
      const { sender, receiver } = await runPair({ peer: 'ours-slow', job: slow, until, settleMs: 300 })
      return { senderExcess: excess(sender), receiverExcess: excess(receiver) }
    },
  }
}

function excess({ peakBytes, idleBytes }: Usage): number {
  return peakBytes - idleBytes - QUEUE_BYTES
}
