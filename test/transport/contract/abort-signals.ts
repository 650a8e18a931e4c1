import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { type TestContext, test } from 'node:test'
import { type Connection, connect, type Listener, listen } from '../../../src/index.ts'
import {
  assertCleanEnd,
  assertNumbered,
  numbered,
  random,
  receiveNumbered,
  sendNumbered,
} from '../../support/data.ts'
import { connectError, failure } from '../../support/errors.ts'
import type { Medium } from '../../support/media.ts'
import { acceptOne, openClient, openListener, openPair } from '../../support/pairs.ts'
import { pends, turn, within } from '../../support/waiting.ts'
import { fillUp } from './back-pressure.ts'

const reason = new Error('changed my mind')

function assertNoListeners({ signal }: AbortController): void {
  assert.equal(getEventListeners(signal, 'abort').length, 0, 'a listener was left on the signal')
}

async function assertAborted(promise: Promise<unknown>): Promise<void> {
  const error = await failure(promise, 'ABORTED')
  assert.equal(error.cause, reason)
}

/** The one that brings datagram 0. Those that were given up may have been accepted before, and bring nothing. */
async function acceptGood(t: TestContext, medium: Medium, listener: Listener): Promise<Connection> {
  for (let tries = 0; tries < 13; tries++) {
    const server = await acceptOne(t, listener)
    const onBroken = (error: unknown): void => void connectError(error, ...medium.broken)
    const datagram = await within(server.reader.receive().catch(onBroken))
    if (datagram === undefined) continue
    assertNumbered(datagram, 0)
    return server
  }
  assert.fail('the good connection was never accepted')
}

