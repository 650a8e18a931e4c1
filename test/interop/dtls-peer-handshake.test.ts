import assert from 'node:assert/strict'
import { it } from 'node:test'
import { certificates } from '../support/certificates.ts'
import { dtlsPeerClient, dtlsPeerServer } from './support/dtls-peer.ts'
import { assertEndedByShutdown } from './support/expected.ts'
import type { PeerOptions } from './support/peer.ts'
import { openRelay } from './support/relay.ts'
import { describeWith } from './support/tools.ts'

const { ca, client, expired, otherCa, otherLocalhost, wrongName } = certificates

interface Refusal {
  readonly server?: PeerOptions
  readonly client?: PeerOptions
  /** Which end refuses, what it says of it, and by which alert the other end knows. */
  readonly by: 'server' | 'client'
  readonly reason: RegExp
  readonly alert: RegExp
}

const UNKNOWN = /^alert unknown CA$/

const refusals: Readonly<Record<string, Refusal>> = {
  'a client refuses a server of another authority': {
    client: { ca: otherCa },
    by: 'client',
    reason: /issuer certificate$/,
    alert: UNKNOWN,
  },
  'a client refuses a server with a certificate for the same name by another authority': {
    server: otherLocalhost,
    by: 'client',
    reason: /issuer certificate$/,
    alert: UNKNOWN,
  },
  'a client refuses a server of another host name': {
    server: wrongName,
    by: 'client',
    reason: /hostname mismatch$/,
    alert: /^alert bad certificate$/,
  },
  'a client refuses a server of another IP address': {
    client: { name: '127.0.0.2' },
    by: 'client',
    reason: /IP address mismatch$/,
    alert: /^alert bad certificate$/,
  },
  'a client refuses an expired server': {
    server: expired,
    by: 'client',
    reason: /expired$/,
    alert: /^alert certificate expired$/,
  },
  'a server refuses a client of another authority': {
    server: { ca },
    client: otherLocalhost,
    by: 'server',
    reason: /issuer certificate$/,
    alert: UNKNOWN,
  },
  'a server refuses a client without a certificate': {
    server: { ca },
    by: 'server',
    reason: /did not return a certificate$/,
    alert: /^alert handshake failure$/,
  },
  'ends without a common suite refuse each other': {
    client: { suites: 'ECDHE-RSA-CHACHA20-POLY1305' },
    server: { suites: 'ECDHE-RSA-AES128-GCM-SHA256' },
    by: 'server',
    reason: /no shared cipher$/,
    alert: /^alert handshake failure$/,
  },
}

// If these fail, it is not the library that the other tests here show to be wrong.
describeWith(['cc', 'usrsctp', 'libssl'], 'the handshake of the peer on OpenSSL with itself', () => {
  it('shows the certificates of both ends, and what was asked for', async t => {
    const { peer, address } = await dtlsPeerServer(t, 'sink', { ca })
    const options = { ...client, count: 1, end: 'shutdown', suites: 'ECDHE-RSA-AES128-GCM-SHA256' }
    const source = dtlsPeerClient(t, 'source', address, options)
    assert.deepEqual([await peer.secured(), await source.secured()], ['client', 'localhost'])
    await peer.line(/^suite ECDHE-RSA-AES128-GCM-SHA256$/)
    await peer.line(/^asked for localhost$/)
    await assertEndedByShutdown(peer, 1, 16)
  })

  it('asks nobody who does not have to say', async t => {
    const { peer, address } = await dtlsPeerServer(t, 'sink')
    const options = { ca: undefined, name: undefined, count: 1, end: 'shutdown' }
    const source = dtlsPeerClient(t, 'source', address, options)
    assert.deepEqual([await peer.secured(), await source.secured()], ['-', 'localhost'])
    await assertEndedByShutdown(peer, 1, 16)
  })

  for (const [name, { server, client, by, reason, alert }] of Object.entries(refusals)) {
    it(name, async t => {
      const { peer, address } = await dtlsPeerServer(t, 'sink', server)
      const other = dtlsPeerClient(t, 'sink', address, client)
      const [refusing, refused] = by === 'server' ? [peer, other] : [other, peer]
      assert.match((await refusing.line(/^dtls-failed .*/))[0], reason)
      await refused.line(alert)
      assert.deepEqual([await refusing.ended(), await refused.ended()], [1, 1])
    })
  }

  it('fails where nobody listens', async t => {
    const { peer, address } = await dtlsPeerServer(t, 'sink')
    await peer.kill()
    const source = dtlsPeerClient(t, 'source', address)
    // ECONNREFUSED, as Linux has it.
    await source.line(/^refused 111$/)
    assert.equal(await source.ended(), 0)
  })

  it('is done whichever of its datagrams is lost', async t => {
    const losing = async (lost: number): Promise<void> => {
      // So small that certificates are cut.
      const options = { handshake: 600, rto: 200 }
      const { peer, address } = await dtlsPeerServer(t, 'sink', { ca, ...options })
      const relay = await openRelay(t, address, (_, index) => (index === lost ? 'is lost' : 'passes'))
      dtlsPeerClient(t, 'source', relay.address, { ...client, ...options, count: 10, end: 'shutdown' })
      await assertEndedByShutdown(peer, 10, 16)
      assert(relay.datagrams.length > lost + 1)
    }
    for (let lost = 0; lost < 16; lost += 4) {
      await Promise.all([0, 1, 2, 3].map(more => losing(lost + more)))
    }
  })
})
