// Receives files, sends every datagram back, and reports the order and the SHA-256 of what came. `npm start` runs it;
// by hand:
//
//   npx tsx examples/file-transfer/server.ts tcp://localhost:5678 tls://localhost:5679
import { type Connection, type Listener, listen } from 'connect-ts'
import { listenOptionsFor } from './certificates.ts'
import { describeError } from './describe.ts'
import { stopSignal } from './processes.ts'
import { receiveFile } from './receive.ts'

const stopped = stopSignal()
const listeners: Listener[] = []
const connections = new Set<Connection>()

const addresses = process.argv.slice(2)
if (addresses.length === 0) {
  console.error('ADDRESS is missing; usage: npx tsx examples/file-transfer/server.ts ADDRESS...')
  process.exit(2)
}

stopped.addEventListener('abort', () => {
  for (const listener of listeners) void listener.close()
  // Whoever is still sending or being answered must not take this for the end.
  if (connections.size > 0) process.exitCode = 1
  for (const connection of connections) connection.abort(stopped.reason)
  if (process.connected) process.disconnect()
})

try {
  const bound = await Promise.all(addresses.map(serve))
  process.send?.(bound)
} catch (error) {
  console.error(describeError(error))
  process.exit(1)
}

/** @returns the address to connect to */
async function serve(address: string): Promise<string> {
  const listener = await listen(address, {
    ...listenOptionsFor(address),
    allowHalfOpen: true,
    signal: stopped,
    onRejected: error => console.error(`turned a peer away: ${describeError(error)}`),
  })
  listeners.push(listener)
  console.log(`listening on ${listener.address}`)
  void (async () => {
    for await (const connection of listener) void handle(connection)
  })()
  return listener.address
}

async function handle(connection: Connection): Promise<void> {
  connections.add(connection)
  try {
    await receiveFile(connection)
    await connection.close()
  } catch (error) {
    console.error(`connection from ${connection.remoteAddress} failed: ${describeError(error)}`)
    connection.abort()
  } finally {
    connections.delete(connection)
  }
}
