import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { ConnectDatagram, listen } from '../../src/index.ts'
import { assertNumbered, drain, sendNumbered } from '../support/data.ts'
import { BROKEN, connectError, failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { freshPath, unix } from '../support/media.ts'
import { openClient, openPair } from '../support/pairs.ts'
import { sleep, turn, within } from '../support/waiting.ts'

failOnLeaks()

for (const turns of [0, 1, 2]) {
  test(`an abort ${turns} turns after a large frame was begun, its last byte still queued, never completes the frame`, async t => {
    const { client, server } = await openPair(t, unix)
    // One write takes 1 MiB: all of the frame but its last byte.
    const data = new Uint8Array(1024 * 1024 + 1 - 8).fill(255)
    const received = drain(server.reader)
    await within(client.writer.send(new ConnectDatagram(1, data)))
    const flushed = failure(client.writer.flush(), 'ABORTED')
    for (let i = 0; i < turns; i++) await turn()
    client.abort()
    await flushed
    const { datagrams, error } = await received
    assert.equal(datagrams.length, 0, 'the datagram was completed by a byte that does not belong to it')
    assert(error !== undefined, 'a clean end was shown')
    connectError(error, ...BROKEN)
  })
}

test('an abort after close() is no clean end to a reader that comes late', async t => {
  const count = 16_000
  const { client, server } = await openPair(t, unix, {
    client: { sendQueueBytes: 4 * 1024 * 1024 },
    server: { receiveQueueBytes: 1 },
  })
  for (let i = 0; i < count; i++) {
    assert(client.writer.trySend(new ConnectDatagram(1, new Uint8Array(56))), 'the queue is full')
  }
  await sleep(50)
  const closing = failure(client.close(), 'ABORTED')
  await sleep(50)
  client.abort()
  await closing
  const { error } = await drain(server.reader)
  assert(error !== undefined, 'a clean end was shown')
  connectError(error, ...BROKEN)
})

/** A socket file whose listener has died without removing it. */
async function staleFile(path: string): Promise<void> {
  const source = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  const child = spawn(process.execPath, ['-e', source], { stdio: 'ignore' })
  await within(new Promise(resolve => child.on('close', resolve)))
  assert(existsSync(path), 'the dead listener left no file')
}

for (let round = 1; round <= 3; round++) {
  test(`of ten that listen at once on a socket file that is left over, one succeeds and is reached, round ${round}`, async t => {
    const path = freshPath('stale')
    await staleFile(path)
    const address = `unix://${path}`
    const results = await within(Promise.allSettled(Array.from({ length: 10 }, () => listen(address))))
    const listeners = results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []))
    t.after(() => Promise.all(listeners.map(listener => listener.close())))
    assert.equal(listeners.length, 1, 'the number that succeeded')
    for (const result of results) {
      if (result.status === 'rejected') connectError(result.reason, 'LISTEN_FAILED')
    }
    const [listener] = listeners
    assert(listener !== undefined, 'nobody listens')
    const client = await openClient(t, unix, address)
    await sendNumbered(client.writer, 1)
    // Probes of the others may have been accepted before.
    for (;;) {
      const connection = await within(listener.accept())
      assert(connection !== undefined, 'the listener was closed')
      t.after(() => connection.abort())
      const datagram = await within(connection.reader.receive())
      if (datagram === undefined) continue
      assertNumbered(datagram, 0)
      return
    }
  })
}
