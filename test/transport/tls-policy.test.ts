import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { connect as connectTls, createServer, getCiphers, type TLSSocket } from 'node:tls'
import { type ConnectError, connect } from '../../src/index.ts'
import { SUITES_1_2 } from '../../src/transport/cipher-suites.ts'
import { certificates } from '../support/certificates.ts'
import { receiveNumbered, sendNumbered } from '../support/data.ts'
import { connectError, failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { tls } from '../support/media.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'
import { until, within } from '../support/waiting.ts'

failOnLeaks()

const { ca, localhost } = certificates

/** What Node has for TLS 1.2 and an RSA certificate, and RFC 9325 would not have. */
const forbidden = getCiphers()
  .map(name => name.toUpperCase())
  .filter(name => /^(ECDHE-RSA|DHE-RSA|AES|CAMELLIA|ARIA)/.test(name) && !SUITES_1_2.includes(name))

/** A client of Node's that has TLS 1.2 and these suites. */
function rawClient(t: TestContext, address: string, ciphers: readonly string[]): TLSSocket {
  const socket = connectTls({
    port: Number(new URL(address).port),
    host: '127.0.0.1',
    ca,
    maxVersion: 'TLSv1.2',
    ciphers: `${ciphers.join(':')}:@SECLEVEL=0`,
  })
  t.after(() => socket.destroy())
  return socket.on('error', () => {})
}

/** A server of Node's that has TLS 1.2 and these suites. */
async function rawServer(
  t: TestContext,
  ciphers: readonly string[],
  onSecure: (socket: TLSSocket) => void = () => {},
): Promise<string> {
  const options = {
    ...localhost,
    maxVersion: 'TLSv1.2',
    ciphers: `${ciphers.join(':')}:@SECLEVEL=0`,
  } as const
  const sockets = new Set<TLSSocket>()
  const server = createServer(options, socket => {
    sockets.add(socket.on('error', () => {}))
    onSecure(socket)
  })
  server.on('tlsClientError', (_, socket) => socket.destroy())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `tls://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const RSA_SUITES = SUITES_1_2.filter(name => name.includes('RSA'))

describe('TLS 1.2', () => {
  test('has the suites of DTLS 1.2, at a server', async t => {
    const listener = await openListener(t, tls)
    for (const suite of RSA_SUITES) {
      const accepted = acceptOne(t, listener)
      const socket = rawClient(t, listener.address, [suite])
      await within(once(socket, 'secureConnect'))
      assert.equal(socket.getCipher().name, suite)
      assert.equal((await accepted).tls?.protocol, 'TLSv1.2')
    }
  })

  test('has the suites of DTLS 1.2, at a client', async t => {
    for (const suite of RSA_SUITES) {
      const client = await openClient(t, tls, await rawServer(t, [suite]))
      assert.equal(client.tls?.protocol, 'TLSv1.2')
    }
  })

  test('has no others, at a server', async t => {
    assert(forbidden.length > 10)
    const rejected: ConnectError[] = []
    const listener = await openListener(t, tls, { onRejected: error => rejected.push(error) })
    const socket = rawClient(t, listener.address, forbidden)
    const [error] = await within(once(socket, 'error'))
    assert.match(error.code, /ALERT_HANDSHAKE_FAILURE$/)
    await until(() => rejected.length === 1, 'onRejected is told')
    connectError(rejected[0], 'HANDSHAKE_FAILED')
  })

  test('has no others, at a client', async t => {
    const address = await rawServer(t, forbidden)
    await failure(connect(address, { tls: { ca } }), 'HANDSHAKE_FAILED')
  })

  test('has no others once the certificate was replaced', async t => {
    const listener = await openListener(t, tls, { onRejected: () => {} })
    listener.updateTls(certificates.renewed)
    const [error] = await within(once(rawClient(t, listener.address, forbidden), 'error'))
    assert.match(error.code, /ALERT_HANDSHAKE_FAILURE$/)
  })
})

describe('renegotiation', () => {
  test('is refused by a server, which does no other handshake', async t => {
    const listener = await openListener(t, tls)
    const accepted = acceptOne(t, listener)
    const socket = rawClient(t, listener.address, RSA_SUITES)
    await within(once(socket, 'secureConnect'))
    const server = await accepted
    const outcome = new Promise<string>(resolve => {
      socket.on('error', error => resolve((error as NodeJS.ErrnoException).code ?? error.message))
      socket.renegotiate({}, error => resolve((error as NodeJS.ErrnoException | null)?.code ?? 'done'))
    })
    // Its client sends nothing more; what the server sends brings the refusal.
    await sendNumbered(server.writer, 3)
    socket.resume()
    assert.match(await within(outcome), /NO_RENEGOTIATION/)
  })

  test('is not begun by a client whose server asks for it; OpenSSL’s servers then end the connection', async t => {
    const accepted: TLSSocket[] = []
    const address = await rawServer(t, RSA_SUITES, socket => {
      accepted.push(socket)
      socket.pipe(socket)
    })
    const client = await openClient(t, tls, address)
    await sendNumbered(client.writer, 3)
    await receiveNumbered(client.reader, 3)
    const [server] = accepted
    const finished = server!.getFinished()
    assert(server!.renegotiate({}, () => {}))
    await failure(client.closed, 'CONNECTION_FAILED', 'CONNECTION_RESET')
    assert.deepEqual(server!.getFinished(), finished, 'there was another handshake')
  })
})
