import { Dealer, Pull, Push, Router } from 'zeromq'
import type { Job, Receiving } from '../job.ts'
import { socketPath } from '../media.ts'
import { Arrivals, ringOfData } from '../messages.ts'
import { roundTrips } from '../round-trips.ts'

const endpoint = (job: Job): string => (job.medium === 'unix' ? `ipc://${socketPath()}` : 'tcp://127.0.0.1:*')

export async function receive(job: Job): Promise<Receiving> {
  const arrivals = new Arrivals(job)
  const socket = job.kind === 'echo' ? new Router() : new Pull()
  await socket.bind(endpoint(job))
  void (socket instanceof Router ? echo(socket) : pull(socket, arrivals))
  return { address: socket.lastEndpoint!, elapsedMs: arrivals.elapsedMs }
}

export async function send(job: Job, address: string): Promise<Float64Array | undefined> {
  const ring = ringOfData(job.bytes)
  if (job.kind === 'echo') {
    const dealer = new Dealer()
    dealer.connect(address)
    return roundTrips(job, async place => {
      await dealer.send(ring[place % ring.length]!)
      await dealer.receive()
    })
  }
  const push = new Push()
  push.connect(address)
  for (let i = 0; i < job.warmUp + job.count; i++) await push.send(ring[i % ring.length]!)
  return undefined
}

async function pull(socket: Pull, arrivals: Arrivals): Promise<void> {
  for await (const [data] of socket) arrivals.note(data!.length, data!)
}

async function echo(socket: Router): Promise<void> {
  for await (const message of socket) await socket.send(message)
}
