import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertCleanEnd, receiveNumbered, sendNumbered } from '../../support/data.ts'
import { failOnLeaks } from '../../support/leaks.ts'
import { within } from '../../support/waiting.ts'
import { assertReceived, hashOf } from '../support/expected.ts'
import { joined, ROLES } from '../support/joined.ts'
import type { Kind } from '../support/kinds.ts'
import { describeWith } from '../support/tools.ts'

const MIB = 1024 * 1024

/** How many, and how long each. */
const cases = [
  [200, 1],
  [200, 1024],
  [20, 64 * 1024],
  [5, MIB],
  [1, 10_000_000],
] as const

export function echoSuite(kind: Kind): void {
  describeWith(kind.needs, kind.name, () => {
    failOnLeaks()

    for (const role of ROLES) {
      for (const [count, length] of cases) {
        it(`as ${role} echoes ${count} of ${length} bytes`, async t => {
          const { connection, peer } = await joined(t, kind, role, 'echo')
          const sent = sendNumbered(connection.writer, count, length)
          await receiveNumbered(connection.reader, count, length)
          await sent
          await within(connection.close(), 'close')
          await assertCleanEnd(connection.reader)
          await peer.line(/^shutdown$/)
          await assertReceived(peer, count, length)
          assert.equal((await peer.line(/^sent (.*)$/))[1], hashOf(count, length))
          assert.equal(await peer.ended(), 0)
        })
      }

      it(`as ${role} is told which library this is`, async t => {
        const { connection, peer } = await joined(t, kind, role, 'echo')
        await peer.line(/^adaptation 63747301$/)
        await within(connection.close(), 'close')
      })
    }
  })
}
