import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  assertCleanEnd,
  assertNumbered,
  numbered,
  receiveNumbered,
  sendNumbered,
} from '../../support/data.ts'
import type { Medium } from '../../support/media.ts'
import { openPair } from '../../support/pairs.ts'
import { turn, within } from '../../support/waiting.ts'

export function reading(medium: Medium): void {
  test('for await ends when the peer has ended', async t => {
    const { client, server } = await openPair(t, medium)
    await sendNumbered(client.writer, 100)
    void client.close()
    let count = 0
    for await (const datagram of server.reader) assertNumbered(datagram, count++)
    assert.equal(count, 100)
  })

  test('break out of for await loses nothing and leaves the connection usable', async t => {
    const { client, server } = await openPair(t, medium)
    await sendNumbered(client.writer, 100)
    let count = 0
    for (const stop of [1, 2, 40, 100]) {
      for await (const datagram of server.reader) {
        assertNumbered(datagram, count++)
        if (count === stop) break
      }
      assert.equal(count, stop)
    }
    await sendNumbered(server.writer, 1)
    await receiveNumbered(client.reader, 1)
    await sendNumbered(client.writer, 1, 16, 100)
    await receiveNumbered(server.reader, 1, 16, 100)
  })

  test('an error thrown inside for await loses nothing', async t => {
    const { client, server } = await openPair(t, medium)
    await sendNumbered(client.writer, 3)
    const failing = async (): Promise<void> => {
      for await (const _ of server.reader) throw new Error('of the user')
    }
    await assert.rejects(failing(), /of the user/)
    await receiveNumbered(server.reader, 2, 16, 1)
  })

  test('batches() gives everything in order, in lists that are never empty', async t => {
    const { client, server } = await openPair(t, medium)
    const sent = sendNumbered(client.writer, 5000, 200).then(() => client.writer.close())
    let count = 0
    for await (const batch of server.reader.batches()) {
      assert(batch.length > 0, 'an empty batch')
      for (const datagram of batch) assertNumbered(datagram, count++, 200)
      if (count % 3 === 0) await turn()
    }
    assert.equal(count, 5000)
    await within(sent)
  })

  test('break out of batches() leaves what comes after the batch', async t => {
    const { client, server } = await openPair(t, medium)
    const sent = sendNumbered(client.writer, 1000, 1000)
    let count = 0
    for await (const batch of server.reader.batches()) {
      for (const datagram of batch) assertNumbered(datagram, count++, 1000)
      break
    }
    assert(count > 0, 'no batch came')
    await receiveNumbered(server.reader, 1000 - count, 1000, count)
    await within(sent)
  })

  test('a batch after single receives begins where they stopped', async t => {
    const { client, server } = await openPair(t, medium)
    await sendNumbered(client.writer, 10)
    await receiveNumbered(server.reader, 4)
    void client.writer.close()
    let count = 4
    for await (const batch of server.reader.batches()) {
      for (const datagram of batch) assertNumbered(datagram, count++)
    }
    assert.equal(count, 10)
  })

  test('several receives at once get datagrams in the order of the calls', async t => {
    const { client, server } = await openPair(t, medium)
    const waiting = Array.from({ length: 50 }, () => server.reader.receive())
    await sendNumbered(client.writer, 60)
    for (const [i, datagram] of (await within(Promise.all(waiting))).entries()) assertNumbered(datagram, i)
    await receiveNumbered(server.reader, 10, 16, 50)
  })

  test('several receives and batches at once share the datagrams in order', async t => {
    const { client, server } = await openPair(t, medium)
    const first = server.reader.receive()
    const batch = server.reader.batches()[Symbol.asyncIterator]().next()
    const last = server.reader.receive()
    await sendNumbered(client.writer, 1)
    assertNumbered(await within(first), 0)
    client.writer.trySend(numbered(1))
    const list = (await within(batch)).value
    assertNumbered(list[0], 1)
    await sendNumbered(client.writer, 1, 16, 2)
    assertNumbered(await within(last), 2)
  })

  test('all who wait get the clean end, and so does everybody after', async t => {
    const { client, server } = await openPair(t, medium)
    const waiting = Array.from({ length: 5 }, () => server.reader.receive())
    await client.writer.close()
    assert.deepEqual(await within(Promise.all(waiting)), new Array(5).fill(undefined))
    for (let i = 0; i < 3; i++) await assertCleanEnd(server.reader)
    for await (const _ of server.reader) assert.fail('a datagram after the end')
    for await (const _ of server.reader.batches()) assert.fail('a batch after the end')
  })
}
