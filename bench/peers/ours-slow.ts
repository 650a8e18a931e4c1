import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection } from 'connect-ts'
import type { Arrivals } from '../child/messages.ts'
import type { Receiving, SlowJob } from '../job.ts'
import { readEach, receiveWith } from './ours.ts'

export { send } from './ours.ts'

const PAUSE_MS = 10

/** A datagram now and then; after `slowMs` all the rest, or the measurement ends there. */
export async function receive(job: SlowJob): Promise<Receiving> {
  let stop = (): void => {}
  const stopped = new Promise<void>(resolve => {
    stop = resolve
  })
  const { address, figures } = await receiveWith(job, async (connection, arrivals) => {
    await readSlowly(connection, arrivals, job.slowMs)
    if (job.drains) await readEach(connection, arrivals)
    else stop()
  })
  return { address, figures: job.drains ? figures : stopped.then(() => ({})) }
}

async function readSlowly(connection: Connection, arrivals: Arrivals, slowMs: number): Promise<void> {
  for (const end = performance.now() + slowMs; performance.now() < end; await sleep(PAUSE_MS)) {
    const datagram = (await connection.reader.receive())!
    arrivals.note(datagram.byteLength, datagram.data)
  }
}
