import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConnectDatagram } from '../../../src/index.ts'
import { assertCleanEnd, bytesOf, numbered, receiveNumbered, sendNumbered } from '../../support/data.ts'
import { failure, thrown } from '../../support/errors.ts'
import type { Medium } from '../../support/media.ts'
import { openPair } from '../../support/pairs.ts'
import { within } from '../../support/waiting.ts'

export function sending(medium: Medium): void {
  test('what is no datagram is refused at once and harms nothing', async t => {
    const { client, server } = await openPair(t, medium)
    const lookalike = { version: 1, recipient: 1, data: bytesOf(3), byteLength: 3 }
    for (const bad of [undefined, null, 'text', 7, bytesOf(3), {}, lookalike]) {
      const error = await failure(client.writer.send(bad as never), 'INVALID_ARGUMENT')
      assert.match(error.message, /datagram/)
      thrown(() => client.writer.trySend(bad as never), 'INVALID_ARGUMENT')
    }
    await sendNumbered(client.writer, 1)
    await receiveNumbered(server.reader, 1)
  })

  test('data above maxMessageBytes is refused at once, data at the limit is sent', async t => {
    const { client, server } = await openPair(t, medium, { client: { maxMessageBytes: 1000 } })
    const error = await failure(client.writer.send(numbered(0, 1001)), 'MESSAGE_TOO_LARGE')
    assert.match(error.message, /1001.*1000/)
    thrown(() => client.writer.trySend(numbered(0, 1001)), 'MESSAGE_TOO_LARGE')
    await sendNumbered(client.writer, 1, 1000)
    await receiveNumbered(server.reader, 1, 1000)
  })

  test('sending after close is refused with WRITER_CLOSED', async t => {
    const { client, server } = await openPair(t, medium, { server: { allowHalfOpen: true } })
    await sendNumbered(client.writer, 1)
    const closed = client.writer.close()
    await failure(client.writer.send(numbered(1)), 'WRITER_CLOSED')
    thrown(() => client.writer.trySend(numbered(1)), 'WRITER_CLOSED')
    const received = receiveNumbered(server.reader, 1).then(() => assertCleanEnd(server.reader))
    await within(closed)
    await failure(client.writer.send(numbered(1)), 'WRITER_CLOSED')
    await received
    await within(Promise.all([server.close(), client.close()]))
    await failure(client.writer.send(numbered(1)), 'WRITER_CLOSED')
    thrown(() => client.writer.trySend(numbered(1)), 'WRITER_CLOSED')
  })

  test('sending after the whole connection was closed is refused with WRITER_CLOSED', async t => {
    const { client, server } = await openPair(t, medium)
    const closed = client.close()
    await failure(client.writer.send(numbered(1)), 'WRITER_CLOSED')
    await assertCleanEnd(server.reader)
    await within(closed)
  })

  test('flush fulfils with nothing sent, after much was sent, and after close', async t => {
    const { client, server } = await openPair(t, medium)
    await within(client.writer.flush())
    const received = receiveNumbered(server.reader, 300, 10_000).then(() => assertCleanEnd(server.reader))
    await sendNumbered(client.writer, 300, 10_000)
    await within(client.writer.flush())
    await within(client.writer.close())
    await within(client.writer.flush())
    await received
  })

  test('trySend takes a datagram while there is room', async t => {
    const { client, server } = await openPair(t, medium)
    for (let i = 0; i < 100; i++) assert.equal(client.writer.trySend(numbered(i)), true)
    await receiveNumbered(server.reader, 100)
  })

  test('a datagram larger than both queues passes', async t => {
    const small = { sendQueueBytes: 1000, receiveQueueBytes: 1000 }
    const { client, server } = await openPair(t, medium, { client: small, server: small })
    const data = bytesOf(3_000_000)
    const sent = client.writer.send(new ConnectDatagram(9, data)).then(() => sendNumbered(client.writer, 3))
    const large = await within(server.reader.receive())
    assert.equal(Buffer.compare(large!.data, data), 0)
    await receiveNumbered(server.reader, 3)
    await within(sent)
  })

  test('queues of a single byte slow everything down and lose nothing', async t => {
    const tiny = { sendQueueBytes: 1, receiveQueueBytes: 1 }
    const { client, server } = await openPair(t, medium, { client: tiny, server: tiny })
    const sent = sendNumbered(client.writer, 300, 100).then(() => client.writer.close())
    await receiveNumbered(server.reader, 300, 100)
    await assertCleanEnd(server.reader)
    await within(sent)
  })
}
