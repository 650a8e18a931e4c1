import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

/** A header with any size and version. */
export function header(size: number, version = 1, recipient = 0): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32BE(size, 0)
  bytes.writeUInt16BE(version, 4)
  bytes.writeUInt16BE(recipient, 6)
  return bytes
}

/** A plain TCP socket to the port of `address`, destroyed when the test is over. */
export async function rawClient(t: TestContext, address: string): Promise<Socket> {
  const socket = connect({
    port: Number(new URL(address).port),
    host: '127.0.0.1',
    allowHalfOpen: true,
    noDelay: true,
  })
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** A plain TCP server that hands each socket to `onSocket`; gone, with its sockets, when the test is over. */
export async function rawServer(
  t: TestContext,
  onSocket: (socket: Socket) => void = () => {},
): Promise<{ server: Server; port: number }> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port }
}

/** Writes the bytes one by one, each in a segment of its own as far as the system allows. */
export async function drip(socket: Socket, bytes: Uint8Array, pauseMs = 1): Promise<void> {
  for (const byte of bytes) {
    if (socket.destroyed) return
    socket.write(Uint8Array.of(byte))
    await new Promise(resolve => setTimeout(resolve, pauseMs))
  }
}

/**
 * Resolves when the other end has cut the socket off. A reset may show as an end here: libuv takes it for one when
 * bytes came right before it.
 */
export function gone(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    if (socket.closed || socket.readableEnded) resolve()
    else socket.resume().once('end', resolve).once('close', resolve)
  })
}
