// Prints what becomes of connecting without `ca` to a server of the tests' authority, on tls: and on dtls-sctp:.
import * as nodeTls from 'node:tls'
import { ConnectError, connect, listen } from '../../../src/index.ts'
import { certificates } from '../certificates.ts'

const { setDefaultCACertificates } = nodeTls as { setDefaultCACertificates?: (ca: readonly string[]) => void }
if (process.env['SET_NONE'] === '1') setDefaultCACertificates?.([])

const outcomes: Record<string, string> = {}
for (const scheme of ['tls', 'dtls-sctp']) {
  const listener = await listen(`${scheme}://127.0.0.1:0`, { tls: certificates.localhost })
  try {
    const connection = await connect(listener.address)
    outcomes[scheme] = 'trusted'
    connection.abort()
  } catch (error) {
    outcomes[scheme] = error instanceof ConnectError ? error.code : String(error)
  }
  await listener.close()
}
process.stdout.write(JSON.stringify(outcomes))
