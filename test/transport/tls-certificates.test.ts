import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import {
  type ConnectError,
  type Connection,
  type ConnectOptions,
  connect,
  type Listener,
  type TlsListenOptions,
} from '../../src/index.ts'
import { certificates } from '../support/certificates.ts'
import { receiveNumbered, sendNumbered } from '../support/data.ts'
import { connectError, failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { tls } from '../support/media.ts'
import { acceptOne, openListener, openPair } from '../support/pairs.ts'
import { runProgram } from '../support/programs/run.ts'
import { until, within } from '../support/waiting.ts'

failOnLeaks()

const { ca, client, expired, localhost, otherCa, otherLocalhost, renewed, wrongName } = certificates

describe('the server’s certificate', () => {
  const refused: { what: string; server: TlsListenOptions; options: ConnectOptions }[] = [
    { what: 'of an unknown authority', server: otherLocalhost, options: { tls: { ca } } },
    { what: 'of an authority that the system does not know', server: localhost, options: {} },
    { what: 'with another name', server: wrongName, options: { tls: { ca } } },
    { what: 'that has expired', server: expired, options: { tls: { ca } } },
    {
      what: 'without the asked serverName',
      server: localhost,
      options: { tls: { ca, serverName: 'elsewhere.example' } },
    },
  ]
  for (const { what, server, options } of refused) {
    test(`${what} is refused, and the listener is told and goes on`, async t => {
      const rejected: ConnectError[] = []
      const listener = await openListener(t, tls, { tls: server, onRejected: error => rejected.push(error) })
      for (let i = 0; i < 2; i++) {
        const error = await failure(connect(listener.address, options), 'CERTIFICATE_REJECTED')
        assert(error.cause instanceof Error, 'the cause is missing')
        await until(() => rejected.length === i + 1, 'onRejected is told')
        connectError(rejected[i], 'CERTIFICATE_REJECTED', 'HANDSHAKE_FAILED', 'CONNECTION_RESET')
      }
    })
  }

  test('is taken when the name that is asked for is in it', async t => {
    const { client: connection } = await openPair(t, tls, {
      server: { tls: wrongName },
      client: { tls: { ca, serverName: 'elsewhere.example' } },
    })
    assert.equal(connection.tls?.peerCertificate?.subjectAltName, 'DNS:elsewhere.example')
  })

  test('is seen by the client, with the agreed protocol', async t => {
    const { client: connection, server } = await openPair(t, tls)
    assert.equal(connection.tls?.peerCertificate?.subject['CN'], 'localhost')
    assert.match(connection.tls.protocol, /^TLSv1\.[23]$/)
    assert.match(connection.tls.cipher, /^TLS_/)
    assert.equal(server.tls?.peerCertificate, undefined)
    assert.equal(server.tls?.protocol, connection.tls.protocol)
    const { fingerprint256, raw, validTo } = connection.tls.peerCertificate!
    assert.match(fingerprint256, /^([0-9A-F]{2}:){31}/)
    assert(raw.length > 100, 'there is no certificate')
    assert(validTo.getTime() > Date.now(), 'validTo is no date to come')
  })

  test('is good for a host name and for both kinds of addresses', async t => {
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      const listener = await openListener(t, { ...tls, freshAddress: () => `tls://${host}:0` })
      const accepted = acceptOne(t, listener)
      const connection = await within(connect(listener.address, { tls: { ca } }))
      t.after(() => connection.abort())
      await accepted
    }
  })

  test('is verified whatever NODE_TLS_REJECT_UNAUTHORIZED says, at both ends', async () => {
    const codes = (await runProgram('tls-without-environment', {
      env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    })) as string[]
    const rejected = 'CERTIFICATE_REJECTED'
    assert.deepEqual(codes.slice(0, 3), [rejected, rejected, rejected])
    assert.deepEqual(codes.slice(3).sort(), ['client threw', `server ${rejected}`])
  })
})

