import { ConnectDatagram } from 'connect-ts'
import { ringOfData } from '../child/messages.ts'
import type { Sample } from '../figures.ts'
import type { Job, Receiving } from '../job.ts'
import { open, readBatches, receiveWith } from './ours.ts'

export const receive = (job: Job): Promise<Receiving> => receiveWith(job, readBatches)

/** `trySend` while there is room, `send` when there is none. */
export async function send(job: Job, address: string, begin: () => Promise<void>): Promise<Sample> {
  const { writer } = await open(address, job)
  const ring = ringOfData(job).map(data => new ConnectDatagram(1, data))
  await begin()
  const total = job.warmUp + job.count
  for (let i = 0; i < total; i++) {
    const datagram = ring[i % ring.length]!
    if (!writer.trySend(datagram)) await writer.send(datagram)
  }
  await writer.flush()
  return {}
}
