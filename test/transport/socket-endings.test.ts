import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { connect as rawConnect, type Socket } from 'node:net'
import { mock, test } from 'node:test'
import { ConnectDatagram, connect } from '../../src/index.ts'
import { assertCleanEnd, drain, receiveNumbered, sendNumbered } from '../support/data.ts'
import { BROKEN, connectError, failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { tcp, tls, unix } from '../support/media.ts'
import { openListener, openPair } from '../support/pairs.ts'
import { gone, header, rawServer } from '../support/raw-peers.ts'
import { pends, sleep, within } from '../support/waiting.ts'

failOnLeaks()

for (const [name, medium] of Object.entries({ tcp, tls, unix })) {
  test(`${name}: nothing goes on asking for the peer once a connection that was half-closed is gone`, async t => {
    const started = mock.method(globalThis, 'setInterval')
    const cleared = mock.method(globalThis, 'clearInterval')
    t.after(() => mock.restoreAll())
    const { client, server } = await openPair(t, medium, { server: { allowHalfOpen: true } })
    void client.writer.close()
    await assertCleanEnd(server.reader)
    const timers = started.mock.calls.map(call => call.result)
    assert.ok(timers.length > 0, 'nobody asks whether the peer is still there')
    await within(server.close())
    await within(Promise.all([client.closed, server.closed]))
    const stopped = cleared.mock.calls.map(call => call.arguments[0])
    for (const timer of timers) assert.ok(stopped.includes(timer), 'an interval goes on')
  })

  test(`${name}: a peer that vanishes after its end is noticed though nothing is sent`, async t => {
    const { client, server } = await openPair(t, medium, {
      server: { allowHalfOpen: true, keepAliveDelayMs: 20 },
    })
    void client.writer.close()
    await assertCleanEnd(server.reader)
    client.abort()
    await failure(server.closed, ...BROKEN)
  })
}

for (const bytes of [24, 56, 120, 4088, 8184, 16_376, 32_760]) {
  test(`unix: an abort after close(), frames of ${bytes + 8} bytes still unwritten, is no clean end`, async t => {
    const count = Math.ceil((4 * 1024 * 1024) / (bytes + 8))
    const { client, server } = await openPair(t, unix, {
      client: { sendQueueBytes: 8 * 1024 * 1024 },
      server: { receiveQueueBytes: 1 },
    })
    for (let i = 0; i < count; i++) {
      assert(client.writer.trySend(new ConnectDatagram(1, new Uint8Array(bytes))), 'the queue is full')
    }
    await sleep(20)
    const closing = failure(client.close(), 'ABORTED')
    await sleep(20)
    client.abort()
    await closing
    const { datagrams, error } = await drain(server.reader)
    assert.ok(datagrams.length < count, 'all was written before the abort')
    connectError(error, ...BROKEN)
  })
}

for (const payload of [1, 1000, 60_000]) {
  test(`tcp: a reset behind ${payload} unread bytes is no clean end while a write waits`, async t => {
    for (let round = 0; round < 10; round++) {
      const { peer, address } = await silentPeer(t)
      const client = await within(connect(address))
      t.after(() => client.abort())
      const socket = await peer
      for (let i = 0; i < 200; i++) {
        client.writer.send(new ConnectDatagram(1, new Uint8Array(100_000))).catch(() => {})
      }
      const flushed = failure(client.writer.flush(), ...BROKEN)
      assert(await pends(flushed, 20), 'no write waits')
      socket.write(Buffer.concat([header(payload + 4), Buffer.alloc(payload)]))
      socket.resetAndDestroy()
      const { error } = await drain(client.reader)
      assert.ok(error !== undefined, 'a clean end was shown')
      connectError(error, ...BROKEN)
      await flushed
    }
  })
}

test('tls: close() of a listener breaks the handshakes that are under way', async t => {
  const listener = await openListener(t, tls, { handshakeTimeoutMs: 600_000 })
  const peers = Array.from({ length: 3 }, () =>
    rawConnect({ host: '127.0.0.1', port: Number(new URL(listener.address).port) }),
  )
  t.after(() => peers.forEach(peer => void peer.destroy()))
  for (const peer of peers) peer.on('error', () => {})
  await Promise.all(peers.map(peer => once(peer, 'connect')))
  // One has begun its handshake, and one has not been accepted yet.
  peers[0]!.write(Buffer.from('160301', 'hex'))
  await sleep(50)
  await within(listener.close())
  await within(Promise.all(peers.map(gone)), 'the end of the handshakes')
})

/** A raw server whose peer, once it is there, reads nothing. */
async function silentPeer(
  t: Parameters<typeof rawServer>[0],
): Promise<{ peer: Promise<Socket>; address: string }> {
  const sockets = new EventEmitter()
  const peer = once(sockets, 'socket').then(([socket]) => socket as Socket)
  const { port } = await rawServer(t, socket => void sockets.emit('socket', socket))
  return { peer, address: `tcp://127.0.0.1:${port}` }
}

for (const [name, medium] of Object.entries({ tcp, tls, unix })) {
  test(`${name}: the end that has connected answers long after its peer has ended`, async t => {
    const { client, server } = await openPair(t, medium, { client: { allowHalfOpen: true } })
    const closed = server.close()
    await assertCleanEnd(client.reader)
    await sleep(50)
    await sendNumbered(client.writer, 10)
    void client.close()
    await receiveNumbered(server.reader, 10)
    await assertCleanEnd(server.reader)
    await within(Promise.all([closed, client.closed]))
  })
}

test('tcp: an abort behind unread bytes is no clean end for a reader that has ended its own direction', async t => {
  for (let round = 0; round < 5; round++) {
    const { client, server } = await openPair(t, tcp, {
      client: { allowHalfOpen: true },
      server: { receiveQueueBytes: 1 },
    })
    void server.writer.close()
    await assertCleanEnd(client.reader)
    await sendNumbered(client.writer, 150, 1000)
    await within(client.writer.flush())
    await sleep(20)
    client.abort()
    await sleep(20)
    const { error } = await drain(server.reader)
    assert.ok(error !== undefined, 'a clean end was shown')
    connectError(error, ...BROKEN)
  }
})
