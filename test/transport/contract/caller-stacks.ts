import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Connection, connect, type Listener, listen } from '../../../src/index.ts'
import { numbered } from '../../support/data.ts'
import { connectError } from '../../support/errors.ts'
import type { Medium } from '../../support/media.ts'
import { openListener, openPair } from '../../support/pairs.ts'
import { sleep, within } from '../../support/waiting.ts'
import { fillUp } from './back-pressure.ts'

/** A line of the user's program, as a stack names it. */
const USER_LINE = /at (async )?userFunction\b/

/** A line that only says how the error was made again. */
const OWN_LINE = /at .*(\[again\]|failWithCaller|withStackFrom)/

/** That a program which awaits the call gets an error whose stack has a line of that program. */
async function assertNamed(what: string, call: () => PromiseLike<unknown>): Promise<void> {
  async function userFunction(): Promise<void> {
    await call()
  }
  const error = await within(
    userFunction().then(
      () => assert.fail(`${what} did not fail`),
      (error: unknown) => connectError(error),
    ),
  )
  assert.match(error.stack!, USER_LINE, what)
  assert.doesNotMatch(error.stack!, OWN_LINE, what)
}

/** Has no room before nearly all that is queued is written, which no kernel's buffers are large enough for. */
const large = numbered(0, 1_000_000)

/** Calls that wait on a connection whose peer neither reads nor sends, and whose queue is full. */
const waiting: Readonly<Record<string, (connection: Connection) => PromiseLike<unknown>>> = {
  'receive()': ({ reader }) => reader.receive(),
  'next() of the reader': ({ reader }) => reader[Symbol.asyncIterator]().next(),
  'next() of batches()': ({ reader }) => reader.batches()[Symbol.asyncIterator]().next(),
  'a for await loop': async ({ reader }) => {
    for await (const _ of reader) assert.fail('a datagram came')
  },
  'send()': ({ writer }) => writer.send(large),
  'flush()': ({ writer }) => writer.flush(),
  'close() of the writer': ({ writer }) => writer.close(),
  'close()': connection => connection.close(),
  closed: ({ closed }) => closed,
}

/** The same with a signal. */
const withSignal: Readonly<Record<string, (ends: Ends, signal: AbortSignal) => PromiseLike<unknown>>> = {
  'receive()': ({ client }, signal) => client.reader.receive({ signal }),
  'batches()': ({ client }, signal) => client.reader.batches({ signal })[Symbol.asyncIterator]().next(),
  'send()': ({ client }, signal) => client.writer.send(large, { signal }),
  'flush()': ({ client }, signal) => client.writer.flush({ signal }),
  'close() of the writer': ({ client }, signal) => client.writer.close({ signal }),
  'close()': ({ client }, signal) => client.close({ signal }),
  'accept()': ({ listener }, signal) => listener.accept({ signal }),
}

interface Ends {
  readonly client: Connection
  readonly listener: Listener
}

export function callerStacks(medium: Medium): void {
  test('what fails while it is awaited names the line that awaits it', async t => {
    for (const [what, call] of Object.entries(waiting)) {
      const { client, server } = await openPair(t, medium)
      await fillUp(medium, client.writer)
      const named = assertNamed(what, () => call(client))
      await sleep(0)
      server.abort()
      await named
    }
  })

  test('what a signal ends names the line that awaits it', async t => {
    for (const [what, call] of Object.entries(withSignal)) {
      const { client, listener } = await openPair(t, medium)
      await fillUp(medium, client.writer)
      const controller = new AbortController()
      const named = assertNamed(what, () => call({ client, listener }, controller.signal))
      await sleep(0)
      controller.abort()
      await named
      client.abort()
    }
  })

  test('what is refused names the line that asks for it', async t => {
    const { client } = await openPair(t, medium)
    client.abort()
    for (const [what, call] of Object.entries(waiting)) await assertNamed(what, () => call(client))
    await assertNamed('send() of no datagram', () => client.writer.send('text' as never))
    await assertNamed('trySend()', async () => client.writer.trySend(numbered(0)))
  })

  test('connect() and listen() that fail name the line that awaits them', async t => {
    const listener = await openListener(t, medium)
    await assertNamed('listen()', () => listen(listener.address, medium.listenOptions))
    await listener.close()
    await assertNamed('connect()', () => connect(listener.address, medium.connectOptions))
    await assertNamed('an option', () => connect(listener.address, { maxMessageBytes: -1 }))
  })

  test('leaving the scope of await using names the line that leaves it', async t => {
    const { client, server } = await openPair(t, medium)
    server.abort()
    await assertNamed('await using', () => client[Symbol.asyncDispose]())
  })

  test('each call that fails has an error of its own, of the same failure', async t => {
    const { client, server } = await openPair(t, medium)
    const errors = [client.reader.receive(), client.reader.receive(), client.closed].map(promise =>
      promise.then(
        () => assert.fail('it did not fail'),
        (error: unknown) => connectError(error, ...medium.broken),
      ),
    )
    server.abort()
    const all = await within(Promise.all(errors))
    assert.equal(new Set(all).size, 3)
    assert.equal(new Set(all.map(({ message }) => message)).size, 1)
    assert.equal(new Set(all.map(({ cause }) => cause)).size, 1)
  })
}
