// Run with NODE_TLS_REJECT_UNAUTHORIZED=0: prints the codes with which connecting to bad servers ends, on tls: or SCHEME.
import { ConnectError, connect, listen } from '../../../src/index.ts'
import { certificates } from '../certificates.ts'

const scheme = process.env['SCHEME'] ?? 'tls'
const codes: string[] = []
for (const bad of [certificates.otherLocalhost, certificates.expired, certificates.wrongName]) {
  const listener = await listen(`${scheme}://127.0.0.1:0`, { tls: bad })
  try {
    await connect(listener.address, { tls: { ca: certificates.ca } })
    codes.push('connected')
  } catch (error) {
    codes.push(error instanceof ConnectError ? error.code : String(error))
  }
  await listener.close()
}

// A server that asks for clients' certificates must not take an unknown one either.
const listener = await listen(`${scheme}://127.0.0.1:0`, {
  tls: { ...certificates.localhost, ca: certificates.ca },
  onRejected: error => void codes.push(`server ${error.code}`),
})
try {
  const client = await connect(listener.address, {
    tls: { ca: certificates.ca, ...certificates.otherLocalhost },
  })
  const end = await client.reader.receive()
  codes.push(end === undefined ? 'client saw a clean end' : 'client got a datagram')
} catch (error) {
  codes.push(error instanceof ConnectError ? 'client threw' : String(error))
}
await listener.close()
process.stdout.write(JSON.stringify(codes))
