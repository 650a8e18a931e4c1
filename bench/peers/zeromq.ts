import { Dealer, Pull, Push, Router } from 'zeromq'
import { Arrivals, ringOfData } from '../child/messages.ts'
import { roundTrips } from '../child/round-trips.ts'
import type { Sample } from '../figures.ts'
import type { Job, Receiving } from '../job.ts'

export async function receive(job: Job): Promise<Receiving> {
  const arrivals = new Arrivals(job)
  const socket = job.kind === 'echo' ? new Router() : new Pull()
  await socket.bind('tcp://127.0.0.1:*')
  void (socket instanceof Router ? echo(socket) : pull(socket, arrivals))
  return { address: socket.lastEndpoint!, figures: arrivals.figures }
}

export async function send(job: Job, address: string, begin: () => Promise<void>): Promise<Sample> {
  const ring = ringOfData(job)
  const socket = job.kind === 'echo' ? new Dealer() : new Push()
  socket.connect(address)
  await begin()
  if (socket instanceof Dealer) {
    return roundTrips(job, async place => {
      await socket.send(ring[place % ring.length]!)
      await socket.receive()
    })
  }
  const total = job.warmUp + job.count
  for (let i = 0; i < total; i++) await socket.send(ring[i % ring.length]!)
  return {}
}

async function pull(socket: Pull, arrivals: Arrivals): Promise<void> {
  for await (const [data] of socket) arrivals.note(data!.length, data!)
}

async function echo(socket: Router): Promise<void> {
  for await (const message of socket) await socket.send(message)
}
