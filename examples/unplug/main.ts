// Sends numbered messages over a network that is pulled three times: npm run example:unplug
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectDatagram, type Connection, connect, listen } from 'connect-ts'
import { layCable } from './cable.ts'

const COUNT = 30_000

/** Sends every number, slowly enough that the network is pulled in the middle. */
async function count(connection: Connection): Promise<void> {
  for (let i = 0; i < COUNT; i++) {
    await connection.writer.send(new ConnectDatagram(1, String(i)))
    if (i % 100 === 0) await sleep(5)
  }
  await connection.writer.flush()
  console.log('client: flush says that the server has consumed all')
}

/** Checks that every number comes, in order and once. */
async function check(connection: Connection): Promise<void> {
  let next = 0
  for await (const datagram of connection.reader) {
    if (datagram.text() !== String(next)) throw new Error(`${datagram.text()} came in place of ${next}`)
    next++
  }
  if (next !== COUNT) throw new Error(`only ${next} came`)
  console.log(`server: ${next} messages came, in order, each once`)
}

async function watch(connection: Connection): Promise<void> {
  for await (const state of connection.session!.states()) console.log(`client: ${state}`)
}

const listener = await listen('tcp://127.0.0.1:0', { session: true })
const cable = await layCable(listener.address)
const client = await connect(cable.address, { session: { retryDelayMaxMs: 200 } })
const server = (await listener.accept())!

const watching = watch(client)
const checking = check(server)
const counting = count(client)
for (let i = 1; i <= 3; i++) {
  await sleep(250)
  console.log(`the cable is pulled for ${i * 100} ms`)
  cable.pull()
  await sleep(i * 100)
  console.log('the cable is plugged in')
  cable.plug()
}
await counting
await client.close()
await Promise.all([checking, watching, server.closed])
await listener.close()
cable.close()
