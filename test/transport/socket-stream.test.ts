import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { it, type TestContext } from 'node:test'
import type { ConnectError } from '../../src/errors.ts'
import type { ConnectionSettings } from '../../src/options.ts'
import { EventReads } from '../../src/transport/socket-reads.ts'
import { SocketStream } from '../../src/transport/socket-stream.ts'
import { until, within } from '../support/waiting.ts'

it('says of a write that it is done only while there is a socket that could have taken it', async t => {
  const server = createServer(peer => peer.resume().on('error', () => {})).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  const addresses = { localAddress: 'tcp://near:1', remoteAddress: 'tcp://far:1' }
  const manners = { reset: () => socket.destroy(), onEnd: () => {} }
  const stream = new SocketStream(new EventReads(socket), addresses, {} as ConnectionSettings, manners)
  const closed = new Promise(resolve => {
    stream.open({
      onData: () => {},
      room: () => undefined,
      onEnd: () => {},
      onWritten: () => assert.fail('nothing that was left to be written was written'),
      onSpoilt: error => assert.ifError(error),
      onFinish: () => {},
      onClose: resolve,
    })
  })
  assert.equal(stream.write([Uint8Array.of(1)], 1), true)
  socket.destroy()
  assert.equal(stream.write([Uint8Array.of(2)], 1), false)
  assert.equal(((await closed) as { code?: string }).code, 'CONNECTION_RESET')
})

/** A stream over a socket whose peer does not read until it is told to. */
async function slowStream(t: TestContext) {
  const peers: Socket[] = []
  const server = createServer(peer => void peers.push(peer.pause().on('error', () => {})))
  server.listen(0, '127.0.0.1')
  t.after(() => {
    server.close()
    for (const peer of peers) peer.destroy()
  })
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  const addresses = { localAddress: 'tcp://near:1', remoteAddress: 'tcp://far:1' }
  const manners = { reset: () => socket.destroy(), onEnd: () => {} }
  const stream = new SocketStream(new EventReads(socket), addresses, {} as ConnectionSettings, manners)
  let written = 0
  const spoilt = new Promise<ConnectError>(resolve => {
    stream.open({
      onData: () => {},
      room: () => undefined,
      onEnd: () => {},
      onWritten(byteLength) {
        written += byteLength
      },
      onSpoilt: resolve,
      onFinish: () => {},
      onClose: () => {},
    })
  })
  const received: Buffer[] = []
  return {
    stream,
    spoilt,
    written: () => written,
    received: () => Buffer.concat(received),
    /** Writes until the operating system takes no more, and says how many bytes that were. */
    fill(): number {
      let bytes = 0
      for (let i = 0; i < 1000; i++) {
        bytes += 100_000
        if (!stream.write([new Uint8Array(100_000).fill(1)], 100_000)) return bytes
      }
      assert.fail('there is no end to what the operating system takes')
    },
    read: () => void peers[0]!.on('data', chunk => received.push(chunk)).resume(),
  }
}

const transfer = (data: Uint8Array): unknown =>
  structuredClone(data, { transfer: [data.buffer as ArrayBuffer] })

it('writes in order what has waited for an earlier write', async t => {
  const { stream, fill, read, received, written } = await slowStream(t)
  const filled = fill()
  const later = [2, 3, 4].map(byte => new Uint8Array(30_000).fill(byte))
  for (const each of later) assert.equal(stream.write([each, each], 60_000), false)
  read()
  await until(() => received().length === filled + 180_000, 'all is there')
  const expected = Buffer.concat(later.flatMap(each => [each, each]))
  assert.ok(received().subarray(filled).equals(expected))
  await until(() => written() === 280_000, 'all is counted')
})

it('says that a write is spoilt whose memory was transferred away while it waited', async t => {
  const { stream, fill, read, spoilt, received } = await slowStream(t)
  const filled = fill()
  const data = new Uint8Array(30_000).fill(2)
  stream.write([data], data.length)
  transfer(data)
  read()
  assert.equal((await within(spoilt)).code, 'INVALID_ARGUMENT')
  stream.reset(false)
  assert.ok(received().length <= filled)
})

it('says that a write is spoilt whose memory was transferred away while it was under way', async t => {
  const { stream, read, spoilt } = await slowStream(t)
  const data = new Uint8Array(30_000_000)
  assert.equal(stream.write([data], data.length), false)
  // Kept, or libuv would go on with memory that is free.
  const kept = structuredClone(data, { transfer: [data.buffer] })
  read()
  assert.equal((await within(spoilt)).code, 'INVALID_ARGUMENT')
  assert.equal(kept.length, 30_000_000)
})
