import { ConnectDatagram } from 'connect-ts'
import type { Job, Receiving } from '../job.ts'
import { ringOfData } from '../messages.ts'
import { open, readEach, receiveWith } from './ours.ts'

export const receive = (job: Job): Promise<Receiving> => receiveWith(job, readEach)

/** A new `ConnectDatagram` and an awaited `send` for each message. */
export async function send(job: Job, address: string): Promise<undefined> {
  const { writer } = await open(job, address)
  const ring = ringOfData(job.bytes)
  for (let i = 0; i < job.warmUp + job.count; i++) {
    await writer.send(new ConnectDatagram(1, ring[i % ring.length]!))
  }
  await writer.flush()
}
