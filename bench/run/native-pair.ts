import { ringSize } from '../child/messages.ts'
import type { Job } from '../job.ts'
import { Lines } from './lines.ts'
import { type NativeProgram, pathOf } from './native.ts'
import type { Outcome } from './outcome.ts'
import { startRelay } from './relay.ts'
import { withinLimit } from './time-limit.ts'

/** Processes that are running. */
interface Running {
  readonly receiver: Lines
  relay?: Lines
  sender?: Lines
}

/** Runs a flow once, sender and receiver in C. */
export function runNative({ name }: NativeProgram, job: Job): Promise<Outcome> {
  const program = pathOf(name)
  const numbers = numbersOf(job)
  const running: Running = { receiver: new Lines(program, ['receive', ...numbers]) }
  const { receiver } = running
  const work = async (): Promise<Outcome> => {
    const address = await addressOf(job, running)
    const sender = new Lines(program, ['send', address, ...numbers])
    running.sender = sender
    const [elapsedMs] = await receiver.next('elapsed')
    const figures = { rate: (job.count / Number(elapsedMs)) * 1000 }
    return {
      figures,
      receiver: usageOf(await receiver.next('usage')),
      sender: usageOf(await sender.next('usage')),
    }
  }
  return withinLimit(work()).finally(() =>
    Promise.all([receiver.stop(), running.relay?.stop(), running.sender?.stop()]),
  )
}

function numbersOf(job: Job): string[] {
  const numbers = [job.bytes, job.count, job.warmUp, ringSize(job)]
  return (job.packetBytes === undefined ? numbers : [...numbers, job.packetBytes]).map(String)
}

/** Where the sender is to send: to the receiver, or to the relay before it. */
async function addressOf({ link }: Job, running: Running): Promise<string> {
  const [address] = await running.receiver.next('address')
  if (link === undefined) return address!
  const relayed = await startRelay(address!, link)
  running.relay = relayed.relay
  return relayed.address
}

function usageOf([cpuMs, peakBytes]: readonly string[]): Outcome['sender'] {
  return { cpuMs: Number(cpuMs), peakBytes: Number(peakBytes) }
}
