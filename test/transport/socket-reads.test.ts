import assert from 'node:assert/strict'
import { once } from 'node:events'
import { syncBuiltinESMExports } from 'node:module'
import net, { type AddressInfo, createServer, type OnReadOpts, Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { adoptSocket, connectSocket, type SocketReads } from '../../src/transport/socket-reads.ts'
import { connectError } from '../support/errors.ts'

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

/** A socket that another runtime would make, and how that reads; nothing of it is connected to anything. */
function foreignSocket(t: TestContext): { reads: SocketReads; socket: Socket; onread: OnReadOpts } {
  const socket = new Socket()
  const { connect } = net
  let onread: OnReadOpts | undefined
  const put = (value: unknown): void => {
    Object.assign(net, { connect: value })
    syncBuiltinESMExports()
  }
  put((options: { onread: OnReadOpts }) => {
    onread = options.onread
    return socket
  })
  const reads = connectSocket({ path: 'unused' })
  put(connect)
  t.after(() => socket.destroy())
  return { reads, socket, onread: onread! }
}

const offer = ({ buffer }: OnReadOpts): Uint8Array => (buffer as () => Uint8Array)()

describe('reading on another runtime', () => {
  it('takes the bytes from the memory that the callback names, and copies them out', t => {
    const { reads, onread } = foreignSocket(t)
    const memoryOfSink = new Uint8Array(100)
    const chunks: Uint8Array[] = []
    offer(onread)
    reads.start({ onData: chunk => void chunks.push(chunk), room: () => memoryOfSink })
    const own = Buffer.from('hello world')
    assert.equal(onread.callback(5, own), true)
    offer(onread)
    assert.equal(onread.callback(11, own), true)
    own.fill(0)
    assert.deepEqual(
      chunks.map(chunk => Buffer.from(chunk).toString()),
      ['hello', 'hello world'],
    )
    assert.deepEqual(memoryOfSink, new Uint8Array(100))
  })

  it('takes the bytes from memory that was offered before the last', t => {
    const { reads, onread } = foreignSocket(t)
    const rooms = [new Uint8Array(8).fill(1), new Uint8Array(8).fill(2)]
    const chunks: Uint8Array[] = []
    reads.start({ onData: chunk => void chunks.push(chunk), room: () => rooms.shift() })
    const [first, second] = [offer(onread), offer(onread)]
    onread.callback(3, first)
    onread.callback(3, second)
    assert.deepEqual(chunks, [new Uint8Array(3).fill(1), new Uint8Array(3).fill(2)])
  })

  for (const [what, memory] of [
    ['names no memory', undefined],
    ['names what is no memory', 'hello'],
    ['names less memory than it has read', new Uint8Array(4)],
  ] as const) {
    it(`fails the connection where the callback ${what}`, async t => {
      const { reads, socket, onread } = foreignSocket(t)
      offer(onread)
      reads.start({ onData: () => assert.fail('memory that was not read'), room: () => undefined })
      const failed = once(socket, 'error')
      assert.equal(onread.callback(5, memory as Uint8Array), false)
      connectError((await failed)[0], 'CONNECTION_FAILED')
      assert.ok(socket.destroyed)
    })
  }

  it('reads by events where the runtime does not know onread', t => {
    const { reads, socket } = foreignSocket(t)
    const chunks: Uint8Array[] = []
    reads.start({ onData: chunk => void chunks.push(chunk), room: () => undefined })
    const own = Buffer.from('hello')
    socket.emit('data', own)
    own.fill(0)
    assert.equal(Buffer.concat(chunks).toString(), 'hello')
  })

  it('listens to no events where the runtime does', async () => {
    const { accepted, dialled, close } = await pair()
    const adopted = adoptSocket(accepted)
    for (const reads of [dialled, adopted]) {
      reads.start({ onData() {}, room: () => undefined })
      assert.equal(reads.socket.listenerCount('data'), 0)
    }
    close()
    adopted.socket.destroy()
  })
})
