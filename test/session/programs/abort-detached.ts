// Aborts sessions that are detached, in a pause, in beforeRetry and while connecting, and must end by itself then.
import { type AddressInfo, createServer } from 'node:net'
import { type ConnectSessionOptions, connect, listen } from '../../../src/index.ts'
import { sleep } from '../../support/waiting.ts'
import { cuttingPath } from '../cutting-path.ts'

setTimeout(() => process.exit(1), 10_000).unref()

/** Accepts and says nothing; keeps no process alive. */
const mute = createServer(socket => void socket.on('error', () => {}).unref()).unref()
await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', resolve))
const muteAddress = `tcp://127.0.0.1:${(mute.address() as AddressInfo).port}`

/** Returns the state of a session that was aborted a moment after it had lost its server. */
async function aborted(options: ConnectSessionOptions): Promise<string> {
  const listener = await listen('tcp://127.0.0.1:0', { session: true })
  const path = await cuttingPath(listener.address)
  const client = await connect(path.address, { session: options })
  const server = (await listener.accept())!
  await path.close()
  await listener.close()
  server.abort()
  await sleep(100)
  if (client.session!.state !== 'detached') return `${client.session!.state} too early`
  client.abort()
  return client.session!.state
}

const states = {
  pausing: await aborted({ retryDelayMs: 1_000_000, retryDelayMaxMs: 1_000_000 }),
  asking: await aborted({ beforeRetry: () => new Promise(() => {}) }),
  connecting: await aborted({ beforeRetry: () => ({ address: muteAddress }) }),
}
process.stdout.write(JSON.stringify(states))
