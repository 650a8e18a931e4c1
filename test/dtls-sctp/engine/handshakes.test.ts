import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { DtlsFailure, UnusableCredentials } from '../../../src/transport/dtls-sctp/engine/dtls-engine.ts'
import { certificates } from '../../support/certificates.ts'
import { ContentType, HandshakeType, handshakeMessage, record } from '../hostile/support/records.ts'
import {
  cookies,
  credentials,
  EnginePair,
  FLIGHTS,
  type GivenCredentials,
  mutual,
  type PairOptions,
} from '../support/engine-pair.ts'
import { engines } from '../support/engines.ts'

/** A fatal alert, `internal_error`, that nothing protects; newer than what was sent before it. */
const ALERT = Uint8Array.of(21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 1, 0, 0, 2, 2, 80)

interface Refusal extends PairOptions {
  /** The flight that is refused. */
  readonly flight: number
  /** By whoever gets it. */
  readonly code: string
  /** What the other end says to the alert. */
  readonly peerCode: string
}

const refusals: Readonly<Record<string, Refusal>> = {
  'a server whose authority is unknown': {
    client: { ca: certificates.otherCa },
    flight: 4,
    code: 'SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    peerCode: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
  },
  'a server of another name': {
    name: 'elsewhere.example',
    flight: 4,
    code: 'HOSTNAME_MISMATCH',
    peerCode: 'ERR_SSL_.*_ALERT_BAD_CERTIFICATE',
  },
  'a server at another IP address': {
    name: '127.0.0.9',
    flight: 4,
    code: 'IP_ADDRESS_MISMATCH',
    peerCode: 'ERR_SSL_.*_ALERT_BAD_CERTIFICATE',
  },
  'a server whose certificate has expired': {
    server: certificates.expired,
    flight: 4,
    code: 'CERT_HAS_EXPIRED',
    peerCode: 'ERR_SSL_.*_ALERT_CERTIFICATE_EXPIRED',
  },
  'a client that shares no application protocol': {
    client: { ca: certificates.ca, alpnProtocols: ['one'] },
    server: { ...certificates.localhost, alpnProtocols: ['another'] },
    flight: 3,
    code: 'ERR_SSL_NO_APPLICATION_PROTOCOL',
    peerCode: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
  },
  'a client without a certificate': {
    server: mutual.server,
    flight: 5,
    code: 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE',
    peerCode: 'ERR_SSL_.*_ALERT_CERTIFICATE_REQUIRED',
  },
  'a client whose authority is unknown': {
    client: { ca: certificates.ca, ...certificates.otherLocalhost },
    server: mutual.server,
    flight: 5,
    code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    peerCode: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
  },
}

const failsWith =
  (code: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof DtlsFailure)
    assert.match(error.code, new RegExp(`^(${code})$`))
    return true
  }

