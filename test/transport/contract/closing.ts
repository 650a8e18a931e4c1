import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  assertCleanEnd,
  assertNumbered,
  drain,
  numbered,
  receiveNumbered,
  sendNumbered,
} from '../../support/data.ts'
import type { Medium } from '../../support/media.ts'
import { openPair } from '../../support/pairs.ts'
import { pends, sleep, within } from '../../support/waiting.ts'
import { fillUp } from './back-pressure.ts'

export function closing(medium: Medium): void {
  test('close with a full queue hands everything to a reader that starts 500 ms late', async t => {
    const { client, server } = await openPair(t, medium)
    const taken = await fillUp(medium, client.writer, 10_000)
    const waiting = Array.from({ length: 25 }, (_, i) => client.writer.send(numbered(taken + i, 10_000)))
    const closed = client.close()
    await sleep(500)
    await receiveNumbered(server.reader, taken + 25, 10_000)
    await assertCleanEnd(server.reader)
    await within(Promise.all([...waiting, closed, server.closed]))
  })

  test('close right after the first send hands it over', async t => {
    const { client, server } = await openPair(t, medium)
    void client.writer.send(numbered(0))
    void client.close()
    await receiveNumbered(server.reader, 1)
    await assertCleanEnd(server.reader)
  })

  test('close of a connection on which nothing was sent is a clean end for both', async t => {
    const { client, server } = await openPair(t, medium)
    const closed = client.close()
    await assertCleanEnd(server.reader)
    await within(Promise.all([closed, client.closed, server.closed]))
    await assertCleanEnd(client.reader)
  })

  test('close at both ends at once is a clean end for both', async t => {
    const { client, server } = await openPair(t, medium)
    await sendNumbered(client.writer, 100, 1000)
    await sendNumbered(server.writer, 100, 1000)
    const closed = Promise.all([client.close(), server.close()])
    await receiveNumbered(server.reader, 100, 1000)
    await receiveNumbered(client.reader, 100, 1000)
    await assertCleanEnd(server.reader)
    await assertCleanEnd(client.reader)
    await within(closed)
  })

  test('what the peer sends during close can be read during and after it', async t => {
    const { client, server } = await openPair(t, medium, { server: { allowHalfOpen: true } })
    const closed = client.close()
    await assertCleanEnd(server.reader)
    await sendNumbered(server.writer, 2)
    await receiveNumbered(client.reader, 1)
    assert(await pends(closed), 'close did not wait for the peer')
    await sendNumbered(server.writer, 3, 16, 2)
    await within(server.close())
    await within(closed)
    await receiveNumbered(client.reader, 4, 16, 1)
    await assertCleanEnd(client.reader)
  })

  test('close waits for the peer to end, writer.close() does not', async t => {
    const { client, server } = await openPair(t, medium)
    await within(client.writer.close())
    const closed = client.close()
    assert(await pends(closed), 'close did not wait for the peer')
    await within(server.close())
    await within(closed)
  })

  test('a second close waits for the same end', async t => {
    const { client, server } = await openPair(t, medium)
    const closing = [client.writer.close(), client.writer.close(), client.close(), client.close()]
    assert.equal(client.closed, client.closed)
    await assertCleanEnd(server.reader)
    await within(Promise.all([...closing, client.close(), client.writer.close()]))
  })

  test('abort after a clean end changes nothing', async t => {
    const { client, server } = await openPair(t, medium)
    await sendNumbered(client.writer, 2)
    const closed = client.close()
    await within(server.close())
    await within(Promise.all([closed, server.closed]))
    client.abort(new Error('too late'))
    server.abort(new Error('too late'))
    await within(Promise.all([client.closed, server.closed, client.close()]))
    await receiveNumbered(server.reader, 2)
    await assertCleanEnd(server.reader)
  })

  test('a hundred short connections one after the other end cleanly', async t => {
    for (let i = 0; i < 100; i++) {
      const { client, server, listener } = await openPair(t, medium)
      void client.writer.send(numbered(i, 100))
      const closed = client.close()
      const { datagrams, error } = await drain(server.reader)
      assert.equal(error, undefined)
      assert.equal(datagrams.length, 1)
      assertNumbered(datagrams[0], i, 100)
      await within(Promise.all([closed, server.closed, listener.close()]))
    }
  })
}
