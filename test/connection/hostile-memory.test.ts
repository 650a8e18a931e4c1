import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numbered } from '../support/data.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { type Medium, media, tcp } from '../support/media.ts'
import { MIB, usedBytes } from '../support/memory.ts'
import { acceptOne, openListener, openPair } from '../support/pairs.ts'
import { header, rawClient } from '../support/raw-peers.ts'
import { sleep } from '../support/waiting.ts'

failOnLeaks()

test('two hundred peers that announce 100 MB and send nothing cost little memory each', async t => {
  const listener = await openListener(t, tcp, { frameTimeoutMs: 1500 })
  const before = await usedBytes()
  const connections = []
  for (let i = 0; i < 200; i++) {
    const peer = await rawClient(t, listener.address)
    peer.write(header(100_000_004))
    connections.push(await acceptOne(t, listener))
  }
  await sleep(100)
  const grown = (await usedBytes()) - before
  assert(grown < 200 * 0.4 * MIB, `${(grown / 200).toFixed(0)} bytes for each connection`)
  for (const connection of connections) await failure(connection.closed, 'FRAME_TIMEOUT')
})

test('a frame that arrives slowly takes at most eight times what has come', async t => {
  const listener = await openListener(t, tcp)
  const peer = await rawClient(t, listener.address)
  const connection = await acceptOne(t, listener)
  const before = await usedBytes()
  peer.write(header(100_000_004))
  for (let sent = 0; sent < 1_000_000; sent += 50_000) {
    peer.write(new Uint8Array(50_000))
    await sleep(5)
  }
  await sleep(50)
  const grown = (await usedBytes()) - before
  assert(grown < 16 * MIB, `${grown} bytes for 1 MB that came`)
  connection.abort()
})

for (const [name, medium] of Object.entries<Medium>(media)) {
  test(`over ${name}, a reader that never reads keeps memory within the queues at both ends`, async t => {
    const { client } = await openPair(t, medium)
    const before = await usedBytes()
    let waiting = 0
    let sent = 0
    for (let i = 0; i < 3000; i++) {
      const taken = client.writer.trySend(numbered(sent, 20_000))
      if (taken) sent++
      else {
        waiting++
        if (waiting > 60) break
        await sleep(5)
      }
    }
    const grown = (await usedBytes()) - before
    assert(waiting > 60, 'the sender was never stopped')
    assert(grown < 12 * MIB, `${(grown / MIB).toFixed(1)} MiB after ${sent} datagrams`)
  })
}

test('a flood of the tiniest datagrams to a reader that never reads is bounded', async t => {
  const listener = await openListener(t, tcp)
  const peer = await rawClient(t, listener.address)
  await acceptOne(t, listener)
  const before = await usedBytes()
  const tiny = Buffer.concat(Array.from({ length: 7000 }, () => numbered(0, 1).encode()))
  for (let i = 0; i < 100; i++) peer.write(tiny)
  await sleep(200)
  // What the raw peer itself still holds is one buffer, many times.
  const grown = (await usedBytes()) - before
  assert(grown < 24 * MIB, `${(grown / MIB).toFixed(1)} MiB for 6.3 MB of tiny frames`)
})
