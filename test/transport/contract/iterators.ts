import assert from 'node:assert/strict'
import { addAbortSignal, Readable } from 'node:stream'
import { test } from 'node:test'
import type { ConnectDatagram, Connection } from '../../../src/index.ts'
import { assertNumbered, receiveNumbered, sendNumbered } from '../../support/data.ts'
import type { Medium } from '../../support/media.ts'
import { openClient, openListener, openPair } from '../../support/pairs.ts'
import { pends, within } from '../../support/waiting.ts'

type Iterator = AsyncIterator<ConnectDatagram | readonly ConnectDatagram[]>

/** The iterators of a connection. */
const iteratorsOf: Readonly<Record<string, (connection: Connection) => Iterator>> = {
  reader: ({ reader }) => reader[Symbol.asyncIterator](),
  batches: ({ reader }) => reader.batches()[Symbol.asyncIterator](),
}

/** Node streams that end while they wait. */
const destroyed: Readonly<Record<string, (stream: Readable) => void>> = {
  'destroy()': stream => void stream.destroy(),
  'destroy(error)': stream => void stream.destroy(new Error('no more')),
  addAbortSignal: stream => {
    const controller = new AbortController()
    addAbortSignal(controller.signal, stream)
    controller.abort()
  },
}

/** Starts a Node stream over `source` and ends it while it waits. */
async function endWhileWaiting(
  source: AsyncIterable<unknown>,
  end: (stream: Readable) => void,
): Promise<void> {
  const stream = Readable.from(source)
  stream.on('error', () => {})
  const closed = new Promise<void>(resolve => stream.once('close', resolve))
  stream.resume()
  assert(await pends(closed), 'it did not wait')
  end(stream)
  await within(closed, 'the end of the stream')
}

/** That `iterator` has ended, and that a pending `next()` of it has fulfilled as done. */
async function assertDone(iterator: AsyncIterator<unknown>, waiting: Promise<unknown>): Promise<void> {
  assert.deepEqual(await within(waiting), { value: undefined, done: true })
  assert.deepEqual(await within(iterator.next()), { value: undefined, done: true })
}

export function iterators(medium: Medium): void {
  for (const [name, start] of Object.entries(iteratorsOf)) {
    test(`${name}: return() withdraws the pending next() and settles at once`, async t => {
      const { client, server } = await openPair(t, medium)
      const iterator = start(server)
      const waiting = [iterator.next(), iterator.next()]
      assert(await pends(waiting[0]!), 'it did not wait')
      assert.equal((await within(iterator.return!())).done, true)
      for (const each of waiting) await assertDone(iterator, each)
      await sendNumbered(client.writer, 3)
      await receiveNumbered(server.reader, 3)
    })

    test(`${name}: throw() withdraws the pending next() and rejects with its error`, async t => {
      const { client, server } = await openPair(t, medium)
      const iterator = start(server)
      const waiting = iterator.next()
      const error = new Error('of the user')
      await assert.rejects(within(iterator.throw!(error)), thrown => thrown === error)
      await assertDone(iterator, waiting)
      await sendNumbered(client.writer, 1)
      await receiveNumbered(server.reader, 1)
    })

    test(`${name}: what waits behind a withdrawn next() keeps its place`, async t => {
      const { client, server } = await openPair(t, medium)
      const before = server.reader.receive()
      const iterator = start(server)
      void iterator.next()
      const behind = server.reader.receive()
      void iterator.return!()
      await sendNumbered(client.writer, 2)
      assertNumbered(await within(before), 0)
      assertNumbered(await within(behind), 1)
    })

    test(`${name}: what a next() was given before return() is that loop's`, async t => {
      const { client, server } = await openPair(t, medium)
      const iterator = start(server)
      const waiting = iterator.next()
      await sendNumbered(client.writer, 1)
      const { value } = await within(waiting)
      assertNumbered([value].flat()[0], 0)
      await within(iterator.return!())
      await sendNumbered(client.writer, 1, 16, 1)
      await receiveNumbered(server.reader, 1, 16, 1)
    })
  }

  for (const [way, end] of Object.entries(destroyed)) {
    test(`Readable.from(reader) gives back what it waits for on ${way}`, async t => {
      const { client, server } = await openPair(t, medium)
      await endWhileWaiting(server.reader, end)
      await endWhileWaiting(server.reader.batches(), end)
      await sendNumbered(client.writer, 2)
      await receiveNumbered(server.reader, 2)
    })

    test(`Readable.from(listener) gives back what it waits for on ${way}`, async t => {
      const listener = await openListener(t, medium)
      await endWhileWaiting(listener, end)
      const accepted = listener.accept()
      await openClient(t, medium, listener.address)
      const server = await within(accepted)
      assert(server !== undefined, 'no connection came')
      t.after(() => server.abort())
    })
  }

  test('listener: return() withdraws the pending next(), and the connection goes to who asks next', async t => {
    const listener = await openListener(t, medium)
    const iterator = listener[Symbol.asyncIterator]()
    const waiting = [iterator.next(), iterator.next()]
    assert(await pends(waiting[0]!), 'it did not wait')
    assert.equal((await within(iterator.return!())).done, true)
    for (const each of waiting) await assertDone(iterator, each)
    const accepted = listener.accept()
    await openClient(t, medium, listener.address)
    const server = await within(accepted)
    assert(server !== undefined, 'no connection came')
    t.after(() => server.abort())
  })

  test('listener: throw() withdraws the pending next() and rejects with its error', async t => {
    const listener = await openListener(t, medium)
    const iterator = listener[Symbol.asyncIterator]()
    const waiting = iterator.next()
    const error = new Error('of the user')
    await assert.rejects(within(iterator.throw!(error)), thrown => thrown === error)
    await assertDone(iterator, waiting)
  })

  test('readable gives back what it waits for when it is cancelled, or aborted from outside', async t => {
    const { client, server } = await openPair(t, medium)
    const controller = new AbortController()
    addAbortSignal(controller.signal, server.readable as never)
    const reading = server.readable.getReader().read()
    assert(await pends(reading), 'it did not wait')
    controller.abort()
    await assert.rejects(within(reading), { name: 'AbortError' })
    const next = server.reader.receive()
    await sendNumbered(client.writer, 2)
    assertNumbered(await within(next), 0)
    await receiveNumbered(server.reader, 1, 16, 1)

    const cancelled = client.readable.getReader()
    const waiting = cancelled.read()
    await within(cancelled.cancel())
    assert.equal((await within(waiting)).done, true)
    await sendNumbered(server.writer, 1)
    await receiveNumbered(client.reader, 1)
  })
}
