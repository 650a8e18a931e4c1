import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Connection, connect, type Listener, listen } from '../../../src/index.ts'
import { numbered, receiveNumbered, sendNumbered } from '../../support/data.ts'
import { failure, thrown } from '../../support/errors.ts'
import type { Medium } from '../../support/media.ts'
import { openPair } from '../../support/pairs.ts'
import { within } from '../../support/waiting.ts'

type Call = (ends: { connection: Connection; listener: Listener }, options: never) => Promise<unknown>

const calls: Readonly<Record<string, Call>> = {
  receive: ({ connection }, options) => connection.reader.receive(options),
  send: ({ connection }, options) => connection.writer.send(numbered(99), options),
  flush: ({ connection }, options) => connection.writer.flush(options),
  'close of the writer': ({ connection }, options) => connection.writer.close(options),
  close: ({ connection }, options) => connection.close(options),
  accept: ({ listener }, options) => listener.accept(options),
}

/** Options that are wrong, and what the message must name. */
const wrong: readonly (readonly [unknown, RegExp])[] = [
  [{ signl: AbortSignal.abort() }, /option signl of \w+ is not known/],
  [{ signal: new AbortController() }, /option signal of \w+ must be an AbortSignal/],
  [{ signal: 100 }, /option signal of \w+ must be an AbortSignal/],
  [{ signal: null }, /option signal of \w+ must be an AbortSignal/],
  [100, /options of \w+ must be an object; it is 100/],
  ['text', /options of \w+ must be an object; it is 'text'/],
  [null, /options of \w+ must be an object; it is null/],
  [() => {}, /options of \w+ must be an object/],
  [AbortSignal.abort(), /options of \w+ must be an object; it is an AbortSignal/],
]

/** A signal that is no instance of this realm's class, as a test runner's sandbox may make it. */
class ForeignSignal extends EventTarget {
  aborted = false
  reason: unknown

  abort(reason: unknown): void {
    this.aborted = true
    this.reason = reason
    this.dispatchEvent(new Event('abort'))
  }
}

export function callOptions(medium: Medium): void {
  for (const [name, call] of Object.entries(calls)) {
    test(`${name} refuses options that are wrong, names them, and does nothing`, async t => {
      const { client, server, listener } = await openPair(t, medium)
      for (const [options, message] of wrong) {
        const error = await failure(
          call({ connection: client, listener }, options as never),
          'INVALID_OPTION',
        )
        assert.match(error.message, message)
      }
      await sendNumbered(client.writer, 1)
      await sendNumbered(server.writer, 1)
      await receiveNumbered(server.reader, 1)
      await receiveNumbered(client.reader, 1)
    })

    test(`${name} heeds a signal of another realm`, async t => {
      const { client, listener } = await openPair(t, medium)
      const signal = new ForeignSignal()
      const reason = new Error('changed my mind')
      signal.abort(reason)
      const error = await failure(call({ connection: client, listener }, { signal } as never), 'ABORTED')
      assert.equal(error.cause, reason)
    })
  }

  test('batches() throws for options that are wrong', async t => {
    const { client, server } = await openPair(t, medium)
    for (const [options, message] of wrong) {
      assert.match(thrown(() => server.reader.batches(options as never), 'INVALID_OPTION').message, message)
    }
    await sendNumbered(client.writer, 1)
    await receiveNumbered(server.reader, 1)
  })

  test('a signal in place of options is refused, not ignored', async () => {
    const { signal } = new AbortController()
    for (const refused of [
      connect(medium.freshAddress(), signal as never),
      listen(medium.freshAddress(), signal as never),
    ]) {
      assert.match(
        (await failure(refused, 'INVALID_OPTION')).message,
        /must be an object; it is an AbortSignal/,
      )
    }
  })

  test('a receive is given up by a signal of another realm while it waits', async t => {
    const { client, server } = await openPair(t, medium)
    const signal = new ForeignSignal()
    const receive = server.reader.receive({ signal: signal as unknown as AbortSignal })
    signal.abort('enough')
    assert.equal((await failure(receive, 'ABORTED')).cause, 'enough')
    await within(sendNumbered(client.writer, 1))
    await receiveNumbered(server.reader, 1)
  })
}
