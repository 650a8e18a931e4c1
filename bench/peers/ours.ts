import { ConnectDatagram, type Connection, connect, listen } from 'connect-ts'
import type { Job, Receiving } from '../job.ts'
import { clientTls, listenAddress, serverTls } from '../media.ts'
import { Arrivals, ringOfData } from '../messages.ts'
import { roundTrips } from '../round-trips.ts'

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
  const options = job.medium === 'tls' ? { tls: serverTls() } : {}
  const listener = await listen(listenAddress(job), options)
  void listener
    .accept()
    .then(connection => (job.kind === 'echo' ? echo(connection!) : reading(connection!, arrivals)))
  return { address: listener.address, elapsedMs: arrivals.elapsedMs }
}

export async function open(job: Job, address: string): Promise<Connection> {
  return connect(address, job.medium === 'tls' ? { tls: clientTls() } : {})
}

export const receive = (job: Job): Promise<Receiving> => receiveWith(job, readEach)

/** `send` in a loop, awaited. */
export async function send(job: Job, address: string): Promise<Float64Array | undefined> {
  const connection = await open(job, address)
  const ring = ringOfData(job.bytes).map(data => new ConnectDatagram(1, data))
  if (job.kind === 'echo') {
    return roundTrips(job, async place => {
      await connection.writer.send(ring[place % ring.length]!)
      await connection.reader.receive()
    })
  }
  for (let i = 0; i < job.warmUp + job.count; i++) await connection.writer.send(ring[i % ring.length]!)
  await connection.writer.flush()
  return undefined
}

async function echo(connection: Connection): Promise<void> {
  for await (const datagram of connection.reader) await connection.writer.send(datagram)
}
