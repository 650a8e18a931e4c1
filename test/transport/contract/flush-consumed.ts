import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConnectError, type Connection, SessionLostError } from '../../../src/index.ts'
import {
  assertCleanEnd,
  assertNumbered,
  numbered,
  receiveNumbered,
  sendNumbered,
} from '../../support/data.ts'
import { assertAgain, failure } from '../../support/errors.ts'
import type { Medium } from '../../support/media.ts'
import { acceptOne, openClient, openListener, openPair } from '../../support/pairs.ts'
import { pends, sleep, until, within } from '../../support/waiting.ts'

/** Ways to ask for what comes next; each call says how many datagrams there were. */
const waysToAsk: Readonly<Record<string, (connection: Connection) => () => Promise<number>>> = {
  'receive()': ({ reader }) => {
    return () => reader.receive().then(() => 1)
  },
  'for await': ({ reader }) => {
    const iterator = reader[Symbol.asyncIterator]()
    return () => iterator.next().then(() => 1)
  },
  'batches()': ({ reader }) => {
    const iterator = reader.batches()[Symbol.asyncIterator]()
    return () => iterator.next().then(({ value }) => (value as readonly unknown[]).length)
  },
  readable: ({ readable }) => {
    const reader = readable.getReader()
    return () => reader.read().then(() => 1)
  },
}

/** Where what the peer's reader is done with counts as sent: it was given it, and was asked for more. */
export function flushConsumed(medium: Medium): void {
  for (const [way, start] of Object.entries(waysToAsk)) {
    test(`flush waits until the peer asks by ${way} for what comes behind`, async t => {
      const { client, server } = await openPair(t, medium)
      const ask = start(server)
      await sendNumbered(client.writer, 3)
      const flushed = client.writer.flush()
      assert(await pends(flushed), 'flush did not wait for the reader')
      for (let count = 0; count < 3; ) count += await within(ask())
      assert(await pends(flushed), 'flush did not wait for the reader to ask again')
      const next = ask()
      await within(flushed)
      await sendNumbered(client.writer, 1, 16, 3)
      assert.equal(await within(next), 1)
    })
  }

  test('a withdrawn next() consumes nothing', async t => {
    const { client, server } = await openPair(t, medium)
    for (const iterable of [server.reader, server.reader.batches()]) {
      const iterator: AsyncIterator<unknown> = iterable[Symbol.asyncIterator]()
      void iterator.next()
      await within(iterator.return!())
    }
    const cancelled = server.readable.getReader()
    void cancelled.read()
    await within(cancelled.cancel())
    await sendNumbered(client.writer, 1)
    const flushed = client.writer.flush()
    assert(await pends(flushed), 'a datagram was consumed that nobody has read')
    await receiveNumbered(server.reader, 1)
    void server.reader.receive()
    await within(flushed)
  })

  test('flush waits for what was sent before it and for nothing behind it', async t => {
    const { client, server } = await openPair(t, medium)
    await sendNumbered(client.writer, 2)
    const first = client.writer.flush()
    await sendNumbered(client.writer, 2, 16, 2)
    const second = client.writer.flush()
    await receiveNumbered(server.reader, 2)
    assert(await pends(first), 'it did not wait for the second datagram')
    await receiveNumbered(server.reader, 1, 16, 2)
    await within(first)
    assert(await pends(second), 'it did not wait for what was sent before it')
    await receiveNumbered(server.reader, 1, 16, 3)
    void server.reader.receive()
    await within(second)
  })

  test('a connection that waits to be accepted consumes nothing', async t => {
    const listener = await openListener(t, medium)
    const client = await openClient(t, medium, listener.address)
    await sendNumbered(client.writer, 3)
    const flushed = client.writer.flush()
    assert(await pends(flushed), 'flush did not wait')
    const server = await acceptOne(t, listener)
    assert(await pends(flushed), 'flush did not wait for the reader')
    await receiveNumbered(server.reader, 3)
    void server.reader.receive()
    await within(flushed)
  })

  test('closing a writer waits until the peer has read all and asks for more', async t => {
    const { client, server } = await openPair(t, medium, { server: { allowHalfOpen: true } })
    await sendNumbered(client.writer, 3)
    const ended = client.writer.close()
    assert(await pends(ended), 'it did not wait for the reader')
    await receiveNumbered(server.reader, 3)
    assert(await pends(ended), 'it did not wait for the reader to ask again')
    await assertCleanEnd(server.reader)
    await within(ended)
  })

  test('closing a writer on which nothing was sent waits for no reader', async t => {
    const { client, server } = await openPair(t, medium)
    await within(client.writer.close())
    await assertCleanEnd(server.reader)
  })

  test('after close(), what comes counts as consumed though nobody reads it yet', async t => {
    const { client, server } = await openPair(t, medium)
    const closed = server.close()
    // More than the queue for sending holds.
    await sendNumbered(client.writer, 100, 20_000)
    await within(client.writer.flush())
    assert(await pends(closed), 'close did not wait for the peer')
    await within(client.close())
    await within(closed)
    await receiveNumbered(server.reader, 100, 20_000)
    await assertCleanEnd(server.reader)
  })

  test('the send queue has room again once the peer asks for more, not before', async t => {
    const { client, server } = await openPair(t, medium, { client: { sendQueueBytes: 10_000 } })
    let taken = 0
    while (taken < 100 && client.writer.trySend(numbered(taken, 1000))) taken++
    assert.equal(taken, 9, 'datagrams of 1008 bytes each into 10000 bytes')
    await receiveNumbered(server.reader, 1, 1000)
    await sleep(50)
    assert.equal(client.writer.trySend(numbered(taken, 1000)), false, 'there was room too early')
    await receiveNumbered(server.reader, 1, 1000, 1)
    await until(() => client.writer.trySend(numbered(taken, 1000)), 'there is room again')
    await receiveNumbered(server.reader, taken - 1, 1000, 2)
  })

  test('an abort by the peer shows exactly what it has not consumed', async t => {
    const { client, server } = await openPair(t, medium)
    await sendNumbered(client.writer, 5)
    const flushed = client.writer.flush()
    // The second is held, and not consumed yet.
    await receiveNumbered(server.reader, 2)
    server.abort()
    const error = await failure(flushed, 'SESSION_LOST')
    assert(error instanceof SessionLostError)
    assert.equal((error.cause as ConnectError).code, 'CONNECTION_RESET')
    assert.equal(error.unconfirmed.length, 4)
    for (const [i, datagram] of error.unconfirmed.entries()) assertNumbered(datagram, i + 1)
    assertAgain(await failure(client.closed, 'SESSION_LOST'), error)
    assert.equal(client.session?.state, 'lost')
    await failure(server.closed, 'ABORTED')
  })

  test('an abort after all was consumed leaves nothing unconfirmed', async t => {
    const { client, server } = await openPair(t, medium)
    await sendNumbered(client.writer, 5)
    await receiveNumbered(server.reader, 5)
    void server.reader.receive()
    server.abort()
    const error = await failure(client.closed, 'SESSION_LOST')
    assert(error instanceof SessionLostError)
    assert.deepEqual(error.unconfirmed, [])
  })
}
