import { connect as connectNet, createServer as createNetServer, type Server, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import { clientTls, serverTls } from '../child/media.ts'
import { Arrivals, ringSize } from '../child/messages.ts'
import { roundTrips } from '../child/round-trips.ts'
import type { Sample } from '../figures.ts'
import type { Job, Medium, Receiving } from '../job.ts'
import { socketPath } from '../socket-path.ts'

/** The bytes that our header adds to a message; the floor carries the same number. */
const HEADER_BYTES = 8
const WRITE_BYTES = 64 * 1024

/** The floor: the same bytes through `net` or `tls`, in 64 KiB writes, without framing or a look at them. */
export async function receive(job: Job): Promise<Receiving> {
  const arrivals = new Arrivals(job)
  let total = 0
  const onSocket = (socket: Socket): void => {
    socket.setNoDelay(true)
    if (job.kind === 'echo') socket.on('data', chunk => socket.write(chunk))
    else {
      socket.on('data', chunk => {
        total += chunk.length
        arrivals.noteBytes(total, HEADER_BYTES + job.bytes)
      })
    }
  }
  const server = job.medium === 'tls' ? createTlsServer(serverTls(), onSocket) : createNetServer(onSocket)
  return { address: await listening(server, job.medium), figures: arrivals.figures }
}

export async function send(job: Job, address: string, begin: () => Promise<void>): Promise<Sample> {
  const socket = await open(address, job.medium)
  const blocks = blocksOf(job)
  const frameBytes = HEADER_BYTES + job.bytes
  await begin()
  if (job.kind === 'echo') return echoes(job, socket)
  let left = (job.warmUp + job.count) * frameBytes
  for (let i = 0; left > 0; i++) {
    const block = blocks[i % blocks.length]!
    const data = left < WRITE_BYTES ? block.subarray(0, left) : block
    left -= data.length
    if (!socket.write(data)) await new Promise(resolve => socket.once('drain', resolve))
  }
  return {}
}

/** What is written in turns: as much memory as the messages of the other peers take. */
function blocksOf(job: Job): Uint8Array[] {
  const count = Math.ceil((ringSize(job) * job.bytes) / WRITE_BYTES)
  return Array.from({ length: count }, (_, place) => new Uint8Array(WRITE_BYTES).fill(place))
}

/** Fulfils with the port, or with the path of a Unix socket. */
export function listening(server: Server, medium: Medium = 'tcp'): Promise<string> {
  return new Promise((resolve, reject) => {
    const ready = (): void => {
      const address = server.address()
      resolve(typeof address === 'string' ? address : String(address!.port))
    }
    server.once('error', reject)
    if (medium === 'unix') server.listen(socketPath(), ready)
    else server.listen(0, '127.0.0.1', ready)
  })
}

function echoes(job: Job, socket: Socket): Promise<Sample> {
  const message = new Uint8Array(HEADER_BYTES + job.bytes)
  let received = 0
  let wake = (): void => {}
  socket.on('data', chunk => {
    received += chunk.length
    if (received < message.length) return
    received = 0
    wake()
  })
  return roundTrips(
    job,
    () =>
      new Promise(resolve => {
        wake = resolve
        socket.write(message)
      }),
  )
}

function open(address: string, medium: Medium): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket: Socket = dial(address, medium, () => resolve(socket))
    socket.once('error', reject)
  })
}

function dial(address: string, medium: Medium, connected: () => void): Socket {
  if (medium === 'unix') return connectNet({ path: address }, connected)
  const target = { port: Number(address), host: '127.0.0.1', noDelay: true }
  if (medium === 'tcp') return connectNet(target, connected)
  return connectTls({ ...target, ca: clientTls().ca, servername: 'localhost' }, connected)
}
