import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import {
  type ConnectError,
  type Connection,
  connect,
  type Listener,
  type TlsConnectOptions,
  type TlsListenOptions,
} from '../../src/index.ts'
import { loadEngine } from '../../src/transport/dtls-sctp/engine/load-engine.ts'
import { certificates } from '../support/certificates.ts'
import { receiveNumbered, sendNumbered } from '../support/data.ts'
import { connectError, failure, thrown } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { dtlsSctp, type Medium, tls } from '../support/media.ts'
import { acceptOne, openListener, openPair } from '../support/pairs.ts'
import { runProgram } from '../support/programs/run.ts'
import { until, within } from '../support/waiting.ts'

failOnLeaks()

const { ca, client, expired, localhost, notYetValid, otherCa, otherLocalhost, renewed, wrongName } =
  certificates
const mutual = { ...localhost, ca }

/** A handshake that one end refuses, and one that the same listener then takes. */
interface Refusal {
  readonly what: string
  readonly server: TlsListenOptions
  readonly client: TlsConnectOptions
  /** In the message of the end that refuses. */
  readonly says: RegExp
  /** The code of its cause. */
  readonly code: RegExp
  /** Undefined: the listener is given a certificate that is good for `{ ca }`. */
  readonly good?: TlsConnectOptions
}

const UNKNOWN = {
  says: /unable to (get local issuer certificate|verify the first certificate)|UNABLE_TO_VERIFY/,
  code: /^UNABLE_TO_(GET_ISSUER_CERT_LOCALLY|VERIFY_LEAF_SIGNATURE)$/,
}
const OTHER_NAME = {
  says: /the certificate is not for elsewhere\.example/,
  code: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
}
const OTHER_IP = {
  says: /the certificate is not for 127\.0\.0\.[12]/,
  code: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
}
const EXPIRED = { says: /certificate has expired|CERT_HAS_EXPIRED/, code: /^CERT_HAS_EXPIRED$/ }
const NOT_YET = { says: /certificate is not yet valid|CERT_NOT_YET_VALID/, code: /^CERT_NOT_YET_VALID$/ }
const MISSING = {
  says: /peer did not return a certificate/,
  code: /^ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE$/,
}

const elsewhere = { ca, serverName: 'elsewhere.example' }

const byClient: readonly Refusal[] = [
  {
    what: 'of an unknown authority',
    server: otherLocalhost,
    client: { ca },
    ...UNKNOWN,
    good: { ca: otherCa },
  },
  { what: 'of none that the system knows', server: localhost, client: {}, ...UNKNOWN, good: { ca } },
  { what: 'for another host name', server: localhost, client: elsewhere, ...OTHER_NAME, good: { ca } },
  { what: 'for no IP address', server: wrongName, client: { ca }, ...OTHER_IP, good: elsewhere },
  {
    what: 'for other IP addresses',
    server: localhost,
    client: { ca, serverName: '127.0.0.2' },
    ...OTHER_IP,
    good: { ca, serverName: '::1' },
  },
  { what: 'that has expired', server: expired, client: { ca }, ...EXPIRED },
  { what: 'that is not yet valid', server: notYetValid, client: { ca: notYetValid.cert }, ...NOT_YET },
]

const byServer: readonly Refusal[] = [
  { what: 'that is missing', server: mutual, client: { ca }, ...MISSING },
  { what: 'of an unknown authority', server: mutual, client: { ca, ...otherLocalhost }, ...UNKNOWN },
  { what: 'that has expired', server: mutual, client: { ca, ...expired }, ...EXPIRED },
  {
    what: 'that is not yet valid',
    server: { ...localhost, ca: [ca, notYetValid.cert] },
    client: { ca, ...notYetValid },
    ...NOT_YET,
  },
]

function assertRefusal(error: ConnectError | undefined, { says, code }: Refusal): void {
  const { message, cause } = connectError(error, 'CERTIFICATE_REJECTED')
  assert.match(message, says)
  assert(cause instanceof Error, 'the cause is missing')
  assert.match((cause as { code?: string }).code ?? 'no code', code)
}

