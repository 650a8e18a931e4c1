import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectDatagram } from '../../../src/index.ts'
import {
  assertCleanEnd,
  assertNumbered,
  drain,
  numbered,
  receiveNumbered,
  sendNumbered,
} from '../../support/data.ts'
import { connectError, failure } from '../../support/errors.ts'
import type { Medium } from '../../support/media.ts'
import { openPair } from '../../support/pairs.ts'
import { pends, sleep, within } from '../../support/waiting.ts'

export function webStreams(medium: Medium): void {
  test('what is written to writable comes out of readable in order, and its close is a clean end', async t => {
    const { client, server } = await openPair(t, medium)
    const writer = client.writable.getWriter()
    const written = (async () => {
      for (let i = 0; i < 500; i++) {
        await writer.ready
        void writer.write(numbered(i, 3000))
      }
      await writer.close()
    })()
    let count = 0
    for await (const datagram of server.readable as unknown as AsyncIterable<ConnectDatagram>) {
      assertNumbered(datagram, count++, 3000)
    }
    assert.equal(count, 500)
    await within(written)
    await failure(client.writer.send(numbered(0)), 'WRITER_CLOSED')
  })

  test('an echo of pipeTo gives back everything and then ends', async t => {
    const { client, server } = await openPair(t, medium)
    const echo = server.readable.pipeTo(server.writable)
    const sent = sendNumbered(client.writer, 300, 2000).then(() => client.writer.close())
    await receiveNumbered(client.reader, 300, 2000)
    await assertCleanEnd(client.reader)
    await within(Promise.all([echo, sent, client.closed, server.closed]))
  })

  test('the streams are made once', async t => {
    const { client } = await openPair(t, medium)
    assert.equal(client.readable, client.readable)
    assert.equal(client.writable, client.writable)
  })

  test('writable is not ready while the peer does not read', async t => {
    const { client, server } = await openPair(t, medium)
    const writer = client.writable.getWriter()
    let written = 0
    for (let full = false; !full && written < 4000; ) {
      full = await pends(writer.ready, 0)
      if (full) full = await pends(writer.ready, 100)
      if (full) break
      void writer.write(numbered(written++, 32 * 1024))
    }
    assert(written < 1000, `${written} datagrams of 32 KiB were taken with nobody reading`)
    assert((writer.desiredSize ?? 1) <= 0, 'desiredSize is above 0')
    await receiveNumbered(server.reader, written, 32 * 1024)
    await within(writer.ready)
  })

  test('aborting writable breaks the connection off, though a write waits for room', async t => {
    const { client, server } = await openPair(t, medium)
    const writer = client.writable.getWriter()
    writer.closed.catch(() => {})
    let waiting = false
    for (let written = 0; !waiting && written < 4000; written++) {
      const writing = writer.write(numbered(written, 32 * 1024))
      writing.catch(() => {})
      waiting = (await pends(writing, 0)) && (await pends(writing, 100))
    }
    assert(waiting, 'no write has waited')
    const reason = new Error('enough')
    await within(writer.abort(reason))
    const error = await failure(client.closed, 'ABORTED')
    assert.equal(error.cause, reason)
    void drain(server.reader).catch(() => {})
    await failure(server.closed, ...medium.broken)
  })

  test('readable asks for nothing ahead', async t => {
    const { client, server } = await openPair(t, medium)
    assert(server.readable, 'there is no readable')
    await sendNumbered(client.writer, 2)
    await sleep(20)
    await receiveNumbered(server.reader, 1)
    const stream = server.readable.getReader()
    assertNumbered((await within(stream.read())).value, 1)
  })

  test('cancelling readable takes no datagram and does not end the connection', async t => {
    const { client, server } = await openPair(t, medium)
    const stream = server.readable.getReader()
    await sendNumbered(client.writer, 1)
    assertNumbered((await within(stream.read())).value, 0)
    const waiting = stream.read()
    assert(await pends(waiting), 'it did not wait')
    await within(stream.cancel(new Error('no more')))
    assert.equal((await within(waiting)).done, true)
    await sendNumbered(client.writer, 2, 16, 1)
    await receiveNumbered(server.reader, 2, 16, 1)
    await sendNumbered(server.writer, 1)
    await receiveNumbered(client.reader, 1)
  })

  test('aborting writable aborts the connection with the reason', async t => {
    const { client, server } = await openPair(t, medium)
    const reason = new Error('no use')
    await within(client.writable.abort(reason))
    assert.equal((await failure(client.closed, 'ABORTED')).cause, reason)
    await failure(server.reader.receive(), ...medium.broken)
  })

  for (const [what, chunk, code] of [
    ['a chunk that is no datagram', 'text', 'INVALID_ARGUMENT'],
    ['a chunk that is too large', numbered(0, 2000), 'MESSAGE_TOO_LARGE'],
  ] as const) {
    test(`${what}, written to writable, breaks the connection`, async t => {
      const { client, server } = await openPair(t, medium, { client: { maxMessageBytes: 1000 } })
      const writer = client.writable.getWriter()
      await within(writer.write(numbered(0)))
      const error = await failure(writer.write(chunk as never), code)
      assert.equal((await failure(client.closed, 'ABORTED')).cause, error)
      assert.equal((await failure(writer.closed, code)).message, error.message)
      const { error: peerError } = await drain(server.reader)
      connectError(peerError, ...medium.broken)
    })
  }

  test('writable fails with the connection though nothing is being written', async t => {
    const { client, server } = await openPair(t, medium)
    const writer = client.writable.getWriter()
    server.abort()
    await failure(writer.closed, ...medium.broken)
  })

  test('both streams fail with the connection', async t => {
    const { client, server } = await openPair(t, medium)
    const reading = client.readable.getReader().read()
    const writer = client.writable.getWriter()
    server.abort()
    connectError(await within(reading.catch((error: unknown) => error)), ...medium.broken)
    await failure(client.closed, ...medium.broken)
    connectError(await within(writer.write(numbered(0)).catch((error: unknown) => error)), ...medium.broken)
    connectError(await within(writer.closed.catch((error: unknown) => error)), ...medium.broken)
  })
}
