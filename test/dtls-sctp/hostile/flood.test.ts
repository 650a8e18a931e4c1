import assert from 'node:assert/strict'
import { randomFillSync } from 'node:crypto'
import type { Socket } from 'node:dgram'
import { type TestContext, test } from 'node:test'
import { loadEngine } from '../../../src/transport/dtls-sctp/engine/load-engine.ts'
import { receiveNumbered, sendNumbered } from '../../support/data.ts'
import { failOnLeaks } from '../../support/leaks.ts'
import { dtlsSctp } from '../../support/media.ts'
import { MIB, usedBytes } from '../../support/memory.ts'
import { openClient, openListener } from '../../support/pairs.ts'
import { sleep } from '../../support/waiting.ts'
import { serveEcho } from './support/echo.ts'
import { clientHello } from './support/hellos.ts'
import { RANDOM_AT, RANDOM_BYTES } from './support/records.ts'
import { boundSocket, send } from './support/udp-relay.ts'

failOnLeaks()

const SOCKETS = 200

async function openSockets(t: TestContext): Promise<Socket[]> {
  const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => boundSocket()))
  t.after(() => {
    for (const socket of sockets) socket.close()
  })
  return sockets
}

/** Hellos without a cookie, each with a random of its own, from one socket after the other. */
async function flood(sockets: readonly Socket[], port: number, count: number): Promise<void> {
  const hello = await clientHello()
  for (let i = 0; i < count; i++) {
    randomFillSync(hello, RANDOM_AT, RANDOM_BYTES)
    await send(sockets[i % sockets.length]!, hello, port)
    if (i % 50 === 0) await sleep(1)
  }
}

test('twenty thousand hellos from two hundred sockets leave nothing behind, and clients come in meanwhile', async t => {
  const rejected: unknown[] = []
  const listener = await openListener(t, dtlsSctp, { onRejected: error => rejected.push(error) })
  void serveEcho(t, listener)
  const sockets = await openSockets(t)
  let answers = 0
  for (const socket of sockets) socket.on('message', () => answers++)
  const port = Number(new URL(listener.address).port)
  await flood(sockets, port, 2000)

  const engine = await loadEngine()
  const { alive } = engine
  const before = await usedBytes()
  let isOver = false
  const flooding = flood(sockets, port, 20_000).finally(() => {
    isOver = true
  })
  let clients = 0
  for (; clients < 3 || !isOver; clients++) {
    const client = await openClient(t, dtlsSctp, listener.address)
    await sendNumbered(client.writer, 3)
    await receiveNumbered(client.reader, 3)
    await client.close()
  }
  await flooding
  assert(answers > 2000, `only ${answers} of the hellos were answered`)
  // Connections that were closed stay for a moment, to answer once more.
  const stopAt = performance.now() + 10_000
  while (engine.alive > alive && performance.now() < stopAt) await sleep(20)
  assert.equal(engine.alive, alive, 'native objects')
  const grown = (await usedBytes()) - before
  assert(grown < 8 * MIB, `${(grown / MIB).toFixed(1)} MiB after ${clients} clients`)
  assert.deepEqual(rejected, [])
})
