import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { type ConnectError, connect, type Listener, type ListenOptions } from '../../src/index.ts'
import { handshakeWords } from '../../src/transport/handshake-words.ts'
import { rejectedHandshake, streamError } from '../../src/transport/node-errors.ts'
import { certificates } from '../support/certificates.ts'
import { connectError, failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { inSession, type Medium, media, tcp, tls } from '../support/media.ts'
import { openListener } from '../support/pairs.ts'
import { rawClient, rawServer } from '../support/raw-peers.ts'
import { until, within } from '../support/waiting.ts'

failOnLeaks()

const { ca, client, localhost } = certificates

/** A listener, and what it was told. */
async function openTold(
  t: TestContext,
  medium: Medium,
  options: ListenOptions = {},
): Promise<{ listener: Listener; told: () => Promise<ConnectError> }> {
  const rejected: ConnectError[] = []
  const listener = await openListener(t, medium, { ...options, onRejected: error => rejected.push(error) })
  const told = async (): Promise<ConnectError> => {
    await until(() => rejected.length > 0, 'onRejected is told')
    return rejected[0]!
  }
  return { listener, told }
}

const HTTP = 'GET / HTTP/1.1\r\nHost: example.org\r\n\r\n'
const FRAME = Uint8Array.of(0, 0, 0, 9, 0, 1, 0, 7, 1, 2, 3, 4, 5)

describe('onRejected says who was turned away and why:', () => {
  for (const [what, bytes, says] of [
    ['an HTTP request', HTTP, /the client speaks HTTP without TLS \(http request\)/],
    [
      'a frame without TLS',
      FRAME,
      /the client does not speak TLS: is it a plain tcp: peer\? \(wrong version/,
    ],
  ] as const) {
    test(`${what} at tls:`, async t => {
      const { listener, told } = await openTold(t, tls)
      const socket = await rawClient(t, listener.address)
      const { localPort } = socket
      socket.write(bytes)
      const error = connectError(await told(), 'HANDSHAKE_FAILED')
      assert.equal(error.remoteAddress, `tls://127.0.0.1:${localPort}`)
      assert.match(error.message, says)
      assert(error.message.includes(`tls://127.0.0.1:${localPort}`))
    })
  }

  test('a handshake that takes too long at tls:', async t => {
    const { listener, told } = await openTold(t, tls, { handshakeTimeoutMs: 50 })
    const { localPort } = await rawClient(t, listener.address)
    const error = connectError(await told(), 'HANDSHAKE_TIMEOUT')
    assert.equal(error.remoteAddress, `tls://127.0.0.1:${localPort}`)
    assert.equal(error.message, `TLS handshake with ${error.remoteAddress} took longer than 50 ms`)
  })

  test('a client without a certificate at tls:', async t => {
    const { listener, told } = await openTold(t, tls, { tls: { ...localhost, ca } })
    const connecting = connect(listener.address, { tls: { ca } })
    await failure(
      connecting.then(connection => connection.closed),
      'CERTIFICATE_REJECTED',
      'CONNECTION_RESET',
      'CONNECTION_FAILED',
    )
    const error = connectError(await told(), 'CERTIFICATE_REJECTED')
    assert.match(error.remoteAddress ?? 'none', /^tls:\/\/127\.0\.0\.1:\d+$/)
    assert.match(error.message, /the client showed no certificate \(peer did not return a certificate\)/)
  })

  for (const [alert, says] of [
    [48, /the client refused our certificate: unknown authority \(.*alert unknown ca\)/],
    [45, /the client refused our certificate: certificate expired/],
    [42, /the client refused our certificate: not readable/],
    [44, /the client refused our certificate: revoked/],
    [46, /the client refused our certificate for a reason that it does not name/],
  ] as const) {
    test(`alert ${alert} of a client at tls:`, async t => {
      const { listener, told } = await openTold(t, tls)
      const address = await answeringAfterHello(t, listener.address, Uint8Array.of(21, 3, 3, 0, 2, 2, alert))
      const socket = connectTls({ port: address, host: '127.0.0.1', ca, maxVersion: 'TLSv1.2' })
      socket.on('error', () => {})
      t.after(() => socket.destroy())
      const error = connectError(await told(), 'CERTIFICATE_REJECTED')
      assert.match(error.message, says)
      assert.match(error.remoteAddress ?? 'none', /^tls:\/\/127\.0\.0\.1:\d+$/)
    })
  }

  for (const [what, bytes, says] of [
    ['an HTTP request', HTTP, /it looks like an HTTP request/],
    ['a frame without a session', FRAME, /a frame of version 1/],
  ] as const) {
    test(`${what} in place of a session`, async t => {
      const { listener, told } = await openTold(t, inSession(tcp))
      const socket = await rawClient(t, listener.address)
      const { localPort } = socket
      socket.write(bytes)
      const error = connectError(await told(), 'VERSION_UNSUPPORTED')
      assert.equal(error.remoteAddress, `tcp://127.0.0.1:${localPort}`)
      assert.match(error.message, /speaks without sessions/)
      assert.match(error.message, says)
      assert(error.message.includes(`tcp://127.0.0.1:${localPort}`))
    })
  }

  for (const [scheme, medium] of Object.entries(media)) {
    test(`a peer that says nothing of a session on ${scheme}:`, async t => {
      const { listener, told } = await openTold(t, inSession(medium), { handshakeTimeoutMs: 500 })
      const alpnProtocols = ['connect-session/2']
      const { tls: tlsOptions } = medium.connectOptions
      const peer = await connect(listener.address, {
        ...medium.connectOptions,
        ...(tlsOptions && { tls: { ...tlsOptions, alpnProtocols } }),
      })
      t.after(() => peer.abort())
      const error = connectError(await told(), 'HANDSHAKE_TIMEOUT')
      assert.equal(error.remoteAddress, peerName(peer.localAddress))
    })

    test(`a connection on ${scheme}: that breaks before it is accepted`, async t => {
      const { listener, told } = await openTold(t, medium)
      const peer = await connect(listener.address, medium.connectOptions)
      peer.abort()
      // The server of TLS 1.3 may not have read the end of the handshake by then.
      const error = connectError(await told(), ...medium.broken, 'HANDSHAKE_FAILED')
      assert.equal(error.remoteAddress, peerName(peer.localAddress))
      assert(error.message.includes(error.remoteAddress!), error.message)
    })
  }
})

describe('a peer of another kind is named in the error:', () => {
  test('a TLS client at tcp:', async t => {
    const listener = await openListener(t, tcp)
    const connecting = connect(listener.address.replace('tcp:', 'tls:'), { tls: { ca, ...client } })
    const accepted = (await within(listener.accept()))!
    const error = await failure(accepted.reader.receive(), 'FRAME_SIZE_INVALID')
    assert.match(error.message, /it looks like the ClientHello of a TLS handshake/)
    await failure(connecting, 'HANDSHAKE_FAILED')
  })

  test('a TLS server at a tcp: client', async t => {
    const { port } = await rawServer(t, socket => socket.end(Uint8Array.of(21, 3, 1, 0, 2, 2, 70)))
    const connection = await within(connect(`tcp://127.0.0.1:${port}`))
    const error = await failure(connection.reader.receive(), 'FRAME_SIZE_INVALID')
    assert.match(error.message, /it looks like a TLS alert/)
  })

  test('a plain server at a tls: client', async t => {
    const { port } = await rawServer(t, socket => socket.end(FRAME))
    const error = await failure(connect(`tls://127.0.0.1:${port}`, { tls: { ca } }), 'HANDSHAKE_FAILED')
    assert.match(error.message, /the server does not speak TLS: is it a plain tcp: peer\?/)
  })

  test('an HTTP server at a tcp: client', async t => {
    const { port } = await rawServer(t, socket => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    const connection = await within(connect(`tcp://127.0.0.1:${port}`))
    const error = await failure(connection.reader.receive(), 'FRAME_SIZE_INVALID')
    assert.match(error.message, /it looks like an HTTP response/)
  })

  test('a peer with a session at a plain listener', async t => {
    const listener = await openListener(t, tcp)
    const connecting = connect(listener.address, { session: true })
    const accepted = (await within(listener.accept()))!
    const error = await failure(accepted.reader.receive(), 'VERSION_UNSUPPORTED')
    assert.match(error.message, /version is 2; only 1 is supported\. The peer may have set session/)
    await failure(connecting, 'CONNECT_FAILED', 'VERSION_UNSUPPORTED')
  })
})

describe('words for what OpenSSL says', () => {
  test('are the same for the names of OpenSSL 3.0 and 3.5', () => {
    for (const code of [
      'ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED',
      'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED',
    ]) {
      assert.match(
        handshakeWords(code, 'server') ?? '',
        /^the server refused our certificate: certificate exp/,
      )
    }
    assert.match(
      handshakeWords('ERR_SSL_TLSV1_UNRECOGNIZED_NAME', 'server') ?? '',
      /does not know the server name/,
    )
    assert.equal(
      handshakeWords('ERR_SSL_NO_APPLICATION_PROTOCOL', 'client')?.includes('offers none of'),
      true,
    )
    const alert = handshakeWords('ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'client')
    assert.equal(alert?.includes('takes none of'), true)
    assert.equal(handshakeWords('ERR_SSL_SOMETHING_NEW', 'client'), undefined)
    assert.equal(handshakeWords('', 'client'), undefined)
  })

  test('leave what has none as it is, and say whose certificate it was', () => {
    const cause = Object.assign(new Error('certificate has expired'), { code: 'CERT_HAS_EXPIRED' })
    const { code, message, remoteAddress } = rejectedHandshake(cause, 'tls://192.0.2.1:5')
    assert.equal(code, 'CERTIFICATE_REJECTED')
    assert.equal(
      message,
      "TLS handshake with tls://192.0.2.1:5 failed over the client's certificate: certificate has expired",
    )
    assert.equal(remoteAddress, 'tls://192.0.2.1:5')
    assert.equal(rejectedHandshake(cause, undefined).remoteAddress, undefined)
  })

  test('have one line', () => {
    const cause = Object.assign(new Error('80:error:0A:SSL routines:f:bad thing:file.c:1:\n'), {
      reason: 'bad thing',
    })
    assert.equal(streamError(cause).message, 'connection failed: bad thing')
  })
})

/** Passes a client's first flight on to a TLS server, and answers for the client what it says next. */
async function answeringAfterHello(t: TestContext, address: string, next: Uint8Array): Promise<number> {
  const { port } = await rawServer(t, async near => {
    const far = connectTcp(Number(new URL(address).port), '127.0.0.1')
    t.after(() => far.destroy())
    far.on('error', () => {}).resume()
    near.once('data', hello => far.write(hello)).resume()
    await firstData(far)
    far.write(next)
  })
  return port
}

async function firstData(socket: Socket): Promise<void> {
  await once(socket, 'data')
}

/** What a listener calls a peer: those of `unix:` and `memory:` have no name. */
function peerName(localAddress: string): string {
  return localAddress.startsWith('unix:') ? 'unix://' : localAddress
}
