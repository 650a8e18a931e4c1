import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { after } from 'node:test'

/** A server that knows nothing of connect-ts: records the bytes that come and answers as it is told. */
export interface WireServer {
  /** As a user types it: without a scheme. */
  readonly address: string
  received(): Buffer
}

/** @param answer called with each chunk, and with undefined at the client's end */
export async function wireServer(
  answer: (socket: Socket, chunk: Buffer | undefined) => void,
): Promise<WireServer> {
  const chunks: Buffer[] = []
  const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    socket.on('error', () => {})
    socket.on('data', chunk => {
      chunks.push(chunk)
      answer(socket, chunk)
    })
    socket.on('end', () => answer(socket, undefined))
  })
  after(() => server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return { address: `127.0.0.1:${port}`, received: () => Buffer.concat(chunks) }
}

/** Answers when the client has ended: with all the frames of a fixed size that it has sent, changed by `change`. */
export function answerAtEnd(
  frameBytes: number,
  change: (frames: Buffer[]) => Buffer[],
): (socket: Socket, chunk: Buffer | undefined) => void {
  const chunks: Buffer[] = []
  return (socket, chunk) => {
    if (chunk !== undefined) {
      chunks.push(chunk)
      return
    }
    const bytes = Buffer.concat(chunks)
    const frames = Array.from({ length: bytes.length / frameBytes }, (_, i) =>
      bytes.subarray(i * frameBytes, (i + 1) * frameBytes),
    )
    socket.end(Buffer.concat(change(frames)))
  }
}
