import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertCleanEnd, receiveNumbered } from '../support/data.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { within } from '../support/waiting.ts'
import { assertEndedByShutdown } from './support/expected.ts'
import { joinedByRelay, ROLES, type Role } from './support/joined.ts'
import { overDtls } from './support/kinds.ts'
import { echo } from './support/paths.ts'
import type { PeerOptions } from './support/peer.ts'
import { packetsIn } from './support/records.ts'
import type { Relay } from './support/relay.ts'
import { describeWith } from './support/tools.ts'

/** As much as fills large packets. */
const much = { count: 20, data: 100_000, message: 100_000, sndbuf: 1_000_000, end: 'shutdown' }

const AES_GCM = { suites: 'ECDHE-RSA-AES128-GCM-SHA256' }

/** What our first packets have, and the most that a datagram, and a record of it, may have. */
const BASE = 1200
const LARGEST_DATAGRAM = 65_507
const LARGEST_PACKET = 16_384

/** The lengths of the packets in each datagram from the server or from the client. */
function packetsFrom(role: Role, { datagrams }: Relay): number[][] {
  const own = datagrams.filter(({ fromServer }) => fromServer === (role === 'server'))
  return own.map(({ payload }) => packetsIn(payload))
}

describeWith(overDtls.needs, 'packets and datagrams of usrsctp over DTLS', () => {
  failOnLeaks()

  for (const role of ROLES) {
    const cases: Readonly<Record<string, { options: PeerOptions; largest: number; shared: number }>> = {
      'packets of up to 600 bytes': { options: { packet: 600 }, largest: 600, shared: 1 },
      'packets of up to 1,200 bytes': { options: { packet: 1200 }, largest: 1200, shared: 1 },
      'packets of up to 16,384 bytes': { options: { packet: 16_384 }, largest: 16_384, shared: 1 },
      'four packets in a datagram': { options: { datagram: 5000 }, largest: 1200, shared: 4 },
      'all small packets that there are in a datagram': {
        options: { packet: 600, datagram: 60_000 },
        largest: 600,
        shared: 4,
      },
    }
    for (const [name, { options, largest, shared }] of Object.entries(cases)) {
      it(`${name} are read, from it as ${role}`, async t => {
        const all = { ...much, ...AES_GCM, ...options }
        const { connection, peer, relay } = await joinedByRelay(
          t,
          overDtls,
          role,
          'source',
          () => 'passes',
          all,
        )
        await receiveNumbered(connection.reader, 20, 100_000)
        await assertCleanEnd(connection.reader)
        await within(connection.closed, 'closed')
        await peer.line(/^complete$/)
        const packets = packetsFrom(role, relay)
        assert.equal(Math.max(...packets.flat()), largest)
        const most = Math.max(...packets.map(({ length }) => length))
        assert(shared === 1 ? most === 1 : most >= shared, `${most} packets in a datagram`)
      })
    }

    it(`larger packets than at first, and several in a datagram, are read by it as ${role}`, async t => {
      const options = { rcvbuf: 1_000_000, ...AES_GCM }
      const { connection, peer, relay } = await joinedByRelay(
        t,
        overDtls,
        role,
        'echo',
        () => 'passes',
        options,
      )
      await echo(connection, 40, 100_000)
      await within(connection.close(), 'close')
      await assertEndedByShutdown(peer, 40, 100_000)
      const packets = packetsFrom(role === 'server' ? 'client' : 'server', relay)
      const largest = Math.max(...packets.flat())
      assert(largest > BASE && largest <= LARGEST_PACKET, `${largest} bytes`)
      assert(packets.some(({ length }) => length > 1))
      assert(relay.datagrams.every(({ payload }) => payload.length <= LARGEST_DATAGRAM))
    })
  }
})
