import assert from 'node:assert/strict'
import { it } from 'node:test'
import { connect } from '../../src/index.ts'
import { certificates } from '../support/certificates.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { openSslServer } from './support/openssl.ts'
import { describeWith } from './support/tools.ts'

const { ca, client, localhost, otherCa, otherLocalhost } = certificates

const DONE = /^CIPHER is ECDHE-RSA-AES128-GCM-SHA256$/
const MUTUAL = ['-dtls1_2', '-Verify', '2', '-verify_return_error']

/** This end's ClientHello, once it has one. */
const COOKIE = /cookie \(len=[1-9]/

/** The Adaptation Layer Indication of the library. */
const INDICATION = new RegExp(Buffer.from('63747301', 'hex').toString())

/** Long enough for the handshake; no association will come. */
const handshakeTimeoutMs = 2000

describeWith(['openssl'], 'openssl s_server', () => {
  failOnLeaks()

  it('does the handshake, and is given up when no association comes', async t => {
    const { openssl, address } = await openSslServer(t, localhost, '-dtls1_2')
    await failure(connect(address, { tls: { ca }, handshakeTimeoutMs }), 'HANDSHAKE_TIMEOUT')
    await openssl.line(COOKIE)
    await openssl.line(DONE)
    // What came in the record, shown as it is: an INIT.
    await openssl.line(INDICATION)
    // It was sent close_notify.
    await openssl.line(/description=close notify/)
  })

  it('verifies the certificate of this end, and is given up when no association comes', async t => {
    const { openssl, address } = await openSslServer(t, { ...localhost, ca }, ...MUTUAL)
    await failure(connect(address, { tls: { ...client, ca }, handshakeTimeoutMs }), 'HANDSHAKE_TIMEOUT')
    await openssl.line(/^depth=0 CN = client$/)
    await openssl.line(/^verify return:1$/)
    await openssl.line(/^subject=CN = client$/)
    await openssl.line(DONE)
  })

  it('in small datagrams does the handshake', async t => {
    const { openssl, address } = await openSslServer(t, { ...localhost, ca }, ...MUTUAL, '-mtu', '300')
    await failure(connect(address, { tls: { ...client, ca }, handshakeTimeoutMs }), 'HANDSHAKE_TIMEOUT')
    await openssl.line(DONE)
  })

  it('refuses a certificate of another authority', async t => {
    const { openssl, address } = await openSslServer(t, { ...localhost, ca }, ...MUTUAL)
    const error = await failure(connect(address, { tls: { ...otherLocalhost, ca } }), 'CERTIFICATE_REJECTED')
    assert.match(error.message, /alert unknown ca/)
    await openssl.line(/^verify error:unable to get local issuer certificate$/)
  })

  it('refuses a client without a certificate', async t => {
    const { openssl, address } = await openSslServer(t, { ...localhost, ca }, ...MUTUAL)
    const error = await failure(connect(address, { tls: { ca } }), 'CERTIFICATE_REJECTED')
    assert.match(error.message, /tls\.cert is not set/)
    await openssl.line(/peer did not return a certificate/)
  })

  it('of another authority is refused', async t => {
    const { openssl, address } = await openSslServer(t, localhost, '-dtls1_2')
    await failure(connect(address, { tls: { ca: otherCa } }), 'CERTIFICATE_REJECTED')
    await openssl.line(/alert unknown ca/)
  })

  // It closes its socket, and says nothing.
  it('that is gone behind the handshake is missed', async t => {
    const { openssl, address } = await openSslServer(t, localhost, '-dtls1_2')
    const connecting = failure(connect(address, { tls: { ca } }), 'CONNECT_FAILED')
    await openssl.line(DONE)
    openssl.endInput()
    assert.match((await connecting).message, /nobody answers/)
    assert.equal(await openssl.ended(), 0)
  })

  it('of DTLS 1.0 refuses this end', async t => {
    const { openssl, address } = await openSslServer(t, localhost, '-dtls1', '-cipher', 'DEFAULT@SECLEVEL=0')
    await failure(connect(address, { tls: { ca } }), 'HANDSHAKE_FAILED')
    // None of the suites that are offered is in that version.
    await openssl.line(/no shared cipher/)
  })
})
