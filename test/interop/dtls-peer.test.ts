import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { type DtlsPeer, dtlsPeerClient, dtlsPeerServer } from './support/dtls-peer.ts'
import { assertEndedByShutdown, hashOf } from './support/expected.ts'
import { ROLES, type Role } from './support/joined.ts'
import { paths } from './support/paths.ts'
import type { PeerOptions } from './support/peer.ts'
import { packetsIn } from './support/records.ts'
import { openRelay, type Path, type Relay } from './support/relay.ts'
import { describeWith } from './support/tools.ts'

interface Transfer {
  readonly source: DtlsPeer
  readonly sink: DtlsPeer
  readonly relay: Relay
}

/** A source in this role, and a sink in the other one. */
async function transfer(
  t: TestContext,
  role: Role,
  giving: PeerOptions,
  taking: PeerOptions = {},
  path?: Path,
): Promise<Transfer> {
  const serves = role === 'server'
  const { peer, address } = await dtlsPeerServer(t, serves ? 'source' : 'sink', serves ? giving : taking)
  const relay = await openRelay(t, address, path)
  const other = dtlsPeerClient(t, serves ? 'sink' : 'source', relay.address, serves ? taking : giving)
  return serves ? { source: peer, sink: other, relay } : { source: other, sink: peer, relay }
}

/** The lengths of the packets in each datagram from this end. */
function packetsFrom(role: Role, { datagrams }: Relay): number[][] {
  const own = datagrams.filter(({ fromServer }) => fromServer === (role === 'server'))
  return own.map(({ payload }) => packetsIn(payload))
}

/** As much as fills large packets. */
const much = { count: 20, data: 100_000, message: 100_000, sndbuf: 1_000_000, end: 'shutdown' }

// If these fail, it is not the library that the other tests here show to be wrong.
describeWith(['cc', 'usrsctp', 'libssl'], 'the peer on usrsctp and OpenSSL, with itself', () => {
  for (const role of ROLES) {
    it(`as ${role} sends what it should, and it is received`, async t => {
      const giving = { count: 50, data: 10_000, message: 3000, end: 'shutdown' }
      const { source, sink } = await transfer(t, role, giving)
      assert.equal((await source.line(/^sent (.*)$/))[1], hashOf(50, 10_000))
      await source.line(/^complete$/)
      await assertEndedByShutdown(sink, 50, 10_000)
      await sink.line(/^close-notify$/)
      await source.line(/^close-notify$/)
      assert.equal(await source.ended(), 0)
    })

    it(`as ${role} loses nothing over a path that loses, repeats and delays`, async t => {
      const giving = { count: 50, data: 10_000, end: 'shutdown', rto: 200 }
      const { sink } = await transfer(t, role, giving, { rto: 200 }, paths['does all of that'])
      await assertEndedByShutdown(sink, 50, 10_000)
    })

    for (const packet of [undefined, 600, 16_384]) {
      it(`as ${role} sends packets of up to ${packet ?? 1200} bytes, each in a datagram`, async t => {
        const { sink, relay } = await transfer(t, role, { ...much, packet }, { rcvbuf: 1_000_000 })
        await assertEndedByShutdown(sink, 20, 100_000)
        const packets = packetsFrom(role, relay)
        assert.equal(Math.max(...packets.flat()), packet ?? 1200)
        assert.equal(Math.max(...packets.map(({ length }) => length)), 1)
      })
    }

    it(`as ${role} puts several packets in a datagram if told so`, async t => {
      const { sink, relay } = await transfer(t, role, { ...much, datagram: 5000 })
      await assertEndedByShutdown(sink, 20, 100_000)
      const packets = packetsFrom(role, relay)
      assert.equal(Math.max(...packets.map(({ length }) => length)), 4)
    })

    it(`as ${role} loses the association when the other end closes DTLS before`, async t => {
      const giving = { count: 100_000, data: 10_000, message: 10_000 }
      const { source, sink } = await transfer(t, role, giving, { bytes: 100_000, end: 'close' })
      for (const end of [source, sink]) {
        await end.line(/^close-notify$/)
        await end.line(/^lost 0$/)
        assert.equal(await end.ended(), 0)
      }
    })
  }

  it('echoes, and tells of an abort', async t => {
    const { peer, address } = await dtlsPeerServer(t, 'echo', { bytes: 24, end: 'abort' })
    const source = dtlsPeerClient(t, 'source', address, { count: 1 })
    await source.line(/^lost 12$/)
    assert.equal((await source.received()).bytes, hashOf(1, 16))
    await peer.line(/^received 24 /)
    assert.equal(await peer.ended(), 0)
  })

  it('is refused an association on an SCTP port that nobody listens on', async t => {
    const { peer, address } = await dtlsPeerServer(t, 'sink')
    const source = dtlsPeerClient(t, 'source', address, { 'peer-sctp': 5001 })
    // ECONNREFUSED, as Linux has it.
    await source.line(/^refused 111$/)
    await peer.line(/^close-notify$/)
    assert.deepEqual([await peer.ended(), await source.ended()], [0, 0])
  })

  it('ends when its time is over', async t => {
    const { peer } = await dtlsPeerServer(t, 'sink', { limit: 1 })
    await peer.line(/^late$/)
    assert.equal(await peer.ended(), 3)
  })
})