export function abortSignals(medium: Medium): void {
  test('a signal that has fired already stops each call, and nothing is lost', async t => {
    const { client, server, listener } = await openPair(t, medium)
    const signal = AbortSignal.abort(reason)
    await sendNumbered(client.writer, 1)
    await assertAborted(server.reader.receive({ signal }))
    await assertAborted(client.writer.send(numbered(99), { signal }))
    await assertAborted(client.writer.flush({ signal }))
    await assertAborted(listener.accept({ signal }))
    await assertAborted(connect(listener.address, { ...medium.connectOptions, signal }))
    await assertAborted(listen(medium.freshAddress(), { ...medium.listenOptions, signal }))
    await sendNumbered(client.writer, 1, 16, 1)
    await receiveNumbered(server.reader, 2)
  })

  test('a receive that is given up takes no datagram', async t => {
    const { client, server } = await openPair(t, medium)
    const controllers = [new AbortController(), new AbortController(), new AbortController()] as const
    const receives = controllers.map(({ signal }) => server.reader.receive({ signal }))
    assert(await pends(receives[1]!), 'it did not wait')
    controllers[1].abort(reason)
    await assertAborted(receives[1]!)
    await sendNumbered(client.writer, 3)
    assertNumbered(await within(receives[0]!), 0)
    assertNumbered(await within(receives[2]!), 1)
    await receiveNumbered(server.reader, 1, 16, 2)
    for (const controller of controllers) assertNoListeners(controller)
  })

  test('a signal that fires after the datagram came changes nothing', async t => {
    const { client, server } = await openPair(t, medium)
    const controller = new AbortController()
    const receive = server.reader.receive({ signal: controller.signal })
    await sendNumbered(client.writer, 2)
    assertNumbered(await within(receive), 0)
    controller.abort(reason)
    await receiveNumbered(server.reader, 1, 16, 1)
    assertNoListeners(controller)
  })

  test('receives that are given up at any moment lose nothing', async t => {
    const { client, server } = await openPair(t, medium)
    const next = random(3)
    const count = 300
    const sent = (async () => {
      for (let i = 0; i < count; i++) {
        await client.writer.send(numbered(i))
        for (let turns = next() * 3; turns > 1; turns--) await turn()
      }
    })()
    let received = 0
    for (let tries = 0; received < count && tries < 100_000; tries++) {
      const controller = new AbortController()
      const receive = server.reader.receive({ signal: controller.signal })
      for (let turns = next() * 3; turns > 1; turns--) await turn()
      controller.abort(reason)
      try {
        assertNumbered(await within(receive), received)
        received++
      } catch (error) {
        assert.equal((error as Error).cause, reason)
      }
    }
    assert.equal(received, count)
    await sent
  })

  test('a send that is given up while it waits is not sent, and those behind it are', async t => {
    const { client, server } = await openPair(t, medium)
    const taken = await fillUp(medium, client.writer)
    const controllers = [new AbortController(), new AbortController(), new AbortController()] as const
    const sends = controllers.map(({ signal }, i) =>
      client.writer.send(numbered(taken + i, 40_000), { signal }),
    )
    assert(await pends(sends[0]!), 'it did not wait')
    controllers[0].abort(reason)
    controllers[2].abort(reason)
    await assertAborted(sends[0]!)
    await assertAborted(sends[2]!)
    void client.close()
    await receiveNumbered(server.reader, taken, 32 * 1024)
    await receiveNumbered(server.reader, 1, 40_000, taken + 1)
    await assertCleanEnd(server.reader)
    await within(sends[1]!)
    for (const controller of controllers) assertNoListeners(controller)
  })

  test('a writer whose only waiting send is given up still closes', async t => {
    const { client, server } = await openPair(t, medium)
    const taken = await fillUp(medium, client.writer)
    const controller = new AbortController()
    const send = client.writer.send(numbered(0, 40_000), { signal: controller.signal })
    const closed = client.close()
    controller.abort(reason)
    await assertAborted(send)
    await receiveNumbered(server.reader, taken, 32 * 1024)
    await assertCleanEnd(server.reader)
    await within(closed)
  })

  test('small sends behind a large one that is given up go on', async t => {
    const { client, server } = await openPair(t, medium)
    const taken = await fillUp(medium, client.writer)
    const controller = new AbortController()
    const large = client.writer.send(numbered(0, 2_000_000), { signal: controller.signal })
    const small = client.writer.send(numbered(taken))
    controller.abort(reason)
    await assertAborted(large)
    await receiveNumbered(server.reader, taken, 32 * 1024)
    await receiveNumbered(server.reader, 1, 16, taken)
    await within(small)
  })

  test('a flush that is given up stops waiting; what was sent is sent', async t => {
    const { client, server } = await openPair(t, medium)
    const taken = await fillUp(medium, client.writer)
    const [early, late] = [new AbortController(), new AbortController()] as const
    const first = client.writer.flush({ signal: early.signal })
    const behind = client.writer.send(numbered(taken, 32 * 1024))
    const second = client.writer.flush({ signal: late.signal })
    assert(await pends(first), 'it did not wait')
    early.abort(reason)
    late.abort(reason)
    await assertAborted(first)
    await assertAborted(second)
    await receiveNumbered(server.reader, taken + 1, 32 * 1024)
    await within(behind)
    const next = server.reader.receive()
    await within(client.writer.flush({ signal: new AbortController().signal }))
    assertNoListeners(early)
    assertNoListeners(late)
    await sendNumbered(client.writer, 1)
    assertNumbered(await within(next), 0)
  })

  test('an accept that is given up takes no connection', async t => {
    const listener = await openListener(t, medium)
    const controller = new AbortController()
    const given = listener.accept({ signal: controller.signal })
    assert(await pends(given), 'it did not wait')
    controller.abort(reason)
    await assertAborted(given)
    assertNoListeners(controller)

    const other = new AbortController()
    const accepted = listener.accept({ signal: other.signal })
    const client = await openClient(t, medium, listener.address)
    const server = await within(accepted)
    t.after(() => server?.abort())
    assertNoListeners(other)
    other.abort(reason)
    await sendNumbered(client.writer, 1)
    await receiveNumbered(server!.reader, 1)
  })

  test('connecting can be given up at any moment; once connected, the signal has no effect', async t => {
    const listener = await openListener(t, medium)
    for (let turns = 0; turns < 12; turns++) {
      const controller = new AbortController()
      const connecting = connect(listener.address, { ...medium.connectOptions, signal: controller.signal })
      for (let i = 0; i < turns; i++) await turn()
      controller.abort(reason)
      try {
        const client = await within(connecting)
        client.abort()
      } catch (error) {
        assert.equal((error as Error).cause, reason)
      }
      assertNoListeners(controller)
    }
    const controller = new AbortController()
    const client = await openClient(t, medium, listener.address, { signal: controller.signal })
    assertNoListeners(controller)
    controller.abort(reason)
    await sendNumbered(client.writer, 1)
    const flushed = client.writer.flush()
    const server = await acceptGood(t, medium, listener)
    void server.reader.receive()
    await within(flushed)
  })

  test('listening leaves no listener on its signal, and the signal no effect on the listener', async t => {
    const controller = new AbortController()
    const listener = await openListener(t, medium, { signal: controller.signal })
    assertNoListeners(controller)
    controller.abort(reason)
    const accepted = acceptOne(t, listener)
    await openClient(t, medium, listener.address)
    await accepted
  })

  test('the end of the connection removes the listeners of what waited', async t => {
    const { client, server } = await openPair(t, medium)
    const controller = new AbortController()
    const { signal } = controller
    await fillUp(medium, client.writer)
    const waiting = [
      client.reader.receive({ signal }),
      client.writer.send(numbered(0, 50_000), { signal }),
      client.writer.flush({ signal }),
    ]
    server.abort()
    await within(Promise.allSettled(waiting))
    assertNoListeners(controller)
  })
}
