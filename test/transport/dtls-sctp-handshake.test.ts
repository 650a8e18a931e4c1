import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { type ConnectError, connect, type Listener, type TlsListenOptions } from '../../src/index.ts'
import { noOpenssl, opensslClient, opensslServer } from '../dtls-sctp/hostile/support/openssl.ts'
import {
  epochOf,
  fragmentsOf,
  HandshakeType,
  withOtherEnd,
  withOtherVersion,
} from '../dtls-sctp/hostile/support/records.ts'
import { boundSocket, UdpRelay } from '../dtls-sctp/hostile/support/udp-relay.ts'
import { certificates } from '../support/certificates.ts'
import { receiveNumbered, sendNumbered } from '../support/data.ts'
import { connectError, failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { dtlsSctp } from '../support/media.ts'
import { acceptOne, openClient, openListener, openPair } from '../support/pairs.ts'
import { sleep, until } from '../support/waiting.ts'

failOnLeaks()

const { ca, client, localhost } = certificates

/** A listener, and what it was told. */
async function openTold(
  t: TestContext,
  server: TlsListenOptions = localhost,
): Promise<{ listener: Listener; rejected: ConnectError[] }> {
  const rejected: ConnectError[] = []
  const listener = await openListener(t, dtlsSctp, { tls: server, onRejected: error => rejected.push(error) })
  return { listener, rejected }
}

/** The listener was told once, so, and serves the next client. */
async function assertTold(
  t: TestContext,
  { listener, rejected }: { listener: Listener; rejected: ConnectError[] },
  says: RegExp,
): Promise<void> {
  await until(() => rejected.length > 0, 'onRejected is told')
  assert.match(connectError(rejected[0], 'HANDSHAKE_FAILED').message, says)
  const accepted = acceptOne(t, listener)
  const next = await openClient(t, dtlsSctp, listener.address, { tls: { ca, ...client } })
  await sendNumbered(next.writer, 3)
  await receiveNumbered((await accepted).reader, 3)
  assert.equal(rejected.length, 1)
}

describe('ALPN on dtls-sctp:', () => {
  test('agrees on the server’s first name that both have', async t => {
    const { client: connection, server } = await openPair(t, dtlsSctp, {
      server: { tls: { ...localhost, alpnProtocols: ['b/1', 'a/1'] } },
      client: { tls: { ca, alpnProtocols: ['a/1', 'b/1'] } },
    })
    assert.equal(connection.tls?.alpnProtocol, 'b/1')
    assert.equal(server.tls?.alpnProtocol, 'b/1')
  })

  test('is absent when one end offers none', async t => {
    const { listener } = await openTold(t, { ...localhost, alpnProtocols: ['a/1'] })
    const connection = await openClient(t, dtlsSctp, listener.address)
    assert.equal(connection.tls?.alpnProtocol, undefined)
    assert.equal((await acceptOne(t, listener)).tls?.alpnProtocol, undefined)
  })

  test('without a name in common fails the handshake at both ends', async t => {
    const told = await openTold(t, { ...localhost, alpnProtocols: ['a/1'] })
    const connecting = connect(told.listener.address, { tls: { ca, alpnProtocols: ['b/1'] } })
    assert.match((await failure(connecting, 'HANDSHAKE_FAILED')).message, /no application protocol/)
    await assertTold(t, told, /no application protocol/)
  })
})

describe('a signature of whoever does not have the key of the certificate', () => {
  test('fails the handshake if it is the server’s', async t => {
    const told = await openTold(t)
    const { address } = await UdpRelay.open(t, told.listener.address, (datagram, _, pass) =>
      pass(withOtherEnd(datagram, HandshakeType.SERVER_KEY_EXCHANGE)),
    )
    const error = await failure(connect(address, { tls: { ca } }), 'HANDSHAKE_FAILED')
    assert.match(error.message, /bad signature/)
    await assertTold(t, told, /decrypt error/)
  })

  test('fails the handshake if it is the client’s', async t => {
    const told = await openTold(t, { ...localhost, ca })
    const { address } = await UdpRelay.open(t, told.listener.address, (datagram, _, pass) =>
      pass(withOtherEnd(datagram, HandshakeType.CERTIFICATE_VERIFY)),
    )
    const error = await failure(connect(address, { tls: { ca, ...client } }), 'HANDSHAKE_FAILED')
    assert.match(error.message, /decrypt error/)
    await assertTold(t, told, /bad signature/)
  })
})

describe('what is older than DTLS 1.2 with authenticated encryption', () => {
  for (const [what, args, answer, says] of [
    ['DTLS 1.0', ['-dtls1', '-cipher', 'ALL:@SECLEVEL=0'], /protocol version/, /unsupported protocol/],
    ['a suite without ephemeral keys', ['-cipher', 'AES128-GCM-SHA256'], /alert/, /no shared cipher/],
    ['a suite of CBC', ['-cipher', 'ECDHE-RSA-AES128-SHA256'], /alert/, /no shared cipher/],
  ] as const) {
    test(`is refused by a listener: ${what}`, { skip: noOpenssl }, async t => {
      const told = await openTold(t)
      const version = what === 'DTLS 1.0' ? [] : ['-dtls1_2']
      assert.match(await opensslClient(t, told.listener.address, [...version, ...args]), answer)
      await assertTold(t, told, says)
    })

    test(`is refused by a client: ${what}`, { skip: noOpenssl }, async t => {
      const version = what === 'DTLS 1.0' ? [] : ['-dtls1_2']
      const address = await opensslServer(t, [...version, ...args])
      const error = await failure(connect(address, { tls: { ca } }), 'HANDSHAKE_FAILED')
      assert.match(error.message, /handshake failure/)
    })
  }

  test('is refused by a client to whom the server’s hello says DTLS 1.0', async t => {
    const told = await openTold(t)
    const { address } = await UdpRelay.open(t, told.listener.address, (datagram, _, pass) =>
      pass(withOtherVersion(datagram, 0xfeff)),
    )
    const error = await failure(connect(address, { tls: { ca } }), 'HANDSHAKE_FAILED')
    assert.match(error.message, /unsupported protocol|wrong.*version/)
    await assertTold(t, told, /protocol version/)
  })
})

describe('handshakeTimeoutMs on dtls-sctp:', () => {
  test('bounds the wait for a server that answers the first hello only', async t => {
    const { listener } = await openTold(t)
    const { address } = await UdpRelay.open(t, listener.address, (datagram, way, pass) => {
      const isAnswer = fragmentsOf(datagram, HandshakeType.HELLO_VERIFY_REQUEST).length > 0
      if (way === 'toServer' || isAnswer) pass(datagram)
    })
    const connecting = connect(address, { tls: { ca }, handshakeTimeoutMs: 300 })
    const { message } = await failure(connecting, 'HANDSHAKE_TIMEOUT')
    assert.equal(message, `DTLS handshake with ${address} took longer than 300 ms`)
  })

  test('bounds the wait for an association inside a connection that is up, and says so at both ends', async t => {
    const rejected: ConnectError[] = []
    const onRejected = (error: ConnectError): unknown => rejected.push(error)
    const listener = await openListener(t, dtlsSctp, { handshakeTimeoutMs: 300, onRejected })
    const { address } = await UdpRelay.open(t, listener.address, (datagram, way, pass) => {
      if (way === 'toServer' || epochOf(datagram) === 0) pass(datagram)
    })
    const connecting = connect(address, { tls: { ca }, handshakeTimeoutMs: 1000 })
    await until(() => rejected.length > 0, 'onRejected is told')
    const error = connectError(rejected[0], 'HANDSHAKE_TIMEOUT')
    assert.match(error.remoteAddress ?? 'none', /^dtls-sctp:\/\/127\.0\.0\.1:\d+$/)
    assert.equal(error.message, `SCTP handshake with ${error.remoteAddress} took longer than 300 ms`)
    const { message } = await failure(connecting, 'HANDSHAKE_TIMEOUT', 'CONNECT_FAILED')
    assert.match(message, /^SCTP handshake with|the peer closed its DTLS connection/)
  })

  test('says at a client that it is SCTP that is silent', async t => {
    const { listener } = await openTold(t)
    const { address } = await UdpRelay.open(t, listener.address, (datagram, way, pass) => {
      if (way === 'toServer' || epochOf(datagram) === 0) pass(datagram)
    })
    const connecting = connect(address, { tls: { ca }, handshakeTimeoutMs: 500 })
    const { message } = await failure(connecting, 'HANDSHAKE_TIMEOUT')
    assert.equal(message, `SCTP handshake with ${address} took longer than 500 ms`)
  })

  test('begins with the first answer: before it, connectTimeoutMs counts', async t => {
    const silent = await boundSocket()
    t.after(() => silent.close())
    const address = `dtls-sctp://127.0.0.1:${silent.address().port}`
    const connecting = connect(address, { tls: { ca }, connectTimeoutMs: 300, handshakeTimeoutMs: 1 })
    assert.match((await failure(connecting, 'CONNECT_TIMEOUT')).message, /300/)
  })

  test('is not waited for when a signal fires', async t => {
    const { listener } = await openTold(t)
    const { address } = await UdpRelay.open(t, listener.address, (datagram, way, pass) => {
      if (way === 'toServer' || epochOf(datagram) === 0) pass(datagram)
    })
    const controller = new AbortController()
    const connecting = connect(address, { tls: { ca }, signal: controller.signal })
    await sleep(50)
    const reason = new Error('no patience')
    controller.abort(reason)
    assert.equal((await failure(connecting, 'ABORTED')).cause, reason)
  })
})
