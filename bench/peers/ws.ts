import { WebSocket, WebSocketServer } from 'ws'
import { Arrivals, ringOfData } from '../child/messages.ts'
import { roundTrips } from '../child/round-trips.ts'
import type { Sample } from '../figures.ts'
import type { Job, Receiving } from '../job.ts'

/** `ws` has no promise to await; its users look at `bufferedAmount`. */
const MOST_BUFFERED_BYTES = 1024 * 1024

const options = { perMessageDeflate: false, skipUTF8Validation: true }

export function receive(job: Job): Promise<Receiving> {
  const arrivals = new Arrivals(job)
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 100_000_000, ...options })
  server.on('connection', socket => {
    socket.on('message', (data: Buffer) => {
      if (job.kind === 'echo') socket.send(data)
      else arrivals.note(data.length, data)
    })
  })
  return new Promise(resolve => {
    server.on('listening', () => {
      const { port } = server.address() as { port: number }
      resolve({ address: `ws://127.0.0.1:${port}`, figures: arrivals.figures })
    })
  })
}

export async function send(job: Job, address: string, begin: () => Promise<void>): Promise<Sample> {
  const socket = new WebSocket(address, options)
  await new Promise(resolve => socket.once('open', resolve))
  const ring = ringOfData(job)
  await begin()
  if (job.kind === 'echo') {
    return roundTrips(job, place => {
      return new Promise(resolve => {
        socket.once('message', () => resolve())
        socket.send(ring[place % ring.length]!)
      })
    })
  }
  const total = job.warmUp + job.count
  for (let i = 0; i < total; i++) {
    const data = ring[i % ring.length]!
    if (socket.bufferedAmount < MOST_BUFFERED_BYTES) socket.send(data)
    else await new Promise(resolve => socket.send(data, resolve))
  }
  return {}
}
