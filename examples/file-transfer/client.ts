// Sends a file to the server at each address, one after the other, and compares it with what comes back and with what
// the server says that it has received. `npm start` runs it; by hand:
//
//   npx tsx examples/file-transfer/client.ts FILE tcp://localhost:5678 tls://localhost:5679
import { stat } from 'node:fs/promises'
import { type Connection, connect } from 'connect-ts'
import { connectOptionsFor } from './certificates.ts'
import { describeError, describeProgress, describeRates } from './describe.ts'
import { stopSignal } from './processes.ts'
import { showProgress } from './progress.ts'
import { TransferCheck } from './report.ts'
import { faults, sendFile } from './send.ts'

const stopped = stopSignal()

const [path, ...addresses] = process.argv.slice(2)
if (path === undefined || addresses.length === 0) {
  const missing = path === undefined ? 'FILE and ADDRESS are' : 'ADDRESS is'
  console.error(`${missing} missing; usage: npx tsx examples/file-transfer/client.ts FILE ADDRESS...`)
  process.exit(2)
}

try {
  for (const address of addresses) await transfer(path, address)
} catch (error) {
  console.error(describeError(error))
  process.exitCode = 1
}

async function transfer(path: string, address: string): Promise<void> {
  const connection = await connect(address, { ...connectOptionsFor(address), signal: stopped })
  const abort = () => connection.abort(stopped.reason)
  stopped.addEventListener('abort', abort)
  try {
    console.log(address)
    await carry(path, connection)
    await connection.close()
  } catch (error) {
    connection.abort(error as Error)
    throw error
  } finally {
    stopped.removeEventListener('abort', abort)
  }
}

async function carry(path: string, connection: Connection): Promise<void> {
  const { size } = await stat(path)
  const start = performance.now()
  const seconds = (): number => (performance.now() - start) / 1000
  const echoed = new TransferCheck()
  const hideProgress = showProgress(() => describeProgress(echoed.bytes, size, seconds()))
  const outcome = await sendFile(connection, path, echoed).finally(hideProgress)

  for (const line of describeRates(outcome.echoed, seconds())) console.log(`  ${line}`)
  console.log(`  SHA-256 ${outcome.sent.sha256}`)
  if (outcome.sent.bytes < size) throw new Error('the file became shorter while it was read')
  const found = faults(outcome)
  if (found.length > 0) throw new Error(`the file was changed on its way: ${found.join('; ')}`)
  console.log('  at the server and back at the client: order ok, SHA-256 ok')
}
