import assert from 'node:assert/strict'
import { it } from 'node:test'
import { certificates } from '../support/certificates.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'
import { within } from '../support/waiting.ts'
import { assertEndedByShutdown } from './support/expected.ts'
import { joined, ROLES } from './support/joined.ts'
import { overDtls } from './support/kinds.ts'
import { echo } from './support/paths.ts'
import { describeWith } from './support/tools.ts'

const { ca, client, localhost } = certificates

/** As OpenSSL calls them, and as the standards do. */
const SUITES = {
  'ECDHE-RSA-AES128-GCM-SHA256': 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  'ECDHE-RSA-AES256-GCM-SHA384': 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  'ECDHE-RSA-CHACHA20-POLY1305': 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
}

describeWith(overDtls.needs, 'the handshake with usrsctp over DTLS', () => {
  failOnLeaks()

  for (const role of ROLES) {
    it(`as ${role} shows each end the certificate of the other`, async t => {
      const { connection, peer } = await joined(t, overDtls, role, 'sink')
      const [its, own] = role === 'server' ? ['localhost', 'client'] : ['client', 'localhost']
      assert.equal(await peer.secured(), own)
      assert.equal(connection.tls?.peerCertificate?.subject['CN'], its)
      assert.equal(connection.tls?.protocol, 'DTLSv1.2')
      await within(connection.close(), 'close')
    })

    for (const [suite, cipher] of Object.entries(SUITES)) {
      it(`as ${role} agrees on ${suite}, and both ends read what it protects`, async t => {
        const { connection, peer } = await joined(t, overDtls, role, 'echo', { suites: suite })
        await peer.line(new RegExp(`^suite ${suite}$`))
        assert.equal(connection.tls?.cipher, cipher)
        await echo(connection, 10, 50_000)
        await within(connection.close(), 'close')
        await assertEndedByShutdown(peer, 10, 50_000)
      })
    }

    for (const group of ['X25519', 'P-256', 'P-384']) {
      it(`as ${role} agrees on the group ${group}`, async t => {
        const { connection, peer } = await joined(t, overDtls, role, 'echo', { groups: group })
        await echo(connection, 3, 1000)
        await within(connection.close(), 'close')
        await assertEndedByShutdown(peer, 3, 1000)
      })
    }

    it(`as ${role} in small datagrams is put together`, async t => {
      const { connection, peer } = await joined(t, overDtls, role, 'echo', { handshake: 300 })
      await echo(connection, 3, 1000)
      await within(connection.close(), 'close')
      await assertEndedByShutdown(peer, 3, 1000)
    })
  }

  it('takes the suite that this end likes best, when it listens', async t => {
    const suites = Object.keys(SUITES).reverse().join(':')
    const { peer } = await joined(t, overDtls, 'client', 'sink', { suites })
    await peer.line(/^suite ECDHE-RSA-AES128-GCM-SHA256$/)
  })

  it('asks for the host name that is in serverName', async t => {
    const { peer, address } = await overDtls.server(t, 'sink')
    const tls = { ...client, ca, serverName: 'localhost' }
    const connection = await openClient(t, overDtls.medium, address, { tls })
    await peer.line(/^asked for localhost$/)
    await within(connection.close(), 'close')
    await assertEndedByShutdown(peer, 0, 1)
  })

  it('needs no certificate of a client where none is asked for', async t => {
    const { peer, address } = await overDtls.server(t, 'sink', { ca: undefined })
    const client = await openClient(t, overDtls.medium, address, { tls: { ca } })
    assert.equal(await peer.secured(), '-')
    await within(client.close(), 'close')
    const listener = await openListener(t, overDtls.medium, { tls: localhost })
    const source = overDtls.client(t, 'source', listener.address, {
      cert: undefined,
      key: undefined,
      count: 1,
    })
    const server = await acceptOne(t, listener)
    assert.equal(server.tls?.peerCertificate, undefined)
    assert.equal(await source.secured(), 'localhost')
  })
})
