// Sends 10,000 numbered messages to an echo server and checks that all of them come back, in order:
//
//   npx tsx examples/tcp-client-blaster.ts localhost:5678
import {
  ConnectDatagram,
  ConnectError,
  type ConnectionReader,
  type ConnectionWriter,
  connect,
} from 'connect-ts'

const MESSAGES = 10_000

const address = process.argv[2]
if (address === undefined) {
  console.error('ADDRESS is missing; usage: npx tsx examples/tcp-client-blaster.ts ADDRESS')
  process.exit(2)
}

try {
  // A server that keeps a message back and says nothing more is not waited for.
  await blast(address, { idleTimeoutMs: 10_000 })
  console.log(`Received all ${MESSAGES} messages in order`)
} catch (error) {
  const { message } = error as Error
  console.error(error instanceof ConnectError ? `${error.code}: ${message}` : message)
  process.exitCode = 1
}

async function blast(address: string, options: { idleTimeoutMs: number }): Promise<void> {
  const connection = await connect(address, options)
  // Stopped in the middle, it must not look to the server like one that was done.
  const stop = (signal: string) => connection.abort(new Error(`stopped by ${signal}`))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop)
  try {
    // Both at once: a server that cannot get rid of its echoes stops reading.
    await Promise.all([sendAll(connection.writer), receiveAll(connection.reader)])
    await connection.close()
  } catch (error) {
    connection.abort(error as Error)
    throw error
  }
}

async function sendAll(writer: ConnectionWriter): Promise<void> {
  for (let i = 0; i < MESSAGES; i++) {
    const data = Uint8Array.of(i >> 8, i & 0xff)
    await writer.send(new ConnectDatagram(0, data))
  }
  await writer.close()
}

async function receiveAll(reader: ConnectionReader): Promise<void> {
  let count = 0
  for await (const { data } of reader) {
    const number = data.length === 2 ? (data[0]! << 8) | data[1]! : undefined
    if (number !== count) throw new Error(`expected message ${count}, received ${number ?? 'something else'}`)
    count++
    if (count === MESSAGES) return
  }
  throw new Error(`received only ${count} of ${MESSAGES} messages`)
}
