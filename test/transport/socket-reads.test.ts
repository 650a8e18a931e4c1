import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { describe, it } from 'node:test'
import { adoptSocket, connectSocket, type SocketReads } from '../../src/transport/socket-reads.ts'

/** A connected pair: what a server has accepted, unread, and what we dialled. */
async function pair(): Promise<{ accepted: Socket; dialled: SocketReads; close(): void }> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const dialled = connectSocket({ host: '127.0.0.1', port, allowHalfOpen: true })
  const [[accepted]] = await Promise.all([once(server, 'connection'), once(dialled.socket, 'connect')])
  return {
    accepted,
    dialled,
    close() {
      server.close()
      dialled.socket.destroy()
      accepted.destroy()
    },
  }
}

/** Reads to the end; `room` is asked where to put what comes. */
async function readAll(
  reads: SocketReads,
  room: () => Uint8Array | undefined = () => undefined,
): Promise<Uint8Array[]> {
  const chunks: Uint8Array[] = []
  reads.start({ onData: chunk => void chunks.push(chunk), room })
  await once(reads.socket, 'end')
  return chunks
}

describe('reading a socket', () => {
  it('reads nothing before it is told to, and then all of it', async () => {
    const { accepted, dialled, close } = await pair()
    accepted.end('hello')
    await new Promise(resolve => setTimeout(resolve, 50))
    assert.equal(dialled.socket.bytesRead, 0)
    assert.equal(Buffer.concat(await readAll(dialled)).toString(), 'hello')
    close()
  })

  it('takes an accepted socket over, and its descriptor with it', async () => {
    const { accepted, dialled, close } = await pair()
    const adopted = adoptSocket(accepted)
    assert.notEqual(adopted.socket, accepted)
    assert.equal(adopted.socket.remotePort, dialled.socket.localPort)
    dialled.socket.end('hello')
    assert.equal(Buffer.concat(await readAll(adopted)).toString(), 'hello')
    const closed = once(adopted.socket, 'close')
    adopted.socket.end('world')
    assert.equal(Buffer.concat(await readAll(dialled)).toString(), 'world')
    close()
    await closed
  })

  it('leaves an accepted socket as it is where its handle is not as expected', async () => {
    const { accepted, dialled, close } = await pair()
    const handle = Reflect.get(accepted, '_handle')
    Reflect.set(handle, 'useUserBuffer', undefined)
    const adopted = adoptSocket(accepted)
    assert.equal(adopted.socket, accepted)
    dialled.socket.end('hello')
    assert.equal(Buffer.concat(await readAll(adopted)).toString(), 'hello')
    close()
  })

  it('never writes again to what one of several sockets was given', async () => {
    const pairs = await Promise.all([pair(), pair(), pair()])
    const lengths = [3, 1000, 70_000, 5000, 2, 2, 300_000, 9]
    const received = pairs.map(({ dialled }) => readAll(dialled))
    for (const [round, length] of lengths.entries()) {
      for (const [mark, { accepted }] of pairs.entries())
        accepted.write(Buffer.alloc(length, 10 * round + mark))
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    for (const { accepted } of pairs) accepted.end()
    for (const [mark, chunks] of (await Promise.all(received)).entries()) {
      const expected = lengths.map((length, round) => Buffer.alloc(length, 10 * round + mark))
      assert.ok(Buffer.concat(chunks).equals(Buffer.concat(expected)))
    }
    for (const { close } of pairs) close()
  })

  it('reads into the memory of the sink while that has room, and elsewhere after that', async () => {
    const { accepted, dialled, close } = await pair()
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i * 31))
    const memory = new Uint8Array(100_000)
    let filled = 0
    let asked = 0
    dialled.socket.pause()
    accepted.end(sent)
    const chunks: Uint8Array[] = []
    dialled.start({
      onData(chunk) {
        if (chunk.buffer === memory.buffer) {
          assert.equal(chunk.byteOffset, filled)
          filled += chunk.length
        }
        chunks.push(chunk)
      },
      room() {
        asked++
        return chunks.length > 0 && filled < memory.length ? memory.subarray(filled) : undefined
      },
    })
    await once(dialled.socket, 'end')
    assert.ok(asked > 2)
    assert.equal(filled, memory.length)
    assert.ok(Buffer.concat(chunks).equals(sent))
    close()
  })
})
