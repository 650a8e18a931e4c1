import { ConnectDatagram, type Connection, connect, listen } from 'connect-ts'
import { connectOptions, listenAddress, listenOptions } from '../child/media.ts'
import { Arrivals, ringOfData } from '../child/messages.ts'
import { roundTrips } from '../child/round-trips.ts'
import type { Sample } from '../figures.ts'
import type { Job, Receiving, Way } from '../job.ts'

type Reading = (connection: Connection, arrivals: Arrivals) => Promise<void>

/** `for await`, one datagram at a time. */
export async function readEach(connection: Connection, arrivals: Arrivals): Promise<void> {
  for await (const datagram of connection.reader) arrivals.note(datagram.byteLength, datagram.data)
}

export async function readBatches(connection: Connection, arrivals: Arrivals): Promise<void> {
  for await (const batch of connection.reader.batches()) {
    for (const datagram of batch) arrivals.note(datagram.byteLength, datagram.data)
  }
}

export async function receiveWith(job: Job, reading: Reading): Promise<Receiving> {
  const arrivals = new Arrivals(job)
  const listener = await listen(listenAddress(job.medium), listenOptions(job))
  void listener.accept().then(connection => reading(connection!, arrivals))
  return { address: listener.address, figures: arrivals.figures }
}

export async function open(address: string, way: Way): Promise<Connection> {
  return connect(address, connectOptions(way))
}

export const receive = (job: Job): Promise<Receiving> =>
  receiveWith(job, job.kind === 'echo' ? echo : readEach)

/** `send` in a loop, awaited. */
export async function send(job: Job, address: string, begin: () => Promise<void>): Promise<Sample> {
  const connection = await open(address, job)
  const ring = ringOfData(job).map(data => new ConnectDatagram(1, data))
  await begin()
  if (job.kind === 'echo') {
    return roundTrips(job, async place => {
      await connection.writer.send(ring[place % ring.length]!)
      await connection.reader.receive()
    })
  }
  const total = job.warmUp + job.count
  for (let i = 0; i < total; i++) await connection.writer.send(ring[i % ring.length]!)
  await connection.writer.flush()
  return {}
}

async function echo(connection: Connection): Promise<void> {
  for await (const datagram of connection.reader) await connection.writer.send(datagram)
}
