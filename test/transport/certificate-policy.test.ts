import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ConnectError, connect, type ListenOptions } from '../../src/index.ts'
import {
  type CertificateContent,
  der,
  extension,
  type Made,
  makeCertificate,
  objectId,
  sequence,
} from '../support/certificate-maker.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { dtlsSctp, tls } from '../support/media.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'

failOnLeaks()

const DAY_MS = 86_400_000
const at = (days: number): Date => new Date(Date.now() + days * DAY_MS)

const extendedKeyUsage = (...purposes: number[][]): Uint8Array =>
  extension([2, 5, 29, 37], false, sequence(...purposes.map(objectId)))
const keyUsage = (bits: number): Uint8Array =>
  extension([2, 5, 29, 15], true, der(0x03, Uint8Array.of(1, bits)))
const onlyExampleOrg = extension(
  [2, 5, 29, 30],
  true,
  sequence(der(0xa0, sequence(der(0x82, Buffer.from('example.org'))))),
)
const unknownCritical = extension([1, 2, 3, 4, 5], true, der(0x05, new Uint8Array(0)))

const authority = (content: Partial<CertificateContent> = {}): Made =>
  makeCertificate({ name: 'an authority', authority: true, ...content })
const server = (content: Partial<CertificateContent> = {}): Made =>
  makeCertificate({ name: 'a server', altNames: ['DNS:localhost', 'IP:127.0.0.1'], ...content })

const root = authority()
const intermediate = authority({ name: 'an intermediate', issuer: root })
const noAuthority = makeCertificate({ name: 'no authority', issuer: root })
const last = authority({ name: 'the last', pathLength: 0, issuer: root })
const belowLast = authority({ name: 'below the last', issuer: last })
const constrained = authority({ extensions: [onlyExampleOrg] })
const withoutSigning = authority({ extensions: [keyUsage(0x02)] })
const expiredAuthority = authority({ from: at(-9), to: at(-8) })
const ofRoot = server({ issuer: root })
const selfSigned = server()

/** What a client that trusts `ca` says of what a server shows. */
const table: readonly {
  readonly what: string
  readonly shown: Made
  readonly chain?: readonly Made[]
  readonly ca: Made
  /** The code of the cause. Several where TLS names the last fault that it finds, and DTLS the first. */
  readonly refused?: readonly string[]
}[] = [
  { what: 'of the authority', shown: ofRoot, ca: root },
  { what: 'with its intermediate', shown: server({ issuer: intermediate }), chain: [intermediate], ca: root },
  { what: 'that signs itself and is trusted', shown: selfSigned, ca: selfSigned },
  {
    what: 'that signs itself',
    shown: selfSigned,
    ca: root,
    refused: ['DEPTH_ZERO_SELF_SIGNED_CERT'],
  },
  {
    what: 'without its intermediate',
    shown: server({ issuer: intermediate }),
    ca: root,
    refused: ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  },
  {
    what: 'of an intermediate that is trusted, while its authority is not',
    shown: server({ issuer: intermediate }),
    ca: intermediate,
    refused: ['UNABLE_TO_GET_ISSUER_CERT'],
  },
  {
    what: 'that is trusted itself, while its authority is not',
    shown: ofRoot,
    ca: ofRoot,
    refused: ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  },
  {
    what: 'with a critical extension that nobody knows',
    shown: server({ issuer: root, extensions: [unknownCritical] }),
    ca: root,
    refused: ['UNSPECIFIED'],
  },
  {
    what: 'for a name that its authority may not sign',
    shown: server({ issuer: constrained }),
    ca: constrained,
    refused: ['UNSPECIFIED'],
  },
  {
    what: 'for clients alone',
    shown: server({ issuer: root, extensions: [extendedKeyUsage([1, 3, 6, 1, 5, 5, 7, 3, 2])] }),
    ca: root,
    refused: ['INVALID_PURPOSE'],
  },
  {
    what: 'signed by what is no authority',
    shown: server({ issuer: noAuthority }),
    chain: [noAuthority],
    ca: root,
    refused: ['INVALID_PURPOSE', 'INVALID_CA'],
  },
  {
    what: 'of an authority that may sign nothing',
    shown: server({ issuer: withoutSigning }),
    ca: withoutSigning,
    refused: ['UNSPECIFIED', 'INVALID_CA'],
  },
  {
    what: 'below more authorities than one of them allows',
    shown: server({ issuer: belowLast }),
    chain: [belowLast, last],
    ca: root,
    refused: ['PATH_LENGTH_EXCEEDED'],
  },
  {
    what: 'of an authority that has expired',
    shown: server({ issuer: expiredAuthority }),
    ca: expiredAuthority,
    refused: ['CERT_HAS_EXPIRED'],
  },
  {
    what: 'that has expired',
    shown: server({ issuer: root, from: at(-9), to: at(-8) }),
    ca: root,
    refused: ['CERT_HAS_EXPIRED'],
  },
  {
    what: 'that is not valid yet',
    shown: server({ issuer: root, from: at(8), to: at(9) }),
    ca: root,
    refused: ['CERT_NOT_YET_VALID'],
  },
  {
    what: 'signed by another authority of the same name',
    shown: server({ issuer: authority() }),
    ca: root,
    refused: ['CERT_SIGNATURE_FAILURE'],
  },
]

