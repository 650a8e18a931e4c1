import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertCleanEnd, receiveNumbered, sendNumbered } from '../../support/data.ts'
import { failOnLeaks } from '../../support/leaks.ts'
import { sleep, within } from '../../support/waiting.ts'
import { assertEndedByShutdown, assertReceived, hashOf } from '../support/expected.ts'
import { joined, ROLES } from '../support/joined.ts'
import type { Kind } from '../support/kinds.ts'
import { describeWith } from '../support/tools.ts'

const MIB = 1024 * 1024

export function transferSuite(kind: Kind): void {
  describeWith(kind.needs, kind.name, () => {
    failOnLeaks()

    for (const role of ROLES) {
      for (const [count, length] of [
        [1, 1],
        [5000, 16],
        [3, 5 * MIB],
      ] as const) {
        it(`as ${role} receives ${count} of ${length} bytes`, async t => {
          const { connection, peer } = await joined(t, kind, role, 'sink')
          await sendNumbered(connection.writer, count, length)
          await within(connection.close(), 'close')
          await assertCleanEnd(connection.reader)
          await assertEndedByShutdown(peer, count, length)
        })
      }

      // The stack cuts what is longer than a packet.
      for (const [count, data, message] of [
        [1, 1, 1],
        [100, 16, 1],
        [5000, 16, 1200],
        [50, 100_000, 200_000],
        [2, 5 * MIB, 16_384],
      ] as const) {
        it(`as ${role} sends ${count} of ${data} bytes in user messages of ${message}`, async t => {
          const options = { count, data, message, end: 'shutdown', sndbuf: MIB }
          const { connection, peer } = await joined(t, kind, role, 'source', options)
          await receiveNumbered(connection.reader, count, data)
          await assertCleanEnd(connection.reader)
          await within(connection.closed, 'closed')
          assert.equal((await peer.line(/^sent (.*)$/))[1], hashOf(count, data))
          await peer.line(/^complete$/)
          assert.equal(await peer.ended(), 0)
        })
      }

      it(`as ${role} sends and receives at once`, async t => {
        const options = { count: 200, data: 10_000, message: 5000 }
        const { connection, peer } = await joined(t, kind, role, 'source', options)
        const sent = sendNumbered(connection.writer, 300, 8000)
        await receiveNumbered(connection.reader, 200, 10_000)
        await sent
        await within(connection.close(), 'close')
        await assertEndedByShutdown(peer, 300, 8000)
      })

      it(`as ${role} with a small receive buffer is not overrun`, async t => {
        const { connection, peer } = await joined(t, kind, role, 'sink', { rcvbuf: 8192 })
        await sendNumbered(connection.writer, 100, 10_000)
        await within(connection.close(), 'close')
        await assertEndedByShutdown(peer, 100, 10_000)
      })

      it(`as ${role} waits for a reader that does not read for a while`, async t => {
        const options = { count: 400, data: 10_000, message: 10_008, end: 'shutdown' }
        const { connection, peer } = await joined(t, kind, role, 'source', options, {
          receiveQueueBytes: 20_000,
        })
        await sleep(500)
        await receiveNumbered(connection.reader, 400, 10_000)
        await assertCleanEnd(connection.reader)
        await peer.line(/^complete$/)
        await assertReceived(peer, 0, 1)
      })
    }
  })
}
