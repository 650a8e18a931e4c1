import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConnectDatagram } from '../../../src/index.ts'
import {
  assertBytes,
  assertCleanEnd,
  assertNumbered,
  bytesOf,
  numbered,
  random,
  receiveNumbered,
  sendNumbered,
} from '../../support/data.ts'
import type { Medium } from '../../support/media.ts'
import { openPair } from '../../support/pairs.ts'
import { within } from '../../support/waiting.ts'

const BOUNDARIES = [1, 7, 8, 9, 65_535, 65_536, 65_537]
const RECIPIENTS = [0, 1, 255, 256, 32_767, 32_768, 65_534, 65_535]

export function order(medium: Medium): void {
  test('datagrams of mixed sizes arrive in order, each once', async t => {
    const { client, server } = await openPair(t, medium)
    const next = random(1)
    const lengths = Array.from({ length: 3000 }, () => 1 + Math.floor(next() ** 4 * 40_000))
    const sent = (async () => {
      for (const [i, length] of lengths.entries()) {
        await client.writer.send(new ConnectDatagram(i, bytesOf(length, i)))
      }
      await client.writer.close()
    })()
    for (const [i, length] of lengths.entries()) {
      assertNumbered(await within(server.reader.receive()), i, length)
    }
    await assertCleanEnd(server.reader)
    await within(sent)
  })

  for (const length of BOUNDARIES) {
    test(`data of ${length} bytes arrives whole, with and without neighbours`, async t => {
      const { client, server } = await openPair(t, medium)
      const sent = sendNumbered(client.writer, 20, length)
      await receiveNumbered(server.reader, 20, length)
      await within(sent)
      await sendNumbered(server.writer, 1, length)
      await receiveNumbered(client.reader, 1, length)
    })
  }

  test('frames that end at the limit of a write, a byte before it and a byte behind it, arrive whole', async t => {
    const { client, server } = await openPair(t, medium)
    // A write has at most 1 MiB.
    const lengths = [1_048_567, 1_048_568, 1_048_569, 16, 524_280, 524_280, 30_000]
    const received = (async () => {
      for (const [i, length] of lengths.entries()) {
        assertNumbered(await within(server.reader.receive()), i, length)
      }
    })()
    for (const [i, length] of lengths.entries()) void client.writer.send(numbered(i, length))
    await received
  })

  test('every edge of the recipient arrives as it was', async t => {
    const { client, server } = await openPair(t, medium)
    for (const recipient of RECIPIENTS) await client.writer.send(new ConnectDatagram(recipient, 'x'))
    for (const recipient of RECIPIENTS) {
      const datagram = await within(server.reader.receive())
      assert.equal(datagram?.recipient, recipient)
      assert.equal(datagram?.version, 1)
      assert.equal(datagram?.byteLength, 1)
    }
  })

  test('text arrives as it was', async t => {
    const { client, server } = await openPair(t, medium)
    await client.writer.send(new ConnectDatagram(1, 'Grüße, 世界 🚀'))
    assert.equal((await within(server.reader.receive()))?.text(), 'Grüße, 世界 🚀')
  })

  test('one datagram can be sent many times and in both directions', async t => {
    const { client, server } = await openPair(t, medium)
    const datagram = new ConnectDatagram(7, bytesOf(20_000))
    for (let i = 0; i < 5; i++) {
      await client.writer.send(datagram)
      await server.writer.send(datagram)
    }
    for (let i = 0; i < 5; i++) {
      assertBytes((await within(server.reader.receive()))!.data, datagram.data, 'the way there')
      assertBytes((await within(client.reader.receive()))!.data, datagram.data, 'the way back')
    }
  })

  test('both directions carry much at once', async t => {
    const { client, server } = await openPair(t, medium)
    await within(
      Promise.all([
        sendNumbered(client.writer, 2000, 1024),
        sendNumbered(server.writer, 200, 100_000),
        receiveNumbered(client.reader, 200, 100_000),
        receiveNumbered(server.reader, 2000, 1024),
      ]),
    )
  })

  test('many tasks send at once, and each keeps its own order', async t => {
    const { client, server } = await openPair(t, medium)
    const tasks = 8
    const each = 200
    const sent = Promise.all(
      Array.from({ length: tasks }, async (_, task) => {
        for (let i = 0; i < each; i++) {
          await client.writer.send(new ConnectDatagram(task, bytesOf(4 + ((i * 977) % 30_000), i)))
        }
      }),
    )
    const seen = new Array<number>(tasks).fill(0)
    for (let n = 0; n < tasks * each; n++) {
      const datagram = (await within(server.reader.receive()))!
      const i = seen[datagram.recipient]!++
      assertBytes(
        datagram.data,
        bytesOf(4 + ((i * 977) % 30_000), i),
        `datagram ${i} of ${datagram.recipient}`,
      )
    }
    await within(sent)
  })
}
