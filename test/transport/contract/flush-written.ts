import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertCleanEnd, numbered, receiveNumbered, sendNumbered } from '../../support/data.ts'
import { failure } from '../../support/errors.ts'
import type { Medium } from '../../support/media.ts'
import { acceptOne, openClient, openListener, openPair } from '../../support/pairs.ts'
import { pends, until, within } from '../../support/waiting.ts'

/** Where what the operating system has counts as sent, whether or not anybody reads it. */
export function flushWritten(medium: Medium): void {
  test('flush waits for no reader, and all arrives', async t => {
    const { client, server } = await openPair(t, medium)
    await sendNumbered(client.writer, 3)
    await within(client.writer.flush())
    await receiveNumbered(server.reader, 3)
    assert(await pends(server.reader.receive()), 'something came behind it')
  })

  test('flush does not wait for the connection to be accepted', async t => {
    const listener = await openListener(t, medium)
    const client = await openClient(t, medium, listener.address)
    await sendNumbered(client.writer, 3)
    await within(client.writer.flush())
    await receiveNumbered((await acceptOne(t, listener)).reader, 3)
  })

  test('closing a writer waits for no reader, and all arrives with a clean end', async t => {
    const { client, server } = await openPair(t, medium)
    await sendNumbered(client.writer, 3)
    await within(client.writer.close())
    await failure(client.writer.send(numbered(3)), 'WRITER_CLOSED')
    await receiveNumbered(server.reader, 3)
    await assertCleanEnd(server.reader)
    await within(client.close())
  })

  test('the other end of a closed writer answers by default, and flushes before anybody reads it', async t => {
    const { client, server } = await openPair(t, medium)
    await sendNumbered(client.writer, 3)
    await within(client.writer.close())
    await receiveNumbered(server.reader, 3)
    await assertCleanEnd(server.reader)
    await server.writer.send(numbered(0))
    await within(server.writer.flush())
    const sent = sendNumbered(server.writer, 100, 20_000, 1)
    await receiveNumbered(client.reader, 1)
    await receiveNumbered(client.reader, 100, 20_000, 1)
    await sent
    const closed = server.close()
    await assertCleanEnd(client.reader)
    await within(Promise.all([closed, client.closed]))
  })

  test('with allowHalfOpen the other end of a closed writer may close its own before anybody reads it', async t => {
    const { client, server } = await openPair(t, medium, { server: { allowHalfOpen: true } })
    await within(client.writer.close())
    await assertCleanEnd(server.reader)
    await sendNumbered(server.writer, 2)
    await receiveNumbered(client.reader, 1)
    await within(server.writer.close())
    await receiveNumbered(client.reader, 1, 16, 1)
    await assertCleanEnd(client.reader)
    await within(Promise.all([client.closed, server.closed]))
  })

  test('the send queue has room again once it is written, though nobody reads', async t => {
    const { client, server } = await openPair(t, medium, { client: { sendQueueBytes: 10_000 } })
    let taken = 0
    while (taken < 100 && client.writer.trySend(numbered(taken, 1000))) taken++
    assert.equal(taken, 9, 'datagrams of 1008 bytes each into 10000 bytes')
    await until(() => client.writer.trySend(numbered(taken, 1000)), 'there is room again')
    await receiveNumbered(server.reader, taken + 1, 1000)
  })
}
