import { ConnectDatagram } from 'connect-ts'
import { ringOfData } from '../child/messages.ts'
import type { Sample } from '../figures.ts'
import type { Job } from '../job.ts'
import { open } from './ours.ts'

export { receive } from './ours.ts'

/** A new `ConnectDatagram` and an awaited `send` for each message. */
export async function send(job: Job, address: string, begin: () => Promise<void>): Promise<Sample> {
  const { writer } = await open(address, job)
  const ring = ringOfData(job)
  await begin()
  const total = job.warmUp + job.count
  for (let i = 0; i < total; i++) await writer.send(new ConnectDatagram(1, ring[i % ring.length]!))
  await writer.flush()
  return {}
}
