// Sends one message to an echo server over SCTP inside DTLS and prints what comes back. ADDRESS is HOST:PORT with a UDP
// port, DOMAIN is the name that the server's certificate must carry, CAFILE holds the authorities to trust. It needs the
// package koffi, which `npm ci` installs here:
//
//   npx tsx examples/dtls-sctp-client.ts localhost:5678 localhost examples/certificates/ca.pem
import { readFileSync } from 'node:fs'
import { ConnectDatagram, ConnectError, connect } from 'connect-ts'

const missing = ['ADDRESS', 'DOMAIN', 'CAFILE'].slice(process.argv.length - 2)
if (missing.length > 0) {
  console.error(
    `missing: ${missing.join(' ')}; usage: npx tsx examples/dtls-sctp-client.ts ADDRESS DOMAIN CAFILE`,
  )
  process.exit(2)
}
const [address, domain, caFile] = process.argv.slice(2) as [string, string, string]
const url = address.includes('://') ? address : `dtls-sctp://${address}`

try {
  const tls = { ca: readFileSync(caFile), serverName: domain }
  // Closed at the end of the block: everything is sent first, then the server's end is awaited.
  await using connection = await connect(url, { tls })
  await connection.writer.send(new ConnectDatagram(65535, 'Hello world'))
  const reply = await connection.reader.receive()
  if (reply === undefined) throw new Error('the server ended the connection without a reply')
  console.log(`Received message: ${reply.text()}`)
} catch (error) {
  const { message } = error as Error
  console.error(error instanceof ConnectError ? `${error.code}: ${message}` : message)
  process.exit(1)
}
