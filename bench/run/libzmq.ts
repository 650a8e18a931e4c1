import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ringSize } from '../child/messages.ts'
import type { Job } from '../job.ts'
import { root } from '../root.ts'
import { Lines } from './lines.ts'
import type { Outcome } from './outcome.ts'
import { withinLimit } from './time-limit.ts'

const execute = promisify(execFile)
const source = fileURLToPath(new URL('bench/peers/libzmq.c', root))
const program = fileURLToPath(new URL('dist/bench/libzmq', root))

/** Compiles the peer in C. False where there is no compiler or no libzmq. */
export async function buildLibzmq(): Promise<boolean> {
  try {
    await execute('cc', ['-O2', '-o', program, source, '-lzmq'])
    return true
  } catch {
    return false
  }
}

export async function libzmqVersion(): Promise<string> {
  const { stdout } = await execute(program, ['version'])
  return stdout.trim().split(' ')[1]!
}

/** Runs a flow over TCP once, sender and receiver in C. */
export function runLibzmq(job: Job): Promise<Outcome> {
  const numbers = [job.bytes, job.count, job.warmUp, ringSize(job)].map(String)
  const receiver = new Lines(program, ['receive', ...numbers])
  let sender: Lines | undefined
  const work = async (): Promise<Outcome> => {
    const [address] = await receiver.next('address')
    sender = new Lines(program, ['send', address!, ...numbers])
    const [elapsedMs] = await receiver.next('elapsed')
    const figures = { rate: (job.count / Number(elapsedMs)) * 1000 }
    return {
      figures,
      receiver: usageOf(await receiver.next('usage')),
      sender: usageOf(await sender.next('usage')),
    }
  }
  return withinLimit(work()).finally(() => Promise.all([receiver.stop(), sender?.stop()]))
}

function usageOf([cpuMs, peakBytes]: readonly string[]): Outcome['sender'] {
  return { cpuMs: Number(cpuMs), peakBytes: Number(peakBytes) }
}
