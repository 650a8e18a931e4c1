import { connect, createServer, type Socket } from 'node:net'
import { inBatches } from '../child/in-batches.ts'
import type { Sample } from '../figures.ts'
import type { IdleJob, Receiving } from '../job.ts'
import { listening } from './node.ts'

/** Keeps the sockets alive. */
const sockets: Socket[] = []

/** The floor: sockets that read, and nothing else. */
export async function receive(job: IdleJob): Promise<Receiving> {
  let complete = (_: Sample): void => {}
  const figures = new Promise<Sample>(resolve => {
    complete = resolve
  })
  const server = createServer({ noDelay: true }, socket => {
    if (sockets.push(socket.resume()) === job.connections) complete({})
  })
  return { address: await listening(server), figures }
}

export async function send(job: IdleJob, address: string, begin: () => Promise<void>): Promise<Sample> {
  const open = (): Promise<Socket> => openSocket(Number(address))
  sockets.push(...(await inBatches(job.first, open)))
  await begin()
  sockets.push(...(await inBatches(job.connections - job.first, open)))
  return {}
}

function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket.resume()))
    socket.once('error', reject)
  })
}
