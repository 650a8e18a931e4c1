import { connect as connectNet, createServer as createNetServer, type Server, type Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import type { Job, Receiving } from '../job.ts'
import { clientTls, serverTls, socketPath } from '../media.ts'
import { Arrivals } from '../messages.ts'
import { roundTrips } from '../round-trips.ts'

/** The bytes that our header adds to a message; the floor carries the same number. */
const HEADER_BYTES = 8
const WRITE_BYTES = 64 * 1024

/** The floor: the same bytes through `net` or `tls`, in 64 KiB writes, without framing or a look at them. */
export function receive(job: Job): Promise<Receiving> {
  const arrivals = new Arrivals(job)
  let total = 0
  const onSocket = (socket: Socket): void => {
    socket.setNoDelay(true)
    if (job.kind === 'echo') socket.on('data', chunk => socket.write(chunk))
    else {
      socket.on('data', chunk => {
        total += (chunk as Uint8Array).length
        arrivals.noteBytes(total, HEADER_BYTES + job.bytes)
      })
    }
  }
  const server: Server =
    job.medium === 'tls' ? createTlsServer(nodeServerTls(), onSocket) : createNetServer(onSocket)
  return new Promise(resolve => {
    const path = socketPath()
    const ready = (): void => {
      const bound = server.address()
      const address = bound !== null && typeof bound === 'object' ? String(bound.port) : path
      resolve({ address, elapsedMs: arrivals.elapsedMs })
    }
    if (job.medium === 'unix') server.listen(path, ready)
    else server.listen(0, '127.0.0.1', ready)
  })
}

export async function send(job: Job, address: string): Promise<Float64Array | undefined> {
  const socket = await open(job, address)
  if (job.kind === 'echo') return echoes(job, socket)
  const block = new Uint8Array(WRITE_BYTES)
  let left = (job.warmUp + job.count) * (HEADER_BYTES + job.bytes)
  while (left > 0) {
    const length = Math.min(left, WRITE_BYTES)
    left -= length
    if (!socket.write(length === WRITE_BYTES ? block : block.subarray(0, length))) {
      await new Promise(resolve => socket.once('drain', resolve))
    }
  }
  return undefined
}

function echoes(job: Job, socket: Socket): Promise<Float64Array> {
  const message = new Uint8Array(HEADER_BYTES + job.bytes)
  let received = 0
  let wake = (): void => {}
  socket.on('data', chunk => {
    received += (chunk as Uint8Array).length
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

function open(job: Job, address: string): Promise<Socket> {
  return new Promise(resolve => {
    if (job.medium === 'unix') {
      const socket = connectNet({ path: address }, () => resolve(socket))
      return
    }
    const target = { port: Number(address), host: '127.0.0.1', noDelay: true }
    const socket: Socket =
      job.medium === 'tls'
        ? connectTls({ ...target, ca: String(clientTls().ca), servername: 'localhost' }, () =>
            resolve(socket),
          )
        : connectNet(target, () => resolve(socket))
  })
}

function nodeServerTls(): { cert: string; key: string } {
  const { cert, key } = serverTls()
  return { cert: String(cert), key: String(key) }
}
