// Sends one message to an echo server over SCTP and prints what comes back. ADDRESS is HOST:PORT, on UDP port 9899, or
// as in 'sctp://HOST:PORT?udp=9900':
//
//   npx tsx examples/sctp-client.ts localhost:5678
import { ConnectDatagram, ConnectError, connect } from 'connect-ts'

const address = process.argv[2]
if (address === undefined) {
  console.error('ADDRESS is missing; usage: npx tsx examples/sctp-client.ts ADDRESS')
  process.exit(2)
}
const url = address.includes('://') ? address : `sctp://${address}`

try {
  // Closed at the end of the block: everything is sent first, then the server's end is awaited.
  await using connection = await connect(url)
  await connection.writer.send(new ConnectDatagram(65535, 'Hello world'))
  const reply = await connection.reader.receive()
  if (reply === undefined) throw new Error('the server ended the connection without a reply')
  console.log(`Received message: ${reply.text()}`)
} catch (error) {
  const { message } = error as Error
  console.error(error instanceof ConnectError ? `${error.code}: ${message}` : message)
  process.exit(1)
}
