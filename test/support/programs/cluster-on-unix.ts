// Two workers of a cluster listen on the address in ADDRESS, and answer with who they are; prints how many
// answered. By default, Node hands connections to its workers in turn.
import cluster from 'node:cluster'
import { ConnectDatagram, connect, listen } from '../../../src/index.ts'

const address = process.env['ADDRESS']!
const WORKERS = 2

async function work(): Promise<void> {
  const listener = await listen(address)
  process.send!('listening')
  for await (const connection of listener) {
    void connection.writer.send(new ConnectDatagram(0, String(process.pid)))
    void connection.close()
  }
}

async function ask(): Promise<string> {
  const connection = await connect(address)
  const datagram = await connection.reader.receive()
  await connection.close()
  return datagram!.text()
}

async function lead(): Promise<void> {
  const workers = Array.from({ length: WORKERS }, () => cluster.fork())
  await Promise.all(workers.map(worker => new Promise(resolve => worker.once('message', resolve))))
  const answered = new Set<string>()
  for (let i = 0; i < 4 * WORKERS; i++) answered.add(await ask())
  console.log(answered.size)
  for (const worker of workers) worker.kill('SIGKILL')
}

await (cluster.isPrimary ? lead() : work())