const BROKEN = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

/** Options that cannot be used, by what the error names. */
const unusable: readonly { readonly what: string; readonly tls: object; readonly names: RegExp }[] = [
  { what: 'an authority that cannot be read', tls: { ca: BROKEN }, names: /option tls\.ca cannot/ },
  {
    what: 'one that can and one that cannot',
    tls: { ca: [root.cert, BROKEN] },
    names: /option tls\.ca cannot/,
  },
  { what: 'a certificate that is cut', tls: { ca: root.cert.slice(0, 200) }, names: /option tls\.ca cannot/ },
  { what: 'a key as an authority', tls: { ca: root.key }, names: /option tls\.ca cannot.*no certificate/ },
  {
    what: 'a key of another certificate',
    tls: { cert: root.cert, key: ofRoot.key },
    names: /option tls\.key/,
  },
  {
    what: 'a certificate that cannot be read',
    tls: { cert: BROKEN, key: root.key },
    names: /option tls\.cert/,
  },
]

for (const [scheme, medium] of Object.entries({ tls, 'dtls-sctp': dtlsSctp })) {
  describe(`on ${scheme}: as on the other scheme, a server’s certificate`, () => {
    for (const { what, shown, chain = [], ca, refused } of table) {
      test(`${what} is ${refused === undefined ? 'taken' : 'refused'}`, async t => {
        const rejected: ConnectError[] = []
        const cert = [shown, ...chain].map(each => each.cert).join('')
        const options: ListenOptions = {
          tls: { cert, key: shown.key },
          onRejected: error => rejected.push(error),
        }
        const listener = await openListener(t, medium, options)
        if (refused === undefined) {
          const accepted = acceptOne(t, listener)
          await openClient(t, medium, listener.address, { tls: { ca: `some text\n${ca.cert}` } })
          await accepted
          return
        }
        const connecting = connect(listener.address, { tls: { ca: ca.cert } })
        const { cause, message } = await failure(connecting, 'CERTIFICATE_REJECTED')
        assert.match((cause as NodeJS.ErrnoException).code ?? 'none', new RegExp(`^(${refused.join('|')})$`))
        assert.match(message, /failed over the server's certificate: /)
      })
    }
  })

  describe(`on ${scheme}: as on the other scheme, INVALID_OPTION names`, () => {
    for (const { what, tls: given, names } of unusable) {
      test(what, async t => {
        const listener = await openListener(t, medium)
        const error = await failure(connect(listener.address, { tls: given }), 'INVALID_OPTION')
        assert.match(error.message, names)
      })
    }
  })
}
