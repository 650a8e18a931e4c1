import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect, listen } from '../../../src/index.ts'
import { numbered } from '../../support/data.ts'
import type { Medium } from '../../support/media.ts'
import { openListener, openPair } from '../../support/pairs.ts'
import { sleep } from '../../support/waiting.ts'
import { fillUp } from './back-pressure.ts'

/** Runs it and fails if any promise is rejected with nobody looking. */
async function withoutUnhandled(run: () => Promise<void>): Promise<void> {
  const unhandled: unknown[] = []
  const note = (error: unknown): void => {
    unhandled.push(error)
  }
  process.on('unhandledRejection', note)
  try {
    await run()
    await sleep(30)
  } finally {
    process.off('unhandledRejection', note)
  }
  assert.deepEqual(unhandled, [])
}

export function unawaited(medium: Medium): void {
  for (const breaker of ['this end', 'the peer'] as const) {
    test(`nothing is unhandled when ${breaker} breaks a connection whose promises nobody awaits`, async t => {
      const { client, server } = await openPair(t, medium)
      await withoutUnhandled(async () => {
        await fillUp(medium, client.writer)
        void client.closed
        void client.reader.receive()
        void client.reader.receive({ signal: new AbortController().signal })
        void client.reader[Symbol.asyncIterator]().next()
        void client.reader.batches()[Symbol.asyncIterator]().next()
        void client.writer.send(numbered(0, 50_000))
        void client.writer.send(numbered(0), { signal: new AbortController().signal })
        void client.writer.flush()
        void client.writer.flush({ signal: new AbortController().signal })
        void client.writer.close()
        void client.close()
        void client.readable
        void client.writable
        const end = breaker === 'this end' ? client : server
        end.abort(new Error('broken on purpose'))
        await sleep(20)
        void client.reader.receive()
        void client.reader[Symbol.asyncIterator]().next()
        void client.writer.send(numbered(0))
        void client.writer.flush()
        void client.writer.close()
        void client.close()
        void client.closed
      })
    })
  }

  test('nothing is unhandled when calls that nobody awaits are refused', async t => {
    const { client, listener } = await openPair(t, medium)
    await withoutUnhandled(async () => {
      const signal = AbortSignal.abort(new Error('before'))
      void client.writer.send('no datagram' as never)
      void client.writer.send(numbered(0), { signal })
      void client.writer.flush({ signal })
      void client.reader.receive({ signal })
      void listener.accept({ signal })
      void client.close()
      void client.writer.send(numbered(0))
    })
  })

  test('nothing is unhandled when connecting and listening fail with nobody awaiting', async t => {
    const listener = await openListener(t, medium)
    await withoutUnhandled(async () => {
      void listen(listener.address, medium.listenOptions)
      void connect('nonsense://x')
      void listen('nonsense://x')
      void connect(listener.address, { ...medium.connectOptions, sendQueueBytes: -1 })
      void connect(listener.address, { ...medium.connectOptions, signal: AbortSignal.abort() })
      // The address must stay in use until that has been noticed.
      await sleep(50)
      await listener.close()
      void connect(listener.address, medium.connectOptions)
      await sleep(50)
    })
  })

  test('nothing is unhandled when signals fire on what nobody awaits', async t => {
    const { client, listener } = await openPair(t, medium)
    await withoutUnhandled(async () => {
      await fillUp(medium, client.writer)
      const controller = new AbortController()
      const { signal } = controller
      void client.reader.receive({ signal })
      void client.writer.send(numbered(0, 50_000), { signal })
      void client.writer.flush({ signal })
      void listener.accept({ signal })
      void connect(listener.address, { ...medium.connectOptions, signal })
      controller.abort()
      await sleep(30)
    })
  })
}
