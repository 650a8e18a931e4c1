import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertCleanEnd, drain, receiveNumbered, sendNumbered } from '../support/data.ts'
import { connectError, failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { within } from '../support/waiting.ts'
import { assertReset } from './suites/restart.ts'
import { assertEndedByShutdown } from './support/expected.ts'
import { joined, ROLES } from './support/joined.ts'
import { overDtls } from './support/kinds.ts'
import { describeWith } from './support/tools.ts'

describeWith(overDtls.needs, 'close_notify between this end and usrsctp over DTLS', () => {
  failOnLeaks()

  for (const role of ROLES) {
    it(`follows the shutdown that this end begins, usrsctp as ${role}`, async t => {
      const { connection, peer } = await joined(t, overDtls, role, 'sink')
      await sendNumbered(connection.writer, 3)
      await within(connection.close(), 'close')
      await peer.line(/^close-notify$/)
      await assertEndedByShutdown(peer, 3, 16)
    })

    it(`follows the shutdown that usrsctp begins as ${role}`, async t => {
      const { connection, peer } = await joined(t, overDtls, role, 'source', { count: 3, end: 'shutdown' })
      await receiveNumbered(connection.reader, 3)
      await assertCleanEnd(connection.reader)
      await within(connection.closed, 'closed')
      await peer.line(/^complete$/)
      await peer.line(/^close-notify$/)
      assert.equal(await peer.ended(), 0)
    })

    it(`follows an abort by this end, usrsctp as ${role}`, async t => {
      const { connection, peer } = await joined(t, overDtls, role, 'sink')
      connection.abort()
      await peer.line(/^lost 12$/)
      await peer.line(/^close-notify$/)
      assert.equal(await peer.ended(), 0)
    })

    it(`of usrsctp as ${role} resets an association on which nothing is on its way`, async t => {
      const bytes = 10 * (8 + 16)
      const { connection, peer } = await joined(t, overDtls, role, 'sink', { bytes, end: 'close' })
      await sendNumbered(connection.writer, 10)
      const { message } = await failure(connection.reader.receive(), 'CONNECTION_RESET')
      assert.match(message, /closed its DTLS connection/)
      await assertReset(connection)
      await peer.line(/^close-notify$/)
      assert.equal(await peer.ended(), 0)
    })

    it(`of usrsctp as ${role} resets an association on which much is sent to it`, async t => {
      const { connection, peer } = await joined(t, overDtls, role, 'sink', { bytes: 100_000, end: 'close' })
      await failure(sendNumbered(connection.writer, 1000, 10_000), 'CONNECTION_RESET')
      await assertReset(connection)
      assert.equal(await peer.ended(), 0)
    })

    it(`of usrsctp as ${role} resets an association behind what has come before`, async t => {
      const { connection, peer } = await joined(t, overDtls, role, 'source', { count: 1000, end: 'close' })
      const { datagrams, error } = await drain(connection.reader)
      connectError(error, 'CONNECTION_RESET')
      assert(datagrams.length <= 1000, `${datagrams.length} datagrams`)
      await assertReset(connection)
      assert.equal(await peer.ended(), 0)
    })
  }
})
