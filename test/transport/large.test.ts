import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { ConnectDatagram } from '../../src/index.ts'
import { assertCleanEnd, bytesOf, receiveNumbered, sendNumbered } from '../support/data.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { type Medium, media } from '../support/media.ts'
import { openPair } from '../support/pairs.ts'
import { within } from '../support/waiting.ts'

failOnLeaks()

const LARGEST = 100_000_000

const digest = (data: Uint8Array): string => createHash('sha1').update(data).digest('hex')

let largest: { data: Uint8Array; hash: string } | undefined

/** The largest data there is, made once. No block of it equals its neighbour. */
function largestData(): { data: Uint8Array; hash: string } {
  if (largest === undefined) {
    const data = new Uint8Array(LARGEST)
    const block = bytesOf(65_521)
    for (let at = 0; at < LARGEST; at += block.length) {
      data.set(block.subarray(0, Math.min(block.length, LARGEST - at)), at)
      data[at] = at / block.length
    }
    largest = { data, hash: digest(data) }
  }
  return largest
}

for (const [name, medium] of Object.entries<Medium>(media)) {
  test(`over ${name}, 100,000,000 bytes arrive whole between small neighbours`, async t => {
    const { data, hash } = largestData()
    const { client, server } = await openPair(t, medium)
    const sent = (async () => {
      await sendNumbered(client.writer, 1)
      await client.writer.send(new ConnectDatagram(65_535, data))
      await sendNumbered(client.writer, 1, 9, 1)
      await client.close()
    })()
    await receiveNumbered(server.reader, 1)
    const large = (await within(server.reader.receive()))!
    assert.equal(large.recipient, 65_535)
    assert.equal(large.byteLength, LARGEST)
    assert.equal(digest(large.data), hash)
    await receiveNumbered(server.reader, 1, 9, 1)
    await assertCleanEnd(server.reader)
    await within(sent)
  })
}