/** A listener, and what it was told. */
async function openTold(
  t: TestContext,
  medium: Medium,
  server: TlsListenOptions,
): Promise<{ listener: Listener; rejected: ConnectError[] }> {
  const rejected: ConnectError[] = []
  const listener = await openListener(t, medium, { tls: server, onRejected: error => rejected.push(error) })
  return { listener, rejected }
}

/** Connects to the listener, and is served by it. */
async function assertServed(
  t: TestContext,
  listener: Listener,
  options: TlsConnectOptions,
): Promise<Connection> {
  const accepted = acceptOne(t, listener)
  const connection = await within(connect(listener.address, { tls: options }))
  t.after(() => connection.abort())
  await sendNumbered(connection.writer, 3)
  await receiveNumbered((await accepted).reader, 3)
  return connection
}

/** A client of TLS 1.3 is refused after its handshake; then its connection fails. */
async function refusedClient(medium: Medium, connecting: Promise<Connection>): Promise<void> {
  if (medium === tls) {
    const reading = connecting.then(connection => connection.closed)
    await failure(reading, 'CERTIFICATE_REJECTED', 'CONNECTION_FAILED', 'CONNECTION_RESET')
  } else await failure(connecting, 'CERTIFICATE_REJECTED', 'HANDSHAKE_FAILED')
}

// TLS is what DTLS-SCTP is measured by: for the same cause, the end that refuses says the same.
for (const [name, medium] of Object.entries({ 'tls:': tls, 'dtls-sctp:': dtlsSctp })) {
  describe(`a certificate on ${name}`, () => {
    for (const refusal of byClient) {
      test(`of the server’s, ${refusal.what}, is refused; the listener is told and goes on`, async t => {
        const { listener, rejected } = await openTold(t, medium, refusal.server)
        for (let i = 1; i <= 2; i++) {
          assertRefusal(
            await failure(connect(listener.address, { tls: refusal.client }), 'CERTIFICATE_REJECTED'),
            refusal,
          )
          await until(() => rejected.length === i, 'onRejected is told')
          // On TCP the client may be gone before its alert is read.
          const others = medium === tls ? (['HANDSHAKE_FAILED', 'CONNECTION_RESET'] as const) : []
          const { message, remoteAddress } = connectError(rejected[i - 1], 'CERTIFICATE_REJECTED', ...others)
          assert.match(remoteAddress ?? 'none', /:\/\/127\.0\.0\.1:\d+$/)
          assert(message.includes(`with ${remoteAddress} failed`), message)
          if (medium === dtlsSctp) assert.match(message, /the client refused our certificate/)
        }
        if (refusal.good === undefined) listener.updateTls(localhost)
        await assertServed(t, listener, refusal.good ?? { ca })
        assert.equal(rejected.length, 2)
      })
    }

    for (const refusal of byServer) {
      test(`of a client’s, ${refusal.what}, is refused; the listener is told and goes on`, async t => {
        const { listener, rejected } = await openTold(t, medium, refusal.server)
        for (let i = 1; i <= 2; i++) {
          await refusedClient(medium, connect(listener.address, { tls: refusal.client }))
          await until(() => rejected.length === i, 'onRejected is told')
          assertRefusal(rejected[i - 1], refusal)
        }
        await assertServed(t, listener, { ca, ...client })
        assert.equal(rejected.length, 2)
      })
    }
  })
}

