import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as rawConnect } from 'node:net'
import { test } from 'node:test'
import type { ConnectError } from '../../src/index.ts'
import { receiveNumbered, sendNumbered } from '../support/data.ts'
import { connectError } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { type Medium, tcp, tls } from '../support/media.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'
import { runProgram } from '../support/programs/run.ts'
import { sleep, within } from '../support/waiting.ts'

failOnLeaks()

/** Connects and breaks off, `count` times. */
async function connectAndReset(port: number, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const peer = rawConnect(port, '127.0.0.1')
    peer.on('error', () => {})
    await within(once(peer, 'connect'), 'a raw connection')
    peer.resetAndDestroy()
  }
}

const overBoth: readonly [string, Medium][] = [
  ['tcp', tcp],
  ['tls', tls],
]
for (const [name, medium] of overBoth) {
  test(`a thousand peers that connect over ${name} and reset at once keep nobody from being served`, async t => {
    const rejected: ConnectError[] = []
    const listener = await openListener(t, medium, { onRejected: error => rejected.push(error) })
    const port = Number(new URL(listener.address).port)
    const served = (async () => {
      for await (const connection of listener) {
        void (async () => {
          for await (const datagram of connection.reader) await connection.writer.send(datagram)
        })().catch((error: unknown) => connectError(error))
      }
    })()
    await connectAndReset(port, 1000)
    const good = await openClient(t, medium, listener.address)
    await sendNumbered(good.writer, 10)
    await receiveNumbered(good.reader, 10)
    await within(good.close())
    for (const error of rejected) connectError(error, 'CONNECTION_RESET', 'HANDSHAKE_FAILED')
    await within(listener.close())
    await served
  })
}

test('resets do not use up maxConnections', async t => {
  const listener = await openListener(t, tcp, { maxConnections: 3 })
  await connectAndReset(Number(new URL(listener.address).port), 100)
  await sleep(50)
  const good = await openClient(t, tcp, listener.address)
  await sendNumbered(good.writer, 1)
  for (let i = 0; i < 101; i++) {
    const connection = await acceptOne(t, listener)
    const datagram = await within(connection.reader.receive().catch((error: unknown) => connectError(error)))
    if (datagram !== undefined && 'recipient' in datagram) return
  }
  assert.fail('the good connection was never accepted')
})

test('a listener without descriptors recovers when there are some again', async () => {
  const { answer, refused, rejected } = (await runProgram('few-descriptors', { shell: 'ulimit -n 64' })) as {
    answer: string
    refused: number
    rejected: string[]
  }
  assert.equal(answer, 'served again')
  // Node accepts and drops such a peer by itself, and tells nobody, as long as it has a descriptor in reserve.
  assert(refused + rejected.length > 0, 'there was always a descriptor left')
  for (const code of rejected) assert(['LISTENER_FULL', 'CONNECTION_RESET'].includes(code), code)
})
