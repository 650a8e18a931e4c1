import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { ConnectDatagram } from '../../../src/index.ts'
import { assertBytes, bytesOf, numbered, sendNumbered } from '../../support/data.ts'
import type { Medium } from '../../support/media.ts'
import { openPair } from '../../support/pairs.ts'
import { within } from '../../support/waiting.ts'

const digest = (data: Uint8Array): string => createHash('sha1').update(data).digest('hex')

export function ownership(medium: Medium): void {
  test('received data stays as it was however much arrives later', async t => {
    const { client, server } = await openPair(t, medium)
    const lengths = [1, 20, 500, 4000, 16_384, 65_536, 70_000, 400_000]
    const kept: { datagram: ConnectDatagram; hash: string }[] = []
    for (const [i, length] of lengths.entries()) {
      const sent = sendNumbered(client.writer, 3, length, i)
      for (let n = 0; n < 3; n++) {
        const datagram = (await within(server.reader.receive()))!
        kept.push({ datagram, hash: digest(datagram.data) })
      }
      await sent
    }
    const filler = new ConnectDatagram(0, new Uint8Array(50_000).fill(0xee))
    const flood = (async () => {
      for (let i = 0; i < 400; i++) await client.writer.send(filler)
    })()
    for (let i = 0; i < 400; i++) await within(server.reader.receive())
    await flood
    for (const { datagram, hash } of kept) {
      assert.equal(digest(datagram.data), hash, `${datagram.byteLength} bytes have changed`)
      assert.equal(datagram.data, datagram.data, 'the view is not the same one')
    }
  })

  test('a small datagram keeps no more memory alive than its doc comment says', async t => {
    const { client, server } = await openPair(t, medium)
    // Alone, and among others that come in one read and one write with it.
    for (const others of [0, 20, 3000, 100_000, 500_000]) {
      const count = others < 1000 ? 3000 : 60
      const sending = (async () => {
        for (let i = 0; i < count; i++) {
          await client.writer.send(numbered(i))
          if (others > 0) await client.writer.send(new ConnectDatagram(0, new Uint8Array(others)))
        }
      })()
      for (let i = 0; i < count * (others > 0 ? 2 : 1); i++) {
        const { byteLength, data } = (await within(server.reader.receive()))!
        if (byteLength > 20) continue
        assert.ok(data.buffer.byteLength <= medium.sharedKiB * 1024, `${data.buffer.byteLength} bytes`)
      }
      await within(sending)
    }
  })

  test('received data may be changed without harm to other datagrams', async t => {
    const { client, server } = await openPair(t, medium)
    await sendNumbered(client.writer, 20, 50)
    const received: ConnectDatagram[] = []
    for (let i = 0; i < 20; i++) received.push((await within(server.reader.receive()))!)
    for (let i = 0; i < 20; i += 2) received[i]!.data.fill(0)
    for (let i = 1; i < 20; i += 2) assertBytes(received[i]!.data, bytesOf(50, i), `datagram ${i}`)
  })

  test('received data that is transferred to somebody else is not written to any more', async t => {
    const { client, server } = await openPair(t, medium)
    const transferred: { data: Uint8Array; hash: string }[] = []
    for (const length of [10, 5000, 20_000, 40_000, 65_536, 70_000, 300_000]) {
      for (let i = 0; i < 20; i++) {
        await sendNumbered(client.writer, 1, length, i)
        const { data } = (await within(server.reader.receive()))!
        const hash = digest(data)
        transferred.push({ data: structuredClone(data, { transfer: [data.buffer as ArrayBuffer] }), hash })
      }
    }
    for (const { data, hash } of transferred)
      assert.equal(digest(data), hash, `${data.length} bytes have changed`)
  })

  for (const length of [10, 16_384, 16_385, 200_000]) {
    test(`the sender may reuse a buffer of ${length} bytes after flush`, async t => {
      const { client, server } = await openPair(t, medium)
      const rounds = 30
      const sent = (async () => {
        const buffer = new Uint8Array(length)
        for (let i = 0; i < rounds; i++) {
          buffer.fill(i)
          await client.writer.send(new ConnectDatagram(i, buffer))
          await client.writer.flush()
          buffer.fill(0xff)
        }
      })()
      for (let i = 0; i < rounds; i++) {
        const { data } = (await within(server.reader.receive()))!
        assertBytes(data, new Uint8Array(length).fill(i), `datagram ${i}`)
      }
      const end = server.reader.receive()
      await within(sent)
      await within(client.writer.close())
      assert.equal(await within(end), undefined)
    })
  }

  test('what was sent before is not harmed by reusing the slab of later sends', async t => {
    const { client, server } = await openPair(t, medium)
    const rounds = 40
    const sent = (async () => {
      for (let round = 0; round < rounds; round++) {
        for (let i = 0; i < 50; i++) client.writer.trySend(numbered(round * 50 + i, 700))
        if (round % 3 === 0) await client.writer.flush()
        else await new Promise(resolve => setImmediate(resolve))
      }
      await client.writer.flush()
    })()
    for (let i = 0; i < rounds * 50; i++) {
      assertBytes((await within(server.reader.receive()))!.data, bytesOf(700, i), `datagram ${i}`)
    }
    const end = server.reader.receive()
    await within(sent)
    await within(client.writer.close())
    assert.equal(await within(end), undefined)
  })
}
