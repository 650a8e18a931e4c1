// Connects to dead ports where the only port that the system picks is the one that is connected to, so that each
// connection is one to itself; prints what came of it. Runs in a network of its own, see test/transport/self-connection.test.ts.
import { createServer, connect as rawConnect, type Socket } from 'node:net'
import { ConnectDatagram, ConnectError, connect, listen } from '../../../src/index.ts'
import { certificates } from '../certificates.ts'

/** The only port that the system picks. */
const PORT = 40_000
const RELAY_PORT = 50_000
const LIVE_PORT = 50_001

async function outcome(address: string): Promise<string> {
  const options = address.includes('tls') ? { tls: { ca: certificates.ca } } : {}
  try {
    const connection = await connect(address, { ...options, connectTimeoutMs: 60_000 })
    connection.abort()
    return 'connected'
  } catch (error) {
    return error instanceof ConnectError ? `${error.code}: ${error.message}` : String(error)
  }
}

/** Retries a session at a dead port first, and then where it began; returns the errors of its tries. */
async function retried(): Promise<string[]> {
  const errors: string[] = []
  const listener = await listen(`tcp://127.0.0.1:${LIVE_PORT}`, { session: true })
  const sockets = new Set<Socket>()
  const relay = createServer(near => {
    const far = rawConnect(LIVE_PORT, '127.0.0.1')
    for (const socket of [near, far]) socket.on('error', () => {})
    sockets.add(near)
    // A reset frees the only port for the next connection.
    near.on('close', () => far.resetAndDestroy())
    near.pipe(far).pipe(near)
  })
  await new Promise<void>(resolve => void relay.listen(RELAY_PORT, '127.0.0.1', resolve))
  const accepted = listener.accept()
  const client = await connect(`tcp://127.0.0.1:${RELAY_PORT}`, {
    session: {
      beforeRetry({ attempt, error }) {
        if (attempt > 1) errors.push(error.message)
        return { address: `tcp://127.0.0.1:${attempt < 3 ? PORT : RELAY_PORT}` }
      },
    },
  })
  const server = await accepted
  for (const socket of sockets) socket.resetAndDestroy()
  await client.writer.send(new ConnectDatagram(0, 'after all'))
  errors.push((await server!.reader.receive())!.text())
  client.abort()
  await listener.close()
  relay.close()
  for (const socket of sockets) socket.destroy()
  return errors
}

const outcomes: Record<string, string> = {}
for (const address of [`tcp://127.0.0.1:${PORT}`, `tcp://[::1]:${PORT}`, `tls://127.0.0.1:${PORT}`]) {
  outcomes[address] = await outcome(address)
}
for (const address of [`sctp://127.0.0.1:1?udp=${PORT}`, `dtls-sctp://127.0.0.1:${PORT}`]) {
  outcomes[address] = await outcome(address)
}
console.log(JSON.stringify({ outcomes, retried: await retried() }))
process.exit()
