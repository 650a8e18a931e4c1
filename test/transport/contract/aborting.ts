import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from '../../../src/index.ts'
import { assertNumbered, drain, numbered, receiveNumbered, sendNumbered } from '../../support/data.ts'
import { connectError, failure, thrown } from '../../support/errors.ts'
import type { Medium } from '../../support/media.ts'
import { acceptOne, openClient, openListener, openPair } from '../../support/pairs.ts'
import { pends, sleep, within } from '../../support/waiting.ts'
import { fillUp } from './back-pressure.ts'

export function aborting(medium: Medium): void {
  test('abort rejects all that is pending with ABORTED and the reason', async t => {
    const { client } = await openPair(t, medium)
    const reason = new Error('enough')
    await fillUp(medium, client.writer)
    const pending = {
      receive: client.reader.receive(),
      batch: client.reader.batches()[Symbol.asyncIterator]().next(),
      send: client.writer.send(numbered(0, 50_000)),
      flush: client.writer.flush(),
      writerClose: client.writer.close(),
      close: client.close(),
      closed: client.closed,
    }
    for (const [what, promise] of Object.entries(pending))
      assert(await pends(promise, 1), `${what} is settled`)
    client.abort(reason)
    for (const promise of Object.values(pending)) {
      const error = await failure(promise, 'ABORTED')
      assert.equal(error.cause, reason)
      assert.match(error.message, /enough/)
    }
  })

  test('everything after an abort is refused', async t => {
    const { client } = await openPair(t, medium)
    client.abort()
    assert.equal((await failure(client.closed, 'ABORTED')).cause, undefined)
    await failure(client.reader.receive(), 'ABORTED')
    await failure(client.writer.send(numbered(0)), 'ABORTED', 'WRITER_CLOSED')
    await failure(client.writer.flush(), 'ABORTED')
    await failure(client.writer.close(), 'ABORTED')
    await failure(client.close(), 'ABORTED')
    assert.throws(() => client.writer.trySend(numbered(0)))
    client.abort(new Error('again'))
    assert.equal((await failure(client.closed, 'ABORTED')).cause, undefined)
  })

  test('the other end never sees a clean end, though the abort comes at a frame boundary', async t => {
    const { client, server } = await openPair(t, medium)
    await sendNumbered(client.writer, 3)
    await receiveNumbered(server.reader, 3)
    const waiting = server.reader.receive()
    await within(client.writer.flush())
    assert(await pends(waiting), 'it did not wait')
    client.abort()
    await failure(waiting, ...medium.broken)
    await failure(server.closed, ...medium.broken)
    await failure(server.reader.receive(), ...medium.broken)
    await failure(server.writer.flush(), ...medium.broken)
    await failure(server.writer.send(numbered(0)), ...medium.broken)
    thrown(() => server.writer.trySend(numbered(0)), (await failure(server.closed, ...medium.broken)).code)
  })

  test('the other end never sees a clean end, though nothing was ever sent', async t => {
    const { client, server } = await openPair(t, medium)
    server.abort()
    await failure(client.reader.receive(), ...medium.broken)
    await failure(client.closed, ...medium.broken)
  })

  test('datagrams that arrived before the abort are read first', async t => {
    const { client, server } = await openPair(t, medium)
    for (let i = 0; i < 10; i++) client.writer.trySend(numbered(i))
    await receiveNumbered(server.reader, 1)
    await sleep(50)
    client.abort()
    await failure(server.closed, ...medium.broken)
    await receiveNumbered(server.reader, 9, 16, 1)
    await failure(server.reader.receive(), ...medium.broken)
    await failure(server.reader.receive(), ...medium.broken)
  })

  test('batches() gives what arrived before the abort and then throws', async t => {
    const { client, server } = await openPair(t, medium)
    for (let i = 0; i < 10; i++) client.writer.trySend(numbered(i))
    await receiveNumbered(server.reader, 1)
    await sleep(50)
    client.abort()
    await failure(server.closed, ...medium.broken)
    let count = 1
    try {
      for await (const batch of server.reader.batches()) {
        for (const datagram of batch) assertNumbered(datagram, count++)
      }
      assert.fail('a clean end after an abort')
    } catch (error) {
      connectError(error, ...medium.broken)
    }
    assert.equal(count, 10)
  })

  // With powers of two, a pipe that fills up is likely to be cut between two frames.
  for (const frameBytes of [32, 4096, 32_768, 65_536, 50_001]) {
    test(`abort with a queue full of ${frameBytes}-byte frames is no clean end for a late reader`, async t => {
      const { client, server } = await openPair(t, medium)
      const taken = await fillUp(medium, client.writer, frameBytes - 8)
      const waiting = Array.from({ length: 40 }, (_, i) => client.writer.send(numbered(taken + i, 100_000)))
      client.abort()
      await failure(waiting.at(-1)!, 'ABORTED')
      await sleep(30)
      const { datagrams, error } = await drain(server.reader)
      connectError(error, ...medium.broken)
      assert(datagrams.length <= taken, 'what still waited to be queued was sent')
      for (const [i, datagram] of datagrams.entries()) assertNumbered(datagram, i, frameBytes - 8)
    })
  }

  test('abort during close is no clean end for the other', async t => {
    const { client, server } = await openPair(t, medium)
    const taken = await fillUp(medium, client.writer)
    const waiting = client.writer.send(numbered(taken, 100_000))
    const closed = client.close()
    client.abort(new Error('too slow'))
    await failure(closed, 'ABORTED')
    await failure(waiting, 'ABORTED')
    await sleep(30)
    const { datagrams, error } = await drain(server.reader)
    connectError(error, ...medium.broken)
    assert(datagrams.length <= taken, 'what still waited to be queued was sent')
  })

  test('abort after this end was closed, and while the other still sends, breaks the connection', async t => {
    const { client, server } = await openPair(t, medium, { server: { allowHalfOpen: true } })
    await within(client.writer.close())
    assert.equal(await within(server.reader.receive()), undefined)
    client.abort()
    await failure(client.closed, 'ABORTED')
    // An end that has nothing left to read notices when it writes.
    const sending = async (): Promise<void> => {
      for (let i = 0; i < 500; i++) {
        await server.writer.send(numbered(i, 10_000))
        await sleep(2)
      }
    }
    await failure(sending(), ...medium.broken)
    await failure(server.closed, ...medium.broken)
    await failure(server.writer.flush(), ...medium.broken)
  })

  test('an abort by the end that was accepted breaks the other', async t => {
    const { client, server } = await openPair(t, medium)
    await sendNumbered(client.writer, 5)
    server.abort(new Error('not wanted'))
    await failure(client.reader.receive(), ...medium.broken)
    assert.equal(((await failure(server.closed, 'ABORTED')).cause as Error).message, 'not wanted')
  })

  test('an abort at once after connecting harms no later connection', async t => {
    const listener = await openListener(t, medium)
    for (let i = 0; i < 20; i++) {
      const client = await within(connect(listener.address, medium.connectOptions))
      client.abort()
      await failure(client.closed, 'ABORTED')
    }
    const good = await openClient(t, medium, listener.address)
    await sendNumbered(good.writer, 1)
    // What was aborted may have been accepted before that was noticed.
    for (let i = 0; i < 21; i++) {
      const server = await acceptOne(t, listener)
      const { value, error } = await server.reader.receive().then(
        value => ({ value, error: undefined }),
        (error: unknown) => ({ value: undefined, error }),
      )
      if (error === undefined) {
        assertNumbered(value, 0)
        return
      }
      connectError(error, ...medium.broken)
    }
    assert.fail('the good connection was never accepted')
  })
}