describe('certificates on dtls-sctp:', () => {
  test('are shown at both ends, with the protocol, the cipher suite and the ALPN protocol', async t => {
    const alpnProtocols = ['a/1']
    const { client: connection, server } = await openPair(t, dtlsSctp, {
      server: { tls: { ...mutual, alpnProtocols } },
      client: { tls: { ca, ...client, alpnProtocols } },
    })
    for (const [info, name] of [
      [connection.tls, 'localhost'],
      [server.tls, 'client'],
    ] as const) {
      assert(info?.peerCertificate, 'the certificate is missing')
      assert.equal(info.protocol, 'DTLSv1.2')
      assert.match(info.cipher, /^TLS_ECDHE_(RSA|ECDSA)_WITH_.*(_GCM_SHA\d+|_POLY1305_SHA256)$/)
      assert.equal(info.alpnProtocol, 'a/1')
      assert.equal(info.peerCertificate.subject['CN'], name)
      assert.match(info.peerCertificate.fingerprint256, /^([0-9A-F]{2}:){31}/)
      assert(info.peerCertificate.validTo.getTime() > Date.now(), 'validTo is no date to come')
    }
    await sendNumbered(server.writer, 3)
    await receiveNumbered(connection.reader, 3)
  })

  test('of a server are shown to a client that shows none', async t => {
    const { client: connection, server } = await openPair(t, dtlsSctp)
    assert.equal(connection.tls?.peerCertificate?.subject['CN'], 'localhost')
    assert.equal(server.tls?.peerCertificate, undefined)
    assert.equal(server.tls?.protocol, 'DTLSv1.2')
  })

  test('are good for a host name and for both kinds of addresses', async t => {
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      const listener = await openListener(t, { ...dtlsSctp, freshAddress: () => `dtls-sctp://${host}:0` })
      await assertServed(t, listener, { ca })
    }
  })

  test('are verified whatever NODE_TLS_REJECT_UNAUTHORIZED says, at both ends', async () => {
    const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0', SCHEME: 'dtls-sctp' }
    const codes = (await runProgram('tls-without-environment', { env })) as string[]
    const rejected = 'CERTIFICATE_REJECTED'
    assert.deepEqual(codes.slice(0, 3), [rejected, rejected, rejected])
    assert.deepEqual(codes.slice(3).sort(), ['client threw', `server ${rejected}`])
  })
})

describe('updateTls on dtls-sctp:', () => {
  test('is seen by new handshakes, and the old connections live on', async t => {
    const { client: old, server, listener } = await openPair(t, dtlsSctp)
    listener.updateTls(renewed)
    const next = await assertServed(t, listener, { ca })
    assert.equal(next.tls?.peerCertificate?.subject['CN'], 'renewed')
    assert.equal(old.tls?.peerCertificate?.subject['CN'], 'localhost')
    await sendNumbered(old.writer, 3)
    await receiveNumbered(server.reader, 3)
  })

  test('takes clients of the new authority, and those of the one before no more', async t => {
    const { listener, rejected } = await openTold(t, dtlsSctp, mutual)
    await assertServed(t, listener, { ca, ...client })
    listener.updateTls({ ...localhost, ca: otherCa })
    await refusedClient(dtlsSctp, connect(listener.address, { tls: { ca, ...client } }))
    await until(() => rejected.length === 1, 'onRejected is told')
    connectError(rejected[0], 'CERTIFICATE_REJECTED')
    await assertServed(t, listener, { ca, ...otherLocalhost })
  })

  test('refuses what cannot be used, adding or dropping ca too, and keeps what was', async t => {
    const plain = await openListener(t, dtlsSctp)
    const asking = await openListener(t, dtlsSctp, { tls: mutual })
    const bad: [Listener, unknown, RegExp][] = [
      [plain, { cert: 'no pem', key: 'no pem' }, /tls\.cert/],
      [plain, { cert: localhost.cert, key: renewed.key }, /tls\.key/],
      [plain, { cert: localhost.cert }, /key/],
      [plain, { ...localhost, colour: 'red' }, /colour/],
      [plain, mutual, /tls\.ca/],
      [asking, localhost, /tls\.ca/],
      [asking, { ...localhost, ca: 'no pem' }, /tls\.ca/],
    ]
    for (const [listener, options, names] of bad) {
      const { message } = thrown(() => listener.updateTls(options as TlsListenOptions), 'INVALID_OPTION')
      assert.match(message, names)
    }
    await assertServed(t, plain, { ca })
    await assertServed(t, asking, { ca, ...client })
    await refusedClient(dtlsSctp, connect(asking.address, { tls: { ca } }))
  })

  test('leaves nothing behind on a listener that is closed', async t => {
    const engine = await loadEngine()
    const listener = await openListener(t, dtlsSctp)
    await listener.close()
    const before = engine.alive
    listener.updateTls(renewed)
    assert.equal(engine.alive, before)
  })
})
