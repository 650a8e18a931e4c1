import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConnectionWriter } from '../../../src/index.ts'
import {
  assertCleanEnd,
  assertNumbered,
  numbered,
  receiveNumbered,
  sendNumbered,
} from '../../support/data.ts'
import type { Medium } from '../../support/media.ts'
import { openPair } from '../../support/pairs.ts'
import { pends, sleep, within } from '../../support/waiting.ts'

const DATA_BYTES = 32 * 1024

/** Both queues of 1 MiB, one write in flight, and what the operating system keeps for a socket. */
const MOST_TAKEN_BYTES = 24 * 1024 * 1024

/** Sends numbered datagrams until nothing has been taken for a while; returns how many were. */
export async function fillUp(
  { longestPauseMs }: Medium,
  writer: ConnectionWriter,
  length = DATA_BYTES,
): Promise<number> {
  const most = (4 * MOST_TAKEN_BYTES) / length
  let taken = 0
  for (let quiet = 0; quiet * 10 < longestPauseMs && taken < most; quiet++) {
    while (taken < most && writer.trySend(numbered(taken, length))) {
      taken++
      quiet = 0
    }
    await sleep(10)
  }
  return taken
}

export function backPressure(medium: Medium): void {
  test('a reader that does not read stops the sender, and then gets everything', async t => {
    const { client, server } = await openPair(t, medium)
    const taken = await fillUp(medium, client.writer)
    assert(taken * DATA_BYTES >= 1024 * 1024, `only ${taken} datagrams were taken`)
    assert(taken * DATA_BYTES <= MOST_TAKEN_BYTES, `${taken} datagrams were taken with nobody reading`)

    const waiting = client.writer.send(numbered(taken, DATA_BYTES))
    assert(await pends(waiting), 'send did not wait')
    assert.equal(client.writer.trySend(numbered(0)), false, 'trySend overtook a send that waits')
    const flushed = client.writer.flush()
    assert(await pends(flushed), 'flush did not wait')

    await receiveNumbered(server.reader, taken + 1, DATA_BYTES)
    await within(waiting)
    const next = server.reader.receive()
    await within(flushed)
    await sendNumbered(client.writer, 1)
    assertNumbered(await within(next), 0)
  })

  test('sends that wait are taken in the order of the calls', async t => {
    const { client, server } = await openPair(t, medium)
    const taken = await fillUp(medium, client.writer)
    const settled: number[] = []
    const waiting = Array.from({ length: 40 }, async (_, i) => {
      await client.writer.send(numbered(taken + i, i % 2 === 0 ? 100_000 : 10))
      settled.push(i)
    })
    await receiveNumbered(server.reader, taken, DATA_BYTES)
    for (let i = 0; i < 40; i++) {
      assertNumbered(await within(server.reader.receive()), taken + i, i % 2 === 0 ? 100_000 : 10)
    }
    await within(Promise.all(waiting))
    assert.deepEqual(
      settled,
      [...settled].sort((a, b) => a - b),
    )
  })

  test('a full direction does not stop the other one', async t => {
    const { client, server } = await openPair(t, medium)
    const taken = await fillUp(medium, client.writer)
    const back = sendNumbered(server.writer, 500, 10_000)
    await receiveNumbered(client.reader, 500, 10_000)
    await within(back)
    await receiveNumbered(server.reader, taken, DATA_BYTES)
  })

  test('both directions full at once run on when both ends read', async t => {
    const { client, server } = await openPair(t, medium)
    const [there, back] = await Promise.all([fillUp(medium, client.writer), fillUp(medium, server.writer)])
    await Promise.all([
      receiveNumbered(server.reader, there, DATA_BYTES),
      receiveNumbered(client.reader, back, DATA_BYTES),
    ])
  })

  test('the receive queue counts tiny datagrams with what they cost', async t => {
    const { client, server } = await openPair(t, medium, { server: { receiveQueueBytes: 64 * 1024 } })
    const taken = await fillUp(medium, client.writer, 1000)
    assert(taken * 1008 <= MOST_TAKEN_BYTES, `${taken} datagrams were taken with nobody reading`)
    await receiveNumbered(server.reader, taken, 1000)
  })

  test('a smaller sendQueueBytes takes less at once', async t => {
    const { client, server } = await openPair(t, medium, { client: { sendQueueBytes: 10_000 } })
    let taken = 0
    while (taken < 100 && client.writer.trySend(numbered(taken, 1000))) taken++
    assert.equal(taken, 9, 'datagrams of 1008 bytes each into 10000 bytes')
    await receiveNumbered(server.reader, 9, 1000)
  })

  test('a reader that stops now and then slows the sender down and loses nothing', async t => {
    const { client, server } = await openPair(t, medium, { server: { receiveQueueBytes: 20_000 } })
    const sent = sendNumbered(client.writer, 1500, 5000).then(() => client.writer.close())
    for (let i = 0; i < 1500; i++) {
      if (i % 300 === 0) await sleep(20)
      assertNumbered(await within(server.reader.receive()), i, 5000)
    }
    await assertCleanEnd(server.reader)
    await within(sent)
  })
}
