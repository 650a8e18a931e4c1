import { ConnectDatagram } from 'connect-ts'
import type { Job, Receiving } from '../job.ts'
import { ringOfData } from '../messages.ts'
import { open, readBatches, receiveWith } from './ours.ts'

export const receive = (job: Job): Promise<Receiving> => receiveWith(job, readBatches)

/** `trySend` while there is room, `send` when there is none. */
export async function send(job: Job, address: string): Promise<undefined> {
  const { writer } = await open(job, address)
  const ring = ringOfData(job.bytes).map(data => new ConnectDatagram(1, data))
  for (let i = 0; i < job.warmUp + job.count; i++) {
    const datagram = ring[i % ring.length]!
    if (!writer.trySend(datagram)) await writer.send(datagram)
  }
  await writer.flush()
}
