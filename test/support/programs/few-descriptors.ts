// Run with `ulimit -n` lowered: connects until no descriptor is left, frees some, and is served again.
import { closeSync, openSync } from 'node:fs'
import { connect as rawConnect, type Socket } from 'node:net'
import { ConnectDatagram, type ConnectError, connect, listen } from '../../../src/index.ts'

const rejected: ConnectError[] = []
const listener = await listen('tcp://127.0.0.1:0', { onRejected: error => rejected.push(error) })
void (async () => {
  for await (const connection of listener) {
    void (async () => {
      for await (const datagram of connection.reader) await connection.writer.send(datagram)
    })().catch(() => {})
  }
})()

const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

// The client's socket first, then every descriptor that is left: accept then has none.
const port = Number(new URL(listener.address).port)
await (await connect(listener.address)).close().catch(() => {})
await sleep(50)

const clients: Socket[] = []
let turnedAway = 0
for (let i = 0; i < 2; i++) {
  const hogs: number[] = []
  const spare = openSync('/dev/null', 'r')
  try {
    for (let n = 0; n < 10_000; n++) hogs.push(openSync('/dev/null', 'r'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EMFILE') throw error
  }
  closeSync(spare)
  const client = rawConnect(port, '127.0.0.1')
  client.on('error', () => {}).on('close', () => turnedAway++)
  client.resume()
  clients.push(client)
  await sleep(150)
  for (const hog of hogs) closeSync(hog)
  await sleep(50)
}

const refused = turnedAway
const good = await connect(listener.address, { connectTimeoutMs: 5000 })
await good.writer.send(new ConnectDatagram(1, 'served again'))
const answer = await good.reader.receive()
await good.close()
for (const client of clients) client.destroy()
await listener.close()
process.stdout.write(
  JSON.stringify({ answer: answer?.text(), refused, rejected: rejected.map(error => error.code) }),
  () => process.exit(0),
)
