import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ConnectError, SessionLostError } from '../../src/index.ts'
import { assertNumbered, numbered, receiveNumbered, sendNumbered } from '../support/data.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { inSession, memory } from '../support/media.ts'
import { openPair } from '../support/pairs.ts'
import { within } from '../support/waiting.ts'

const medium = inSession(memory)

/** Which messages were not confirmed, by their numbers. */
function numbersIn(error: ConnectError): number[] {
  assert(error instanceof SessionLostError, `${error}`)
  for (const datagram of error.unconfirmed) {
    assertNumbered(datagram, datagram.recipient, datagram.byteLength)
  }
  return error.unconfirmed.map(({ recipient }) => recipient)
}

describe('losing a session', () => {
  failOnLeaks()

  it('shows the end whose close() has run out of time what the other has not consumed', async t => {
    const { client, server } = await openPair(t, medium, { client: { closeTimeoutMs: 100 } })
    await sendNumbered(client.writer, 10)
    // The third is held, and not consumed yet.
    await receiveNumbered(server.reader, 3)
    const error = await failure(client.close(), 'SESSION_LOST')
    assert.equal((error.cause as ConnectError).code, 'CLOSE_TIMEOUT')
    assert.deepEqual(numbersIn(error), [2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('hands out nothing after it that the other end counts as not consumed', async t => {
    const { client, server } = await openPair(t, medium, { client: { closeTimeoutMs: 100 } })
    await sendNumbered(client.writer, 10)
    await receiveNumbered(server.reader, 3)
    const [mine] = await Promise.all([
      failure(client.close(), 'SESSION_LOST'),
      failure(server.closed, 'SESSION_LOST'),
    ])
    await failure(server.reader.receive(), 'SESSION_LOST')
    assert.deepEqual(numbersIn(mine).slice(0, 2), [2, 3])
  })

  it('shows no clean end to a reader that lacks something before it', async t => {
    const { client, server } = await openPair(t, medium, { client: { closeTimeoutMs: 100 } })
    await sendNumbered(client.writer, 4)
    const closing = failure(client.close(), 'SESSION_LOST')
    await receiveNumbered(server.reader, 1)
    await closing
    await failure(server.closed, 'SESSION_LOST')
    await failure(server.reader.receive(), 'SESSION_LOST')
  })

  it('takes nothing away that has come after close(): the other end has it confirmed', async t => {
    const { client, server } = await openPair(t, medium, { server: { closeTimeoutMs: 100 } })
    const closing = failure(server.close(), 'SESSION_LOST')
    await sendNumbered(client.writer, 5)
    await within(client.writer.flush())
    const error = await closing
    assert.deepEqual(numbersIn(error), [])
    await receiveNumbered(server.reader, 5)
    await failure(server.reader.receive(), 'SESSION_LOST')
    assert.deepEqual(numbersIn(await failure(client.closed, 'SESSION_LOST')), [])
  })

  it('never counts less as consumed when the queue fills up after close()', async t => {
    const { client, server } = await openPair(t, medium, {
      server: { closeTimeoutMs: 500, session: { windowBytes: 5000 } },
    })
    const closing = failure(server.close(), 'SESSION_LOST')
    await sendNumbered(client.writer, 10, 10)
    await within(client.writer.flush())
    // 64 bytes for each datagram: the queue is full before the window is.
    await sendNumbered(client.writer, 100, 10, 10)
    const error = await closing
    assert.equal((error.cause as ConnectError).code, 'CLOSE_TIMEOUT')
    const lost = await failure(client.closed, 'SESSION_LOST')
    assert.equal((lost.cause as ConnectError).message, 'the peer gave it up with code 4')
    const [first] = numbersIn(lost)
    assert(first !== undefined && first >= 10, `${first} is not confirmed`)
    await receiveNumbered(server.reader, first, 10)
    await failure(server.reader.receive(), 'SESSION_LOST')
  })

  it('leaves readable what came before the peer has aborted', async t => {
    const { client, server } = await openPair(t, medium)
    await sendNumbered(client.writer, 3)
    const first = await within(server.reader.receive())
    assertNumbered(first, 0)
    client.abort()
    await failure(client.closed, 'ABORTED')
    await failure(server.closed, 'SESSION_LOST')
    await receiveNumbered(server.reader, 2, undefined, 1)
    await failure(server.reader.receive(), 'SESSION_LOST')
  })

  it('does not call all confirmed when data was transferred away before it was written', async t => {
    const { client } = await openPair(t, medium)
    const large = numbered(1, 100_000)
    for (const datagram of [numbered(0), large, numbered(2)]) void client.writer.send(datagram)
    structuredClone(large.data.buffer, { transfer: [large.data.buffer as ArrayBuffer] })
    const error = await failure(client.writer.flush(), 'SESSION_LOST')
    assert.equal((error.cause as ConnectError).code, 'INVALID_ARGUMENT')
    assert.match(error.message, /at least 0 datagrams are not confirmed/)
  })

  it('is a SessionLostError, whatever the peer has done to cause it', async t => {
    const { client, server } = await openPair(t, medium, { server: { maxMessageBytes: 100 } })
    await sendNumbered(client.writer, 1)
    await client.writer.send(numbered(1, 101))
    const error = await failure(server.closed, 'SESSION_LOST')
    assert.equal((error.cause as ConnectError).code, 'FRAME_SIZE_INVALID')
    const other = await failure(client.closed, 'SESSION_LOST')
    assert.equal((other.cause as ConnectError).message, 'the peer gave it up with code 2')
    assert.deepEqual(numbersIn(other), [0, 1])
  })
})
