import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ConnectError, SessionLostError } from '../../src/index.ts'
import { assertCleanEnd, receiveNumbered, sendNumbered } from '../support/data.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { tcp } from '../support/media.ts'
import { pends, until, within } from '../support/waiting.ts'
import { type CutPair, openCutPair } from './cut-pair.ts'
import { CUTTABLE } from './cutting-path.ts'

/** Lets tries to connect again wait. */
class Gate {
  #open = (): void => {}
  readonly #opened = new Promise<undefined>(resolve => {
    this.#open = () => resolve(undefined)
  })
  readonly beforeRetry = (): Promise<undefined> => this.#opened

  open(): void {
    this.#open()
  }
}

/** Breaks the path, and waits until neither end has a connection. */
async function detach({ client, server, path }: CutPair): Promise<void> {
  path.cutAll()
  const isDetached = (): boolean => [client, server].every(({ session }) => session!.state === 'detached')
  await until(isDetached, 'both ends have lost the connection')
}

describe('the end of a session', () => {
  failOnLeaks(8000)

  it('does not come for an attached session when its listener is closed, but with the next break', async t => {
    const pair = await openCutPair(t, tcp, { client: { retryForMs: 200 } })
    const { client, server, listener } = pair
    await within(listener.close(), 'the listener closes')
    const directions = [[client, server] as const, [server, client] as const]
    for (const [{ writer }, { reader }] of directions) {
      await sendNumbered(writer, 3)
      await receiveNumbered(reader, 3)
      const fourth = reader.receive()
      await within(writer.flush(), 'flush')
      await sendNumbered(writer, 2, 16, 3)
      await within(fourth, 'the fourth')
    }
    pair.path.cutAll()
    for (const { closed } of [client, server]) {
      const error = await failure(closed, 'SESSION_LOST')
      assert.equal((error as SessionLostError).unconfirmed.length, 2)
    }
  })

  it('comes at once for a detached session whose listener is closed, and for its client in time', async t => {
    const gate = new Gate()
    const pair = await openCutPair(t, tcp, { client: { ...gate, retryForMs: 200 } })
    const { client, server, listener } = pair
    await detach(pair)
    await sendNumbered(server.writer, 2)
    await sendNumbered(client.writer, 3)
    await within(listener.close(), 'the listener closes')
    assert.equal(server.session!.state, 'lost')
    const atServer = await failure(server.closed, 'SESSION_LOST')
    gate.open()
    const atClient = await failure(client.closed, 'SESSION_LOST')
    const unconfirmed = [atServer, atClient].map(error => (error as SessionLostError).unconfirmed.length)
    assert.deepEqual(unconfirmed, [2, 3])
    assert.equal((atClient.cause as ConnectError).code, 'CONNECT_FAILED')
  })

  it('is clean when the listener is closed after the session', async t => {
    const { client, server, listener } = await openCutPair(t, tcp)
    const closing = client.close()
    await assertCleanEnd(server.reader)
    await within(Promise.all([closing, server.close(), listener.close()]))
    assert.deepEqual([client.session!.state, server.session!.state], ['closed', 'closed'])
  })

  it('is clean when both ends close it while it is detached for longer than closeTimeoutMs', async t => {
    const gate = new Gate()
    const pair = await openCutPair(t, tcp, { client: { ...gate }, closeTimeoutMs: 100 })
    const { client, server } = pair
    await sendNumbered(client.writer, 5)
    await detach(pair)
    const closing = Promise.all([client.close(), server.close()])
    assert(await pends(closing, 300))
    gate.open()
    await within(closing)
    await receiveNumbered(server.reader, 5)
    await assertCleanEnd(server.reader)
    assert.deepEqual([client.session!.state, server.session!.state], ['closed', 'closed'])
  })

  for (const [scheme, medium] of Object.entries(CUTTABLE)) {
    it(`is clean on ${scheme} when the client closes it while it is detached`, async t => {
      const gate = new Gate()
      const pair = await openCutPair(t, medium, { client: { ...gate } })
      const { client, server } = pair
      await detach(pair)
      await sendNumbered(client.writer, 5)
      const closing = client.close()
      await sendNumbered(server.writer, 2)
      gate.open()
      await receiveNumbered(server.reader, 5)
      await assertCleanEnd(server.reader)
      await within(Promise.all([closing, server.close()]))
      await receiveNumbered(client.reader, 2)
      await assertCleanEnd(client.reader)
    })
  }
})
