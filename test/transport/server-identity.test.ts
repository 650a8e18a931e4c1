import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ConnectError, connect } from '../../src/index.ts'
import { checkIdentity } from '../../src/transport/tls-identity.ts'
import { makeCertificate } from '../support/certificate-maker.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { dtlsSctp, tls } from '../support/media.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'
import { until } from '../support/waiting.ts'

failOnLeaks()

const authority = makeCertificate({ name: 'an authority', authority: true })

/** Which names a certificate is good for, and which not. */
const table: readonly {
  readonly what: string
  readonly name?: string
  readonly altNames: readonly string[]
  readonly goodFor: readonly string[]
  readonly badFor: readonly string[]
}[] = [
  {
    what: 'a name',
    altNames: ['DNS:Good.example'],
    goodFor: ['good.example', 'GOOD.example', 'good.example.'],
    badFor: ['better.example', 'sub.good.example', 'good.example.org', '.good.example', 'example'],
  },
  {
    what: 'a wildcard that is the whole first label stands for one label',
    altNames: ['DNS:*.star.example'],
    goodFor: ['a.star.example', 'a-b.star.example', 'xn--bcher-kva.star.example'],
    badFor: ['star.example', 'a.b.star.example', '.star.example', 'a_b.star.example'],
  },
  {
    what: 'a wildcard inside a label stands for nothing',
    altNames: ['DNS:f*o.sub.example', 'DNS:b*.sub.example', 'DNS:*z.sub.example', 'DNS:f*o.example'],
    goodFor: [],
    badFor: ['foo.sub.example', 'fo.sub.example', 'bar.sub.example', 'buzz.sub.example', 'foo.example'],
  },
  {
    what: 'a wildcard inside a label in ASCII form stands for nothing',
    altNames: ['DNS:xn--*.sub.example', 'DNS:xn--bcher-*.sub.example', 'DNS:xn--*.example'],
    goodFor: [],
    badFor: ['xn--bcher-kva.sub.example', 'xn--bcher-kva.example'],
  },
  {
    what: 'a wildcard behind the first label stands for nothing',
    altNames: ['DNS:a.*.sub.example', 'DNS:*.*.sub.example', 'DNS:a.*.example', 'DNS:*'],
    goodFor: [],
    badFor: ['a.b.sub.example', 'b.c.sub.example', 'a.b.example', 'localhost'],
  },
  { what: 'a wildcard for a whole domain', altNames: ['DNS:*.example'], goodFor: [], badFor: ['a.example'] },
  {
    what: 'a common name in place of alternative names',
    name: 'common.example',
    altNames: [],
    goodFor: [],
    badFor: ['common.example'],
  },
  {
    what: 'a common name beside alternative names of another kind',
    name: 'common.example',
    altNames: ['email:someone@common.example', 'IP:127.0.0.9'],
    goodFor: ['127.0.0.9'],
    badFor: ['common.example'],
  },
  {
    what: 'an IP address',
    altNames: ['IP:127.0.0.1'],
    goodFor: ['127.0.0.1'],
    badFor: ['127.0.0.2', '::1', '::ffff:127.0.0.1'],
  },
  {
    what: 'an IP address written as a name',
    name: '127.0.0.1',
    altNames: ['DNS:127.0.0.1', 'DNS:*.0.0.1'],
    goodFor: [],
    badFor: ['127.0.0.1'],
  },
]

for (const [scheme, medium] of Object.entries({ tls, 'dtls-sctp': dtlsSctp })) {
  describe(`on ${scheme}: RFC 9525 decides for whom a certificate is:`, () => {
    for (const { what, name = 'a server', altNames, goodFor, badFor } of table) {
      test(what, async t => {
        const { cert, key } = makeCertificate({ name, altNames, issuer: authority })
        const refused: string[] = []
        const onRejected = ({ code }: ConnectError): unknown => refused.push(code)
        const listener = await openListener(t, medium, { tls: { cert, key }, onRejected })
        const options = (serverName: string) => ({ tls: { ca: authority.cert, serverName } })
        for (const serverName of badFor) {
          const error = await failure(connect(listener.address, options(serverName)), 'CERTIFICATE_REJECTED')
          assert.equal(
            (error.cause as NodeJS.ErrnoException).code,
            'ERR_TLS_CERT_ALTNAME_INVALID',
            serverName,
          )
          assert.match(error.message, /the certificate is not for /)
        }
        // OpenSSL refuses it in the handshake of DTLS, so that the server is told; names with a dot first mean more to it.
        if (medium === dtlsSctp) {
          await until(() => refused.length === badFor.length, 'onRejected is told')
          const others = refused.filter((_, index) => !badFor[index]!.startsWith('.'))
          assert(
            others.every(code => code === 'CERTIFICATE_REJECTED'),
            others.join(),
          )
        }
        for (const serverName of goodFor) {
          const accepted = acceptOne(t, listener)
          await openClient(t, medium, listener.address, options(serverName))
          await accepted
        }
      })
    }
  })
}

describe('checkIdentity', () => {
  const { cert } = makeCertificate({
    name: 'a server',
    altNames: ['DNS:good.example', 'DNS:a\x1b[31m\u202e\x9b'],
  })
  const raw = derOf({ cert })

  test('gives an error, and never throws, for what cannot be a name and for what is no certificate', () => {
    for (const name of ['', 'a\0b', '\0', 'fe80::1%eth0', 'x'.repeat(100_000), '\ud800']) {
      assert.match(checkIdentity(name, raw)?.message ?? 'no error', /certificate/)
    }
    for (const bad of [undefined, new Uint8Array(0), raw.subarray(0, 20), 'text' as unknown as Uint8Array]) {
      assert.match(checkIdentity('good.example', bad)?.message ?? 'no error', /certificate/)
    }
  })

  test('names the certificate’s names without their control characters, and not at any length', () => {
    const { message } = checkIdentity('bad.example', raw)!
    assert.match(message, /not for bad\.example; it is for DNS:good\.example/)
    assert.doesNotMatch(message, /[\p{C}]/u)
    assert(checkIdentity('x'.repeat(100_000), raw)!.message.length < 1000)
    const altNames = Array.from({ length: 500 }, (_, index) => `DNS:name-${index}.example`)
    assert(
      checkIdentity('bad.example', derOf(makeCertificate({ name: 'many', altNames })))!.message.length < 1000,
    )
  })
})

function derOf({ cert }: { readonly cert: string }): Uint8Array {
  return Buffer.from(cert.split('\n').slice(1, -2).join(''), 'base64')
}
