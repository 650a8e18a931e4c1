import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { helloParametersOf } from '../../../src/transport/dtls-sctp/link/hello-parameters.ts'
import { ContentType, handshakeMessage, record } from '../hostile/support/records.ts'

interface Hello {
  readonly version: number
  readonly random: Uint8Array
  readonly sessionId: Uint8Array
  readonly cookie: Uint8Array
  readonly suites: readonly number[]
  readonly compression: Uint8Array
  readonly extensions: Uint8Array
}

const CLIENT_HELLO = 1

function bodyOf(hello: Hello): Buffer {
  const { version, random, sessionId, cookie, suites, compression, extensions } = hello
  const list = Buffer.from(suites.flatMap(suite => [suite >> 8, suite & 0xff]))
  return Buffer.concat([
    Buffer.of(version >> 8, version & 0xff),
    random,
    Buffer.of(sessionId.length),
    sessionId,
    Buffer.of(cookie.length),
    cookie,
    Buffer.of(list.length >> 8, list.length & 0xff),
    list,
    Buffer.of(compression.length),
    compression,
    extensions,
  ])
}

const recordOf = (hello: Hello, to?: number): Buffer =>
  record({ type: ContentType.HANDSHAKE }, handshakeMessage(CLIENT_HELLO, 0, bodyOf(hello), 0, to))

const parametersOf = (hello: Hello): string => {
  const parameters = helloParametersOf(recordOf(hello))
  assert(parameters !== undefined, 'they are all there')
  return parameters.map(each => Buffer.from(each).toString('hex')).join(' ')
}

const bytes = (most: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: most })
const anyHello: fc.Arbitrary<Hello> = fc.record({
  version: fc.constantFrom(0xfefd, 0xfeff),
  random: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  sessionId: bytes(32),
  cookie: bytes(255),
  suites: fc.array(fc.nat(0xffff), { minLength: 1, maxLength: 40 }),
  compression: bytes(3),
  extensions: bytes(60),
})

/** What the client must not change between its two hellos. */
const bound = ['version', 'random', 'sessionId', 'suites', 'compression'] as const

describe('what the cookie of a ClientHello is for', () => {
  it('is the same whatever the cookie and the extensions are', () => {
    fc.assert(
      fc.property(anyHello, bytes(255), bytes(60), (hello, cookie, extensions) => {
        assert.equal(parametersOf({ ...hello, cookie, extensions }), parametersOf(hello))
      }),
    )
  })

  for (const name of bound) {
    it(`is another with another ${name}`, () => {
      fc.assert(
        fc.property(anyHello, anyHello, (hello, { [name]: other }) => {
          fc.pre(JSON.stringify(hello[name]) !== JSON.stringify(other))
          assert.notEqual(parametersOf({ ...hello, [name]: other }), parametersOf(hello))
        }),
      )
    })
  }

  it('is not known from a fragment that ends before the extensions', () => {
    fc.assert(
      fc.property(anyHello, hello => {
        const needed = bodyOf({ ...hello, extensions: new Uint8Array(0) }).length
        for (let to = 0; to < needed; to++) assert.equal(helloParametersOf(recordOf(hello, to)), undefined)
        assert.deepEqual(helloParametersOf(recordOf(hello, needed)), helloParametersOf(recordOf(hello)))
      }),
      { numRuns: 20 },
    )
  })

  it('is not known from a record that is shorter than it says', () => {
    fc.assert(
      fc.property(anyHello, fc.nat(), (hello, cut) => {
        const whole = recordOf(hello)
        assert.equal(helloParametersOf(whole.subarray(0, cut % whole.length)), undefined)
      }),
    )
  })
})
