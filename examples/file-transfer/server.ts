// Receives files, sends every datagram back, and reports the order and the SHA-256 of what came. `npm start` runs it;
// by hand:
//
//   npx tsx examples/file-transfer/server.ts tcp://localhost:5678 tls://localhost:5679
import { type Connection, listen } from 'connect-ts'
import { listenOptionsFor } from './certificates.ts'
import { describeError } from './describe.ts'
import { endWithParent } from './processes.ts'
import { receiveFile } from './receive.ts'

endWithParent()

const addresses = process.argv.slice(2)
if (addresses.length === 0) {
  console.error('ADDRESS is missing; usage: npx tsx examples/file-transfer/server.ts ADDRESS...')
  process.exit(2)
}

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
    onRejected: error => console.error(`turned a peer away: ${describeError(error)}`),
  })
  console.log(`listening on ${listener.address}`)
  void (async () => {
    for await (const connection of listener) void handle(connection)
  })()
  return listener.address
}

async function handle(connection: Connection): Promise<void> {
  try {
    await receiveFile(connection)
    await connection.close()
  } catch (error) {
    console.error(`connection from ${connection.remoteAddress} failed: ${describeError(error)}`)
    connection.abort()
  }
}
