import { type Connection, connect, type Listener, listen } from 'connect-ts'
import { clientIdentity, clientTls, listenAddress, serverTls } from '../child/media.ts'
import type { Sample } from '../figures.ts'
import type { HandshakeJob, Receiving } from '../job.ts'
import { quantile } from '../statistics.ts'

export async function receive({ medium }: HandshakeJob): Promise<Receiving> {
  const listener = await listen(listenAddress(medium), { tls: { ...serverTls(), ...clientTls() } })
  return { address: listener.address, figures: serve(listener) }
}

/** Takes the time of each `connect`; not that of closing. */
export async function send(job: HandshakeJob, address: string, begin: () => Promise<void>): Promise<Sample> {
  const tls = { ...clientTls(), ...clientIdentity() }
  const openAndClose = async (): Promise<number> => {
    const start = performance.now()
    const connection = await connect(address, { tls })
    const elapsedMs = performance.now() - start
    await connection.close()
    return elapsedMs * 1000
  }
  await begin()
  for (let i = 0; i < job.warmUp; i++) await openAndClose()
  const times = new Float64Array(job.count)
  for (let i = 0; i < job.count; i++) times[i] = await openAndClose()
  times.sort()
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}

/** Closes whatever its client closes; never fulfils. */
async function serve(listener: Listener): Promise<Sample> {
  for await (const connection of listener) void untilItsEnd(connection)
  return {}
}

async function untilItsEnd(connection: Connection): Promise<void> {
  await connection.reader.receive()
  await connection.close()
}
