// One end of a session in a process of its own, which reads as it is told to, until it is killed.
// Arguments: listen or connect, the address, a file that says how many messages were taken.
import { openSync, writeSync } from 'node:fs'
import { type Connection, connect, listen } from '../../../src/index.ts'
import { CUTTABLE } from '../cutting-path.ts'
import type { Order, Report } from './peer-process.ts'

const [role, address, file] = process.argv.slice(2) as [string, string, string]
const medium = CUTTABLE[new URL(address).protocol.slice(0, -1)]!
const session = { silenceTimeoutMs: 300 }

const report = (what: Report): unknown => process.send!(what)
const log = openSync(file, 'w')
let taken = 0

async function open(): Promise<Connection> {
  if (role === 'connect') return connect(address, { ...medium.connectOptions, session })
  const listener = await listen(address, { ...medium.listenOptions, session })
  report({ kind: 'listening', address: listener.address })
  return (await listener.accept())!
}

/** Asks for the next one, which consumes the one before; what is taken is written down before that. */
async function take({ reader }: Connection): Promise<void> {
  const datagram = await reader.receive()
  taken++
  writeSync(log, new Uint8Array(new Uint32Array([taken]).buffer), 0, 4, 0)
  report({ kind: 'taken', count: taken, recipient: datagram!.recipient })
}

const opening = open()

process.on('message', async ({ messages }: Order) => {
  const connection = await opening
  for (let i = 0; i < messages; i++) await take(connection)
})
