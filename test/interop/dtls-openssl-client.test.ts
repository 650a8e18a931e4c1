import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { type ConnectError, connect, type Listener, type ListenOptions } from '../../src/index.ts'
import { certificates } from '../support/certificates.ts'
import { connectError, failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'
import { until } from '../support/waiting.ts'
import { overDtls } from './support/kinds.ts'
import { openSslClient } from './support/openssl.ts'
import { describeWith } from './support/tools.ts'

const { ca, client, localhost, otherLocalhost } = certificates

interface Listening {
  readonly listener: Listener
  /** The next client that was turned away, and why. */
  rejection(): Promise<ConnectError>
}

async function listening(t: TestContext, options: ListenOptions = {}): Promise<Listening> {
  const rejected: ConnectError[] = []
  const onRejected = (error: ConnectError): unknown => rejected.push(error)
  const listener = await openListener(t, overDtls.medium, { onRejected, ...options })
  const rejection = async (): Promise<ConnectError> => {
    await until(() => rejected.length > 0, 'a client is turned away')
    return rejected.shift()!
  }
  return { listener, rejection }
}

const DONE = /^New, TLSv1\.2, Cipher is ECDHE-RSA-AES128-GCM-SHA256$/

/** DTLS 1.0 has only suites that this OpenSSL would not use by itself. */
const DTLS_1_0 = ['-dtls1', '-cipher', 'DEFAULT@SECLEVEL=0']

describeWith(['openssl'], 'openssl s_client', () => {
  failOnLeaks()

  for (const [name, tls, identity] of [
    ['without a certificate', localhost, { ca }],
    ['with one', { ...localhost, ca }, { ...client, ca }],
  ] as const) {
    it(`${name} does the handshake, and is counted out when no association comes`, async t => {
      const { listener, rejection } = await listening(t, { tls, handshakeTimeoutMs: 1000 })
      const openssl = openSslClient(t, listener.address, identity, '-dtls1_2')
      await openssl.line(/HelloVerifyRequest, Length=/)
      await openssl.line(DONE)
      await openssl.line(/Verify return code: 0 \(ok\)$/)
      connectError(await rejection(), 'HANDSHAKE_TIMEOUT')
      // It was sent close_notify.
      await openssl.line(/^closed$/)
      assert.equal(await openssl.ended(), 0)
    })

    it(`${name} hangs up, and that is told`, async t => {
      const { listener, rejection } = await listening(t, { tls })
      const openssl = openSslClient(t, listener.address, identity, '-dtls1_2')
      await openssl.line(DONE)
      openssl.endInput()
      const { message } = connectError(await rejection(), 'HANDSHAKE_FAILED')
      assert.match(message, /the client hung up/)
      assert.equal(await openssl.ended(), 0)
    })
  }

  it('takes a place of the listener until it is counted out', async t => {
    const { listener, rejection } = await listening(t, { maxConnections: 1, handshakeTimeoutMs: 2000 })
    const openssl = openSslClient(t, listener.address, { ...client, ca }, '-dtls1_2')
    await openssl.line(DONE)
    await failure(connect(listener.address, overDtls.medium.connectOptions), 'HANDSHAKE_FAILED')
    connectError(await rejection(), 'LISTENER_FULL')
    connectError(await rejection(), 'HANDSHAKE_TIMEOUT')
    const accepted = acceptOne(t, listener)
    await openClient(t, overDtls.medium, listener.address)
    await accepted
  })

  for (const [name, identity] of [
    ['without a certificate is refused where one is asked for', { ca }],
    ['with a certificate of another authority is refused', { ...otherLocalhost, ca }],
  ] as const) {
    it(name, async t => {
      const { listener, rejection } = await listening(t)
      const openssl = openSslClient(t, listener.address, identity, '-dtls1_2')
      connectError(await rejection(), 'CERTIFICATE_REJECTED')
      await openssl.line(/alert (handshake failure|unknown ca):/)
      assert.equal(await openssl.ended(), 1)
    })
  }

  it('that trusts another authority refuses the listener', async t => {
    const { listener, rejection } = await listening(t)
    const identity = { ...client, ca: certificates.otherCa }
    const openssl = openSslClient(t, listener.address, identity, '-dtls1_2', '-verify_return_error')
    const { message } = connectError(await rejection(), 'CERTIFICATE_REJECTED')
    assert.match(message, /alert unknown ca/)
    assert.equal(await openssl.ended(), 1)
  })

  it('of DTLS 1.0 is refused, and others are not', async t => {
    const { listener, rejection } = await listening(t)
    const openssl = openSslClient(t, listener.address, { ...client, ca }, ...DTLS_1_0)
    const { message } = connectError(await rejection(), 'HANDSHAKE_FAILED')
    assert.match(message, /unsupported protocol/)
    await openssl.line(/alert protocol version:/)
    assert.equal(await openssl.ended(), 1)
    const accepted = acceptOne(t, listener)
    await openClient(t, overDtls.medium, listener.address)
    await accepted
  })
})
