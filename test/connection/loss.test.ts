import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, test } from 'node:test'
import { ConnectDatagram } from '../../src/index.ts'
import { bytesOf } from '../support/data.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { type Medium, tcp, tls, unix } from '../support/media.ts'
import { openPair } from '../support/pairs.ts'
import { sleep, within } from '../support/waiting.ts'

failOnLeaks()

/** What connect-rs loses: much data, a late reader, and a close right after the last send. */
const cases = [
  { count: 3, length: 16 * 1024 * 1024 },
  { count: 20_000, length: 1024 },
  { count: 500_000, length: 64 },
]

const LATE_MS = 500

for (const [name, medium] of Object.entries<Medium>({ tcp, tls, unix })) {
  describe(`over ${name}, to a reader that starts ${LATE_MS} ms late`, () => {
    for (const { count, length } of cases) {
      test(`${count} x ${length} bytes arrive, all and in order, though closed after the last send`, async t => {
        const { client, server } = await openPair(t, medium)
        const data = bytesOf(length)
        const hash = createHash('sha1').update(data).digest('hex')

        const sent = (async () => {
          for (let i = 0; i < count; i++) {
            // The number goes along in the recipient and in the first bytes of data that is not reused too soon.
            if (length === 64) await client.writer.send(new ConnectDatagram(i & 0xffff, stamped(data, i)))
            else await client.writer.send(new ConnectDatagram(i & 0xffff, data))
          }
          await client.close()
        })()

        await sleep(LATE_MS)
        let received = 0
        const reading = (async () => {
          for await (const datagram of server.reader) {
            const i = received++
            if (datagram.recipient !== (i & 0xffff) || datagram.byteLength !== length) {
              assert.fail(`datagram ${i} is ${datagram.recipient} of ${datagram.byteLength} bytes`)
            }
            if (length === 64) {
              if (Buffer.compare(datagram.data, stamped(data, i)) !== 0) assert.fail(`datagram ${i} differs`)
            } else {
              assert.equal(createHash('sha1').update(datagram.data).digest('hex'), hash, `datagram ${i}`)
            }
          }
        })()
        await within(Promise.all([sent, reading]), 'the transfer', 60_000)
        assert.equal(received, count)
        await within(server.closed)
      })
    }
  })
}

/** The data with a number in its first bytes, in a buffer of its own. */
function stamped(data: Uint8Array, number: number): Uint8Array {
  const copy = data.slice()
  new DataView(copy.buffer).setUint32(0, number)
  return copy
}
