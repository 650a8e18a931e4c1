import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ConnectDatagram, type Connection, connect } from '../../../src/index.ts'
import { assertCleanEnd, bytesOf, drain, receiveNumbered, sendNumbered } from '../../support/data.ts'
import { connectError, failure } from '../../support/errors.ts'
import { failOnLeaks } from '../../support/leaks.ts'
import { openListener } from '../../support/pairs.ts'
import { within } from '../../support/waiting.ts'
import { assertEndedByShutdown, assertReceived } from '../support/expected.ts'
import { joined, ROLES } from '../support/joined.ts'
import type { Kind } from '../support/kinds.ts'
import { addressOf, portsOf } from '../support/peer.ts'
import { describeWith } from '../support/tools.ts'

/** User-initiated abort (RFC 9260, section 3.3.10.12). */
const USER_ABORT = 12

/** The frames before the break can be read, in order, and behind them comes the error. */
async function assertReset(connection: Connection, mostFrames: number, length = 16): Promise<void> {
  const { datagrams, error } = await drain(connection.reader)
  connectError(error, 'CONNECTION_RESET')
  assert(datagrams.length <= mostFrames, `${datagrams.length} datagrams`)
  datagrams.forEach(({ data }, i) => {
    assert.deepEqual(data, bytesOf(length, i), `datagram ${i}`)
  })
  await failure(connection.closed, 'CONNECTION_RESET')
  await failure(connection.writer.send(new ConnectDatagram(1, 'late')), 'CONNECTION_RESET')
}

export function endingSuite(kind: Kind): void {
  describeWith(kind.needs, kind.name, () => {
    failOnLeaks()

    for (const role of ROLES) {
      it(`as ${role} sees a close with nothing sent`, async t => {
        const { connection, peer } = await joined(t, kind, role, 'sink')
        await within(connection.close(), 'close')
        await assertCleanEnd(connection.reader)
        await assertEndedByShutdown(peer, 0, 1)
      })

      it(`as ${role} sees the end of the writer`, async t => {
        const { connection, peer } = await joined(t, kind, role, 'sink')
        await sendNumbered(connection.writer, 10)
        await within(connection.writer.close(), 'the end of the writer')
        await assertEndedByShutdown(peer, 10, 16)
        await assertCleanEnd(connection.reader)
        await within(connection.closed, 'closed')
      })

      it(`as ${role} ends, and nothing is lost`, async t => {
        const bytes = 10 * (8 + 16)
        const { connection, peer } = await joined(t, kind, role, 'sink', { bytes, end: 'shutdown' })
        await sendNumbered(connection.writer, 10)
        await assertCleanEnd(connection.reader)
        await within(connection.closed, 'closed')
        await peer.line(/^complete$/)
        await assertReceived(peer, 10, 16)
        assert.equal(await peer.ended(), 0)
      })

      it(`as ${role} ends while it is sent to: all of it arrives, or there is an error`, async t => {
        const { connection, peer } = await joined(t, kind, role, 'sink', { bytes: 1000, end: 'shutdown' })
        const sent = sendNumbered(connection.writer, 50, 20_000).then(() => connection.close())
        const [outcome] = await Promise.allSettled([within(sent, 'the sending')])
        if (outcome.status === 'fulfilled') await assertReceived(peer, 50, 20_000)
        else connectError(outcome.reason, 'CONNECTION_RESET', 'WRITER_CLOSED')
        assert.equal(await peer.ended(), 0)
      })

      it(`as ${role} ends together with this end`, async t => {
        const { connection, peer } = await joined(t, kind, role, 'source', { count: 10, end: 'shutdown' })
        await receiveNumbered(connection.reader, 10)
        await within(connection.close(), 'close')
        await assertCleanEnd(connection.reader)
        await assertReceived(peer, 0, 1)
        assert.equal(await peer.ended(), 0)
      })

      it(`as ${role} is told of an abort`, async t => {
        const { connection, peer } = await joined(t, kind, role, 'echo')
        await sendNumbered(connection.writer, 10)
        await receiveNumbered(connection.reader, 10)
        connection.abort()
        await peer.line(new RegExp(`^lost ${USER_ABORT}$`))
        await assertReceived(peer, 10, 16)
        assert.equal(await peer.ended(), 0)
      })

      it(`as ${role} is told of an abort while much is on its way to it`, async t => {
        const { connection, peer } = await joined(t, kind, role, 'sink')
        await connection.writer.send(new ConnectDatagram(1, new Uint8Array(5_000_000)))
        connection.abort()
        await peer.line(/^lost /)
        assert.equal(await peer.ended(), 0)
      })

      it(`as ${role} is told of an abort while it sends much`, async t => {
        const { connection, peer } = await joined(t, kind, role, 'source', { count: 1000, data: 100_000 })
        await receiveNumbered(connection.reader, 3, 100_000)
        connection.abort()
        await peer.line(/^lost /)
        assert.equal(await peer.ended(), 0)
      })

      it(`as ${role} aborts, with nothing on its way`, async t => {
        const bytes = 10 * (8 + 16)
        const { connection, peer } = await joined(t, kind, role, 'sink', { bytes, end: 'abort' })
        await sendNumbered(connection.writer, 10)
        await assertReset(connection, 0)
        assert.equal(await peer.ended(), 0)
      })

      it(`as ${role} aborts while it is sent to`, async t => {
        const { connection, peer } = await joined(t, kind, role, 'sink', { bytes: 100_000, end: 'abort' })
        const sent = sendNumbered(connection.writer, 1000, 10_000)
        await failure(sent, 'CONNECTION_RESET')
        await assertReset(connection, 0)
        assert.equal(await peer.ended(), 0)
      })

      it(`as ${role} aborts behind what it has sent`, async t => {
        const { connection, peer } = await joined(t, kind, role, 'source', { count: 1000, end: 'abort' })
        await assertReset(connection, 1000)
        assert.equal(await peer.ended(), 0)
      })
    }

    it('refuses a connection to a port that nobody listens on', async t => {
      const { address } = await kind.server(t, 'sink')
      await failure(connect(nextPort(address), kind.medium.connectOptions), 'CONNECT_FAILED')
    })

    it('is refused a connection to a port that nobody listens on', async t => {
      const listener = await openListener(t, kind.medium)
      const peer = kind.client(t, 'sink', nextPort(listener.address))
      // ECONNREFUSED, as Linux has it.
      await peer.line(/^refused 111$/)
      assert.equal(await peer.ended(), 0)
    })
  })
}

/** Another SCTP port, on which nobody listens, behind the same UDP port. */
function nextPort(address: string): string {
  const { udp, sctp } = portsOf(address)
  return addressOf({ udp, sctp: sctp === 65_535 ? 1 : sctp + 1 }, new URL(address).protocol)
}
