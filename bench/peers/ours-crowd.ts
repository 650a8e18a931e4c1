import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectDatagram, type ConnectionWriter, connect, type Listener, listen } from 'connect-ts'
import { inBatches } from '../child/in-batches.ts'
import { Arrivals, type Messages, ringOfData } from '../child/messages.ts'
import { Stalls } from '../child/stalls.ts'
import type { Sample } from '../figures.ts'
import type { CrowdJob, Receiving } from '../job.ts'
import { readEach } from './ours.ts'

export async function receive(job: CrowdJob): Promise<Receiving> {
  const listener = await listen('tcp://127.0.0.1:0')
  return { address: listener.address, figures: measure(listener, job) }
}

/** The sender goes on for longer than the receiver measures. */
const MARGIN_MS = 300

/** Messages between two looks at the clock. */
const STRIDE = 1024

/** `send` in a loop on every connection at once. */
export async function send(job: CrowdJob, address: string, begin: () => Promise<void>): Promise<Sample> {
  const connections = await inBatches(job.connections, () => connect(address))
  const ring = ringOfData(endless(job)).map(data => new ConnectDatagram(1, data))
  await begin()
  const stalls = new Stalls()
  const end = performance.now() + job.warmUpMs + job.measuredMs + MARGIN_MS
  await Promise.all(connections.map(({ writer }) => sendUntil(end, writer, ring)))
  return { stall: stalls.longestMs() }
}

async function sendUntil(
  end: number,
  writer: ConnectionWriter,
  ring: readonly ConnectDatagram[],
): Promise<void> {
  for (let place = 0; performance.now() < end; ) {
    for (let i = 0; i < STRIDE; i++) {
      await writer.send(ring[place]!)
      place = place + 1 === ring.length ? 0 : place + 1
    }
  }
}

/** Counts on every connection what comes within the same time, in the middle of the run. */
async function measure(listener: Listener, job: CrowdJob): Promise<Sample> {
  const each: Arrivals[] = []
  while (each.length < job.connections) {
    const connection = (await listener.accept())!
    const arrivals = new Arrivals(endless(job))
    each.push(arrivals)
    void readEach(connection, arrivals)
  }
  await sleep(job.warmUpMs)
  const before = each.map(({ arrived }) => arrived)
  const start = performance.now()
  await sleep(job.measuredMs)
  const seconds = (performance.now() - start) / 1000
  const counts = each.map(({ arrived }, place) => arrived - before[place]!)
  const total = counts.reduce((sum, count) => sum + count, 0)
  return { rate: total / seconds, slowest: (Math.min(...counts) * counts.length) / total }
}

/** More messages than a run can bring. */
function endless({ bytes }: CrowdJob): Messages {
  return { bytes, count: 2 ** 30, warmUp: 2 ** 30 }
}
