// Sends every message back to whoever sent it, over TLS, until Ctrl-C. CERT and KEY are PEM files:
//
//   npx tsx examples/tls-echo-server.ts localhost:5678 examples/certificates/localhost.pem examples/certificates/localhost.key
import { readFileSync } from 'node:fs'
import { type ConnectDatagram, ConnectError, type Connection, listen } from 'connect-ts'

const missing = ['ADDRESS', 'CERT', 'KEY'].slice(process.argv.length - 2)
if (missing.length > 0) {
  console.error(`missing: ${missing.join(' ')}; usage: npx tsx examples/tls-echo-server.ts ADDRESS CERT KEY`)
  process.exit(2)
}
const [address, certFile, keyFile] = process.argv.slice(2) as [string, string, string]
const url = address.includes('://') ? address : `tls://${address}`

/** The recipient that this program reads as text. What a recipient means is up to the two programs. */
const TEXT = 65535

const connections = new Set<Connection>()

try {
  const listener = await listen(url, {
    // The clients of the Rust crate just drop their connections. Between your own programs, leave requireCloseNotify out.
    tls: { cert: readFileSync(certFile), key: readFileSync(keyFile), requireCloseNotify: false },
    onRejected: error => console.error(`Turned a peer away: ${describe(error)}`),
  })
  const stop = () => {
    void listener.close()
    // Clean for a client that is done; one that still sends is cut off and notices.
    for (const connection of connections) void connection.close()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop)
  console.log(`listening on ${listener.address}`)
  for await (const connection of listener) void handle(connection)
} catch (error) {
  console.error(describe(error))
  process.exit(1)
}

/** One connection from its start to its end. What goes wrong with it concerns no other. */
async function handle(connection: Connection): Promise<void> {
  connections.add(connection)
  console.log(`Handling connection from ${connection.remoteAddress}`)
  try {
    await echo(connection)
    await connection.close()
  } catch (error) {
    console.error(`Connection from ${connection.remoteAddress} failed: ${describe(error)}`)
    connection.abort()
  } finally {
    connections.delete(connection)
  }
}

async function echo({ reader, writer, remoteAddress }: Connection): Promise<void> {
  for await (const datagram of reader) {
    console.log(`Received a message ${summary(datagram)} from ${remoteAddress}`)
    // Waits while the client does not read, and so stops reading from it.
    await writer.send(datagram)
    console.log('Sent message back to original sender')
  }
}

function summary(datagram: ConnectDatagram): string {
  if (datagram.recipient !== TEXT) return `for unknown recipient ${datagram.recipient}`
  // JSON escapes what would be a command to the terminal.
  return JSON.stringify(datagram.text().slice(0, 1000))
}

function describe(error: unknown): string {
  const { message } = error as Error
  return error instanceof ConnectError ? `${error.code}: ${message}` : message
}
