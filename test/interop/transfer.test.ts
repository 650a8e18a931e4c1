import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertCleanEnd, receiveNumbered } from '../support/data.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { transferSuite } from './suites/transfer.ts'
import { joinedByRelay } from './support/joined.ts'
import { overUdp } from './support/kinds.ts'
import { describeWith } from './support/tools.ts'

transferSuite(overUdp)

describeWith(overUdp.needs, 'usrsctp with large packets', () => {
  failOnLeaks()

  // As a server it keeps to the packets that it has begun with.
  it('as client sends them', async t => {
    const options = { count: 50, data: 100_000, message: 100_000, packet: 60_000, end: 'shutdown' }
    const { connection, peer, relay } = await joinedByRelay(
      t,
      overUdp,
      'client',
      'source',
      () => 'passes',
      options,
    )
    await receiveNumbered(connection.reader, 50, 100_000)
    await assertCleanEnd(connection.reader)
    await peer.line(/^complete$/)
    assert(relay.datagrams.some(({ fromServer, payload }) => !fromServer && payload.length > 50_000))
  })
})
