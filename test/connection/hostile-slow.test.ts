import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { connect } from '../../src/index.ts'
import { assertCleanEnd, numbered, receiveNumbered, sendNumbered } from '../support/data.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { tcp } from '../support/media.ts'
import { acceptOne, openListener, openPair } from '../support/pairs.ts'
import { drip, header, rawClient, rawServer } from '../support/raw-peers.ts'
import { sleep, within } from '../support/waiting.ts'

failOnLeaks()

describe('frameTimeoutMs', () => {
  test('a dripped header is cut', async t => {
    const listener = await openListener(t, tcp, { frameTimeoutMs: 150 })
    const peer = await rawClient(t, listener.address)
    const connection = await acceptOne(t, listener)
    void drip(peer, numbered(0, 100).encode(), 60)
    const error = await failure(connection.closed, 'FRAME_TIMEOUT')
    assert.match(error.message, /150/)
    await failure(connection.reader.receive(), 'FRAME_TIMEOUT')
  })

  test('100 MB announced and nothing sent is cut, after the datagrams before it', async t => {
    const listener = await openListener(t, tcp, { frameTimeoutMs: 100 })
    const peer = await rawClient(t, listener.address)
    const connection = await acceptOne(t, listener)
    peer.write(Buffer.concat([numbered(0).encode(), header(100_000_004)]))
    await failure(connection.closed, 'FRAME_TIMEOUT')
    await receiveNumbered(connection.reader, 1)
    await failure(connection.reader.receive(), 'FRAME_TIMEOUT')
  })

  test('a quiet connection between frames is not cut', async t => {
    const { client, server } = await openPair(t, tcp, { server: { frameTimeoutMs: 60 } })
    for (let i = 0; i < 3; i++) {
      await sendNumbered(client.writer, 1, 16, i)
      await receiveNumbered(server.reader, 1, 16, i)
      await sleep(120)
    }
  })

  test('frames that each arrive in time are not cut, however long they go on', async t => {
    const listener = await openListener(t, tcp, { frameTimeoutMs: 400 })
    const peer = await rawClient(t, listener.address)
    const connection = await acceptOne(t, listener)
    const received = receiveNumbered(connection.reader, 40)
    // Each segment ends one frame and begins the next, so that the stream is always inside a frame.
    const bytes = Buffer.concat(Array.from({ length: 40 }, (_, i) => numbered(i).encode()))
    for (let at = 0; at < bytes.length; at += 24) {
      peer.write(bytes.subarray(Math.max(0, at - 12), at + 12))
      await sleep(25)
    }
    peer.write(bytes.subarray(bytes.length - 12))
    await received
  })

  test('a slow own reader is not cut, though a frame is under way all the time', async t => {
    const { client, server } = await openPair(t, tcp, {
      server: { frameTimeoutMs: 80, receiveQueueBytes: 1000 },
    })
    const sent = sendNumbered(client.writer, 120, 100_000).then(() => client.writer.close())
    for (let i = 0; i < 120; i++) {
      if (i % 30 === 0) await sleep(200)
      await receiveNumbered(server.reader, 1, 100_000, i)
    }
    await assertCleanEnd(server.reader)
    await within(sent)
  })
})

describe('idleTimeoutMs', () => {
  test('silence in both directions breaks the connection', async t => {
    const { server } = await openPair(t, tcp, { server: { idleTimeoutMs: 80 } })
    assert.match((await failure(server.closed, 'IDLE_TIMEOUT')).message, /80/)
    await failure(server.reader.receive(), 'IDLE_TIMEOUT')
  })

  test('traffic in either direction keeps it', async t => {
    const { client, server } = await openPair(t, tcp, { server: { idleTimeoutMs: 400 } })
    for (let i = 0; i < 12; i++) {
      const [from, to] = i < 6 ? [client, server] : [server, client]
      await sendNumbered(from.writer, 1)
      await receiveNumbered(to.reader, 1)
      await sleep(100)
    }
  })
})

describe('closeTimeoutMs', () => {
  test('close against a peer that never ends rejects with CLOSE_TIMEOUT', async t => {
    const { port } = await rawServer(t, socket => socket.resume())
    const client = await within(connect(`tcp://127.0.0.1:${port}`, { closeTimeoutMs: 100 }))
    await sendNumbered(client.writer, 1)
    const error = await failure(client.close(), 'CLOSE_TIMEOUT')
    assert.match(error.message, /100/)
    await failure(client.closed, 'CLOSE_TIMEOUT')
  })

  test('close against a peer that never reads rejects with CLOSE_TIMEOUT', async t => {
    const { port } = await rawServer(t)
    const client = await within(connect(`tcp://127.0.0.1:${port}`, { closeTimeoutMs: 100 }))
    const sends = Array.from({ length: 400 }, (_, i) => client.writer.send(numbered(i, 50_000)))
    await sleep(20)
    await failure(client.close(), 'CLOSE_TIMEOUT')
    await failure(sends.at(-1)!, 'CLOSE_TIMEOUT')
  })

  test('close against a peer that reads slowly but steadily does not time out', async t => {
    const { client, server } = await openPair(t, tcp, {
      client: { closeTimeoutMs: 1500, sendQueueBytes: 40_000_000 },
      server: { receiveQueueBytes: 1000 },
    })
    for (let i = 0; i < 500; i++) client.writer.trySend(numbered(i, 50_000))
    const closed = client.close()
    for (let i = 0; i < 500; i++) {
      await receiveNumbered(server.reader, 1, 50_000, i)
      await sleep(4)
    }
    await assertCleanEnd(server.reader)
    await within(closed)
  })
})
