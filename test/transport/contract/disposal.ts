import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Connection, connect, listen } from '../../../src/index.ts'
import { assertCleanEnd, drain, receiveNumbered, sendNumbered } from '../../support/data.ts'
import { assertAgain, failure } from '../../support/errors.ts'
import type { Medium } from '../../support/media.ts'
import { openPair } from '../../support/pairs.ts'
import { within } from '../../support/waiting.ts'
import { fillUp } from './back-pressure.ts'

/** A disposal that waited for the time limit of closing would never end. */
const endless = { closeTimeoutMs: 2 ** 31 - 1 }

export function disposal(medium: Medium): void {
  test('await using ends a listener and both ends of a connection cleanly', async () => {
    await using listener = await listen(medium.freshAddress(), medium.listenOptions)
    const serve = async (): Promise<Promise<void>> => {
      await using server = (await listener.accept())!
      await sendNumbered(server.writer, 50, 1000)
      await receiveNumbered(server.reader, 50, 1000)
      return server.closed
    }
    const ask = async (): Promise<Promise<void>> => {
      await using client = await connect(listener.address, medium.connectOptions)
      await sendNumbered(client.writer, 50, 1000)
      await receiveNumbered(client.reader, 50, 1000)
      return client.closed
    }
    await within(Promise.all([serve(), ask()]))
  })

  test('leaving the scope sends what is queued', async t => {
    const { client, server } = await openPair(t, medium)
    const received = drain(server.reader)
    const scope = async (): Promise<void> => {
      await using connection = client
      for (let i = 0; i < 3; i++) await sendNumbered(connection.writer, 20, 10_000)
    }
    await within(scope())
    assert.equal((await received).datagrams.length, 60)
    assert.equal((await received).error, undefined)
  })

  test('an error that ends a block with both ends in it comes out, though no peer closes first', async () => {
    const ends: Connection[] = []
    const block = async (): Promise<void> => {
      await using listener = await listen(medium.freshAddress(), { ...medium.listenOptions, ...endless })
      for (let i = 0; i < 2; i++) {
        const accepted = listener.accept()
        ends.push(
          await connect(listener.address, { ...medium.connectOptions, ...endless }),
          (await accepted)!,
        )
      }
      await using client = ends[0]!
      await using server = ends[1]!
      await using otherClient = ends[2]!
      await using _otherServer = ends[3]!
      await sendNumbered(client.writer, 3)
      await sendNumbered(server.writer, 3)
      await sendNumbered(otherClient.writer, 3)
      throw new Error('of the test')
    }
    await assert.rejects(within(block()), /of the test/)
    await within(Promise.all(ends.map(({ closed }) => closed)))
    await receiveNumbered(ends[1]!.reader, 3)
    await assertCleanEnd(ends[1]!.reader)
  })

  test('an error that ends a block comes out though the peer reads nothing, and what was sent arrives', async t => {
    const { client, server } = await openPair(t, medium, { client: endless, server: endless })
    let taken = 0
    const block = async (): Promise<void> => {
      await using connection = client
      taken = await fillUp(medium, connection.writer)
      throw new Error('of the test')
    }
    await assert.rejects(within(block()), /of the test/)
    await receiveNumbered(server.reader, taken, 32 * 1024)
    await assertCleanEnd(server.reader)
    await within(client.closed)
  })

  test('disposing throws what made the connection fail if nobody was told', async t => {
    const { client, server } = await openPair(t, medium)
    server.abort()
    await failure(client[Symbol.asyncDispose](), ...medium.broken)
  })

  test('disposing does not throw again what the reader has thrown', async t => {
    const { client, server } = await openPair(t, medium)
    server.abort()
    const error = await failure(client.reader.receive(), ...medium.broken)
    await within(client[Symbol.asyncDispose]())
    assertAgain(await failure(client.closed, ...medium.broken), error)
  })

  test('disposing does not throw again what the writer has thrown', async t => {
    const { client, server } = await openPair(t, medium)
    server.abort()
    await failure(client.closed, ...medium.broken)
    await failure(client.writer.flush(), ...medium.broken)
    await within(client[Symbol.asyncDispose]())
  })

  test('disposing twice is as good as once', async t => {
    const { client, server, listener } = await openPair(t, medium)
    const disposed = Promise.all([client[Symbol.asyncDispose](), client[Symbol.asyncDispose]()])
    await assertCleanEnd(server.reader)
    await within(disposed)
    await within(
      Promise.all([listener[Symbol.asyncDispose](), listener[Symbol.asyncDispose](), listener.close()]),
    )
    assert.equal(await within(listener.accept()), undefined)
  })
}
