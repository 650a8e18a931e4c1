import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { describe, test } from 'node:test'
import { connect, listen, type TlsIdentity } from '../../src/index.ts'
import { loadEngine } from '../../src/transport/dtls-sctp/engine/load-engine.ts'
import { certificates } from '../support/certificates.ts'
import { receiveNumbered, sendNumbered } from '../support/data.ts'
import { failure, thrown } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { dtlsSctp, tls } from '../support/media.ts'
import { openListener, openPair } from '../support/pairs.ts'

failOnLeaks()

const { ca, client, localhost, otherLocalhost, renewed } = certificates

const PASSPHRASE = 'the right one'

/** The same identity, its key encrypted. */
function encrypted({ cert, key }: { cert: string; key: string }): { cert: string; key: string } {
  const cipher = { cipher: 'aes-256-cbc', passphrase: PASSPHRASE }
  return { cert, key: createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', ...cipher }) as string }
}

const locked = encrypted(localhost)
/** It looks like one, and is none. */
const rubbish = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
const rubbishKey = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'

/** What no end takes, and the option that the message names. */
const bad: readonly (readonly [string, TlsIdentity, RegExp])[] = [
  ['a certificate that is no PEM', { ...localhost, cert: 'no pem' }, /tls\.cert/],
  ['a certificate that cannot be decoded', { ...localhost, cert: rubbish }, /tls\.cert/],
  ['a key that is no PEM', { ...localhost, key: 'no pem' }, /tls\.key/],
  ['a key that cannot be decoded', { ...localhost, key: rubbishKey }, /tls\.key/],
  ['a certificate in place of a key', { ...localhost, key: localhost.cert }, /tls\.key/],
  ['the key of another certificate', { cert: localhost.cert, key: renewed.key }, /tls\.key/],
  ['an authority that is no PEM', { ...localhost, ca: 'no pem' }, /tls\.ca/],
  ['an encrypted key with a wrong passphrase', { ...locked, passphrase: 'the wrong one' }, /tls\.key/],
  ['an encrypted key with an empty passphrase', { ...locked, passphrase: '' }, /tls\.(key|passphrase)/],
  ['an encrypted key without a passphrase', locked, /tls\.key/],
]

/** Node passes over authorities that it cannot decode, and trusts fewer than it was told to. */
const badOnDtls: typeof bad = [
  ['an authority that cannot be decoded', { ...localhost, ca: rubbish }, /tls\.ca/],
  ['a good authority and one that cannot be decoded', { ...localhost, ca: [ca, rubbish] }, /tls\.ca/],
  [
    'a good certificate and one that cannot be decoded',
    { ...localhost, cert: [localhost.cert, rubbish] },
    /tls\.cert/,
  ],
]

for (const [name, { scheme, medium, identities }] of Object.entries({
  'tls:': { scheme: 'tls', medium: tls, identities: bad },
  'dtls-sctp:': { scheme: 'dtls-sctp', medium: dtlsSctp, identities: [...bad, ...badOnDtls] },
})) {
  describe(`on ${name}`, () => {
    for (const [what, identity, names] of identities) {
      test(`${what} is refused by connect, listen and updateTls, which name the option`, async t => {
        const { ca: authority = ca } = identity
        const dialled = connect(`${scheme}://127.0.0.1:9`, { tls: { ...identity, ca: authority } })
        assert.match((await failure(dialled, 'INVALID_OPTION')).message, names)
        const listening = listen(`${scheme}://127.0.0.1:0`, { tls: identity })
        assert.match((await failure(listening, 'INVALID_OPTION')).message, names)
        const asks = identity.ca === undefined ? {} : { ca }
        const listener = await openListener(t, medium, { tls: { ...localhost, ...asks } })
        assert.match(thrown(() => listener.updateTls(identity), 'INVALID_OPTION').message, names)
      })
    }

    test('encrypted keys are used with their passphrase at both ends', async t => {
      const { client: connection, server } = await openPair(t, medium, {
        server: { tls: { ...locked, ca, passphrase: PASSPHRASE } },
        client: { tls: { ...encrypted(client), ca, passphrase: PASSPHRASE } },
      })
      assert.equal(server.tls?.peerCertificate?.subject['CN'], 'client')
      await sendNumbered(connection.writer, 3)
      await receiveNumbered(server.reader, 3)
    })

    test('a certificate and a key may be bytes, and the authorities a list', async t => {
      const bytes = { cert: Buffer.from(localhost.cert), key: [new TextEncoder().encode(localhost.key)] }
      const { client: connection } = await openPair(t, medium, {
        server: { tls: bytes },
        client: { tls: { ca: [otherLocalhost.cert, ca] } },
      })
      assert.equal(connection.tls?.peerCertificate?.subject['CN'], 'localhost')
    })
  })
}

describe('on dtls-sctp:', () => {
  test('minVersion TLSv1.3 is refused, for there is none, and TLSv1.2 is taken', async t => {
    const least = { minVersion: 'TLSv1.3' } as const
    const dialled = connect('dtls-sctp://127.0.0.1:9', { tls: { ca, ...least } })
    const listening = listen('dtls-sctp://127.0.0.1:0', { tls: { ...localhost, ...least } })
    for (const refused of [dialled, listening]) {
      assert.match((await failure(refused, 'INVALID_OPTION')).message, /tls\.minVersion.*DTLS 1\.2/)
    }
    const { client: connection } = await openPair(t, dtlsSctp, {
      server: { tls: { ...localhost, minVersion: 'TLSv1.2' } },
      client: { tls: { ca, minVersion: 'TLSv1.2' } },
    })
    assert.equal(connection.tls?.protocol, 'DTLSv1.2')
  })

  test('tls is required to listen, with certificate and key', async () => {
    assert.match((await failure(listen('dtls-sctp://127.0.0.1:0'), 'INVALID_OPTION')).message, /tls/)
    for (const incomplete of [{}, { cert: localhost.cert }, { key: localhost.key }]) {
      await failure(listen('dtls-sctp://127.0.0.1:0', { tls: incomplete as never }), 'INVALID_OPTION')
    }
  })

  test('no option turns verification off', async () => {
    for (const name of ['rejectUnauthorized', 'checkServerIdentity', 'insecure']) {
      const tls = { ca, [name]: false } as never
      const { message } = await failure(connect('dtls-sctp://127.0.0.1:9', { tls }), 'INVALID_OPTION')
      assert.match(message, new RegExp(name))
    }
  })

  // Node refuses most of this before the engine sees it; that has to be safe by itself.
  for (const [what, identity] of [...bad, ...badOnDtls]) {
    test(`the engine by itself takes ${what} for an error, asks nobody, and keeps nothing`, async () => {
      const engine = await loadEngine()
      const before = engine.alive
      const { ca, cert, key, passphrase } = identity
      const credentials = { ca, cert, key, passphrase, alpnProtocols: undefined }
      for (const make of [() => engine.server(credentials), () => engine.client(credentials)]) {
        // Whoever asks at a terminal, and finds none, says so.
        assert.throws(make, (error: Error) => !/password read|problems getting password/.test(error.message))
      }
      assert.equal(engine.alive, before)
    })
  }
})
