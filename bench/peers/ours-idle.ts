import { type Connection, connect, type Listener, listen } from 'connect-ts'
import { inBatches } from '../child/in-batches.ts'
import { connectOptions, listenAddress, listenOptions } from '../child/media.ts'
import type { Sample } from '../figures.ts'
import type { IdleJob, Receiving } from '../job.ts'

/** Keeps the connections alive. */
const connections: Connection[] = []

export async function receive(job: IdleJob): Promise<Receiving> {
  const listener = await listen(listenAddress(job.medium), listenOptions(job))
  return { address: listener.address, figures: acceptAll(listener, job) }
}

export async function send(job: IdleJob, address: string, begin: () => Promise<void>): Promise<Sample> {
  const options = connectOptions(job)
  const open = (): Promise<Connection> => connect(address, options)
  connections.push(...(await inBatches(job.first, open)))
  await begin()
  connections.push(...(await inBatches(job.connections - job.first, open)))
  return {}
}

async function acceptAll(listener: Listener, job: IdleJob): Promise<Sample> {
  while (connections.length < job.connections) connections.push((await listener.accept())!)
  return {}
}