describe('a client’s certificate', () => {
  const mutual = { ...localhost, ca }

  test('is asked for and shown at the server', async t => {
    const { client: connection, server } = await openPair(t, tls, {
      server: { tls: mutual },
      client: { tls: { ca, ...client } },
    })
    assert.equal(server.tls?.peerCertificate?.subject['CN'], 'client')
    await sendNumbered(connection.writer, 3)
    await receiveNumbered(server.reader, 3)
  })

  for (const minVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    for (const [what, own] of [
      ['that is missing', {}],
      ['of an unknown authority', otherLocalhost],
      ['that has expired', expired],
    ] as const) {
      test(`${what} is refused with at least ${minVersion}, also at the second and third try`, async t => {
        const rejected: ConnectError[] = []
        const listener = await openListener(t, tls, {
          tls: { ...mutual, minVersion },
          onRejected: error => rejected.push(error),
        })
        const accepted = listener.accept()
        for (let i = 1; i <= 3; i++) {
          await assertNoCleanEnd(connect(listener.address, { tls: { ca, ...own } }))
          await until(() => rejected.length === i, 'onRejected is told')
          connectError(rejected[i - 1], 'CERTIFICATE_REJECTED', 'HANDSHAKE_FAILED')
        }
        await within(listener.close())
        assert.equal(await within(accepted), undefined, 'a client that was refused was handed out')
      })
    }
  }

  test('of an unknown authority is told to the server with the reason as the code of its cause', async t => {
    const rejected: ConnectError[] = []
    const listener = await openListener(t, tls, {
      tls: mutual,
      onRejected: error => rejected.push(error),
    })
    await assertNoCleanEnd(connect(listener.address, { tls: { ca, ...otherLocalhost } }))
    await until(() => rejected.length === 1, 'onRejected is told')
    const error = connectError(rejected[0], 'CERTIFICATE_REJECTED')
    assert.equal((error.cause as { code?: string }).code, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  })

  test('of an authority that the server was given later is taken, the one before no more', async t => {
    const listener = await openListener(t, tls, { tls: mutual })
    listener.updateTls({ ...localhost, ca: otherCa })
    await assertNoCleanEnd(connect(listener.address, { tls: { ca, ...client } }))
    await handshake(t, listener, { ca, ...otherLocalhost })
  })
})

describe('updateTls', () => {
  test('takes effect for the next connection, and the old ones live on', async t => {
    const { client: old, server, listener } = await openPair(t, tls)
    assert.equal(old.tls?.peerCertificate?.subject['CN'], 'localhost')
    listener.updateTls(renewed)
    const next = await handshake(t, listener, { ca })
    assert.equal(next.tls?.peerCertificate?.subject['CN'], 'renewed')
    await sendNumbered(old.writer, 3)
    await receiveNumbered(server.reader, 3)
  })

  test('refuses what cannot be used and keeps the old certificate', async t => {
    const listener = await openListener(t, tls)
    const bad: unknown[] = [
      { cert: 'no pem', key: 'no pem' },
      { cert: localhost.cert, key: renewed.key },
      { cert: localhost.cert },
      { ...localhost, ca },
      { ...localhost, colour: 'red' },
      {},
    ]
    for (const options of bad) {
      assert.throws(
        () => listener.updateTls(options as TlsListenOptions),
        (error: unknown) => connectError(error, 'INVALID_OPTION') !== undefined,
      )
    }
    const next = await handshake(t, listener, { ca })
    assert.equal(next.tls?.peerCertificate?.subject['CN'], 'localhost')
  })
})

/** Connects to the listener and takes the connection in. */
async function handshake(
  t: TestContext,
  listener: Listener,
  options: NonNullable<ConnectOptions['tls']>,
): Promise<Connection> {
  const accepted = acceptOne(t, listener)
  const connection = await within(connect(listener.address, { tls: options }))
  t.after(() => connection.abort())
  await accepted
  return connection
}

/** A client of TLS 1.3 may believe for a moment that it is connected; it must not see a clean end. */
async function assertNoCleanEnd(connecting: Promise<Connection>): Promise<void> {
  try {
    const connection = await within(connecting)
    await failure(
      connection.reader.receive(),
      'CERTIFICATE_REJECTED',
      'HANDSHAKE_FAILED',
      'CONNECTION_RESET',
      'CONNECTION_FAILED',
    )
  } catch (error) {
    connectError(error, 'CERTIFICATE_REJECTED', 'HANDSHAKE_FAILED')
  }
}