for (const [name, engine] of engines) {
  describe(`DTLS handshakes through ${name}`, () => {
    let pair: EnginePair
    const begin = (options: PairOptions = mutual): EnginePair => {
      pair = new EnginePair(engine, options)
      return pair
    }

    afterEach(() => {
      pair?.free()
      assert.equal(engine.alive, 0)
    })

    it('take six flights', () => {
      begin().carryTo(FLIGHTS - 1)
      assert.deepEqual([pair.client.isUp, pair.accepted.isUp], [false, true])
      assert.ok(pair.carry() > 0)
      assert.ok(pair.isUp)
      assert.ok(engine.alive > 0)
    })

    it('survive the contexts that they were begun with', () => {
      begin().carryTo(3)
      pair.stopListening()
      pair.up()
      pair.client.send(Uint8Array.of(1, 2, 3))
      assert.equal(pair.accepted.receive(pair.client.takeAll(), new Uint8Array(100)), 3)
    })

    for (const [whom, { flight, code, peerCode, ...options }] of Object.entries(refusals)) {
      it(`refuse ${whom}, whose end is told`, () => {
        begin(options).carryTo(flight - 1)
        assert.throws(() => pair.carry(), failsWith(code))
        assert.throws(() => pair.carry(), failsWith(peerCode))
        assert.ok(!pair.isUp)
      })
    }

    for (let flight = 0; flight <= FLIGHTS; flight++) {
      it(`leave nothing behind if they are broken off behind flight ${flight}`, () => {
        begin().carryTo(flight).free()
        assert.equal(engine.alive, 0)
      })

      it(`leave nothing behind if they are ended behind flight ${flight}`, () => {
        begin().carryTo(flight)
        pair.client.end()
        pair.server?.end()
        pair.free()
        assert.equal(engine.alive, 0)
      })
    }

    for (const flight of [2, 4, 5, 6]) {
      it(`fail, and leave nothing behind, if an alert comes in place of flight ${flight}`, () => {
        begin().carryTo(flight - 1)
        assert.throws(() => pair.carry(() => ALERT), failsWith('ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR'))
        // The rest of the flight comes too late for a connection that has failed.
        pair.free()
        assert.equal(engine.alive, 0)
      })
    }

    it('are begun by nothing but a ClientHello', () => {
      begin().carryTo(2)
      pair.carry(() => ALERT)
      assert.equal(pair.server, undefined)
      assert.equal(pair.verdict?.answer?.length, 0)
      assert.equal(pair.verdict?.failure, undefined)
    })
  })

  describe(`what DTLS handshakes begin with, through ${name}`, () => {
    afterEach(() => assert.equal(engine.alive, 0))

    it('cannot be used when it is freed', () => {
      const client = engine.client(credentials({ ca: certificates.ca }))
      const hello = client.connect('localhost')
      const server = engine.server(credentials(certificates.localhost))
      client.free()
      server.free()
      assert.throws(() => client.connect('localhost'), /SSL_CTX was used after it was freed/)
      assert.throws(() => server.onClientHello(hello.takeAll(), cookies), /used after it was freed/)
      hello.free()
    })

    it('may be freed twice', () => {
      const client = engine.client(credentials({ ca: certificates.ca }))
      const server = engine.server(credentials(certificates.localhost))
      for (let i = 0; i < 2; i++) {
        client.free()
        server.free()
        assert.equal(engine.alive, 0)
      }
    })

    it('is refused if it cannot be used, and then freed', () => {
      const { localhost, client, ca } = certificates
      const wrong: [GivenCredentials, string][] = [
        [{ cert: 'nothing', key: localhost.key }, 'cert'],
        [{ ...localhost, key: 'nothing' }, 'key'],
        [{ ...localhost, key: client.key }, 'key'],
        [{ ...localhost, ca: `${ca}\n${ca.slice(0, 100)}` }, 'ca'],
      ]
      for (const [given, what] of wrong) {
        const expected = { constructor: UnusableCredentials, what }
        assert.throws(() => engine.client(credentials(given)), expected)
        assert.throws(() => engine.server(credentials(given)), expected)
        assert.equal(engine.alive, 0)
      }
      assert.throws(() => engine.client(credentials({ ca, alpnProtocols: [''] })), DtlsFailure)
      assert.equal(engine.alive, 0)
    })

    it('keeps no room for a long message, unless it has asked for a certificate', () => {
      const begun = (bytes: number): Uint8Array =>
        record(
          { type: ContentType.HANDSHAKE, sequence: 20 },
          handshakeMessage(HandshakeType.CLIENT_KEY_EXCHANGE, 3, Buffer.alloc(bytes), 0, 5),
        )
      for (const [server, most] of [
        [certificates.localhost, 16_000],
        [mutual.server, 100_000],
      ] as const) {
        for (const [bytes, isTaken] of [
          [most, true],
          [most + 10_000, false],
        ] as const) {
          const pair = new EnginePair(engine, { server }).carryTo(3)
          const give = (): unknown => pair.accepted.receive(begun(bytes), new Uint8Array(100))
          if (isTaken) assert.doesNotThrow(give)
          else assert.throws(give, DtlsFailure)
          pair.free()
        }
      }
    })

    it('refuses a name that cannot be one', () => {
      const client = engine.client(credentials({ ca: certificates.ca }))
      assert.throws(() => client.connect('x'.repeat(300)), DtlsFailure)
      client.free()
    })
  })
}
