import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertCleanEnd, drain, numbered, receiveNumbered, sendNumbered } from '../../support/data.ts'
import { failure } from '../../support/errors.ts'
import type { Medium } from '../../support/media.ts'
import { openPair } from '../../support/pairs.ts'
import { sleep, within } from '../../support/waiting.ts'

export function halfClose(medium: Medium): void {
  test('with allowHalfOpen the other end still answers after a pause', async t => {
    const { client, server } = await openPair(t, medium, { server: { allowHalfOpen: true } })
    await sendNumbered(client.writer, 3)
    const ended = client.writer.close()
    await receiveNumbered(server.reader, 3)
    await assertCleanEnd(server.reader)
    await within(ended)
    await sleep(60)
    const sent = sendNumbered(server.writer, 200, 20_000)
    await receiveNumbered(client.reader, 200, 20_000)
    await sent
    const closed = server.close()
    await assertCleanEnd(client.reader)
    await within(Promise.all([closed, client.close(), client.closed, server.closed]))
  })

  test('by default the other end still answers when it does so at once', async t => {
    const { client, server } = await openPair(t, medium)
    await sendNumbered(client.writer, 3)
    const ended = client.writer.close()
    await receiveNumbered(server.reader, 3)
    await assertCleanEnd(server.reader)
    await server.writer.send(numbered(0))
    const answers = receiveNumbered(client.reader, 1).then(() =>
      receiveNumbered(client.reader, 100, 20_000, 1),
    )
    await within(server.writer.flush())
    const sent = sendNumbered(server.writer, 100, 20_000, 1)
    await answers
    await within(Promise.all([ended, sent]))
    const closed = server.close()
    await assertCleanEnd(client.reader)
    await within(Promise.all([closed, client.closed]))
  })

  test('by default an end that says nothing follows its peer', async t => {
    const { client, server } = await openPair(t, medium)
    await within(client.writer.close())
    await assertCleanEnd(server.reader)
    await assertCleanEnd(client.reader)
    await within(Promise.all([client.closed, server.closed]))
    const error = await failure(server.writer.send(numbered(0)), 'WRITER_CLOSED')
    assert.match(error.message, /peer/)
  })

  test('with allowHalfOpen an end that says nothing stays open until it is closed', async t => {
    const { client, server } = await openPair(t, medium, { server: { allowHalfOpen: true } })
    await within(client.writer.close())
    await assertCleanEnd(server.reader)
    await sleep(50)
    await sendNumbered(server.writer, 1)
    await receiveNumbered(client.reader, 1)
    const ended = server.writer.close()
    await assertCleanEnd(client.reader)
    await within(Promise.all([ended, client.closed, server.closed]))
  })

  test('an echo loop that never closes lets the other end close promptly', async t => {
    const { client, server } = await openPair(t, medium)
    const echo = (async () => {
      for await (const datagram of server.reader) await server.writer.send(datagram)
    })()
    const sent = sendNumbered(client.writer, 300, 5000)
    await receiveNumbered(client.reader, 300, 5000)
    await sent
    await within(client.close(), 'close against an echo loop', 5000)
    await within(Promise.all([echo, server.closed]))
  })

  test('an echo loop gives back everything that was sent before close', async t => {
    const { client, server } = await openPair(t, medium)
    void (async () => {
      for await (const datagram of server.reader) await server.writer.send(datagram)
    })().catch(() => {})
    const sent = sendNumbered(client.writer, 500, 5000)
    const answers = drain(client.reader)
    await sent
    await within(client.close(), 'close against an echo loop', 5000)
    const { datagrams, error } = await answers
    assert.equal(error, undefined)
    assert.equal(datagrams.length, 500)
  })

  test('an echo loop over batches() lets the other end close promptly', async t => {
    const { client, server } = await openPair(t, medium)
    void (async () => {
      for await (const batch of server.reader.batches()) {
        for (const datagram of batch) await server.writer.send(datagram)
      }
    })().catch(() => {})
    await sendNumbered(client.writer, 10)
    await receiveNumbered(client.reader, 10)
    await within(client.close(), 'close against an echo loop', 5000)
  })

  test('a peer that ends and then breaks off is noticed, though nobody reads or sends', async t => {
    const { client, server } = await openPair(t, medium, { server: { keepAliveDelayMs: 50 } })
    await within(client.writer.close())
    await sleep(20)
    client.abort()
    await failure(server.closed, ...medium.broken)
  })
}
