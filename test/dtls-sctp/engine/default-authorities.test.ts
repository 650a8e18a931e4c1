import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { DtlsFailure, UnusableCredentials } from '../../../src/transport/dtls-sctp/engine/dtls-engine.ts'
import { OpenSslEngine } from '../../../src/transport/dtls-sctp/engine/openssl/openssl-engine.ts'
import { certificates } from '../../support/certificates.ts'
import { credentials, EnginePair, type GivenCredentials } from '../support/engine-pair.ts'
import { FaultyLibrary } from '../support/faulty-library.ts'
import { nativeLibraries } from '../support/native-libraries.ts'

const { ca, otherCa } = certificates
const none = credentials({})

const isUnknownAuthority = (error: unknown): boolean =>
  error instanceof DtlsFailure &&
  /^UNABLE_TO_(GET_ISSUER_CERT_LOCALLY|VERIFY_LEAF_SIGNATURE)$/.test(error.code)

for (const [name, library] of nativeLibraries) {
  describe(`the authorities that clients trust by default, through ${name},`, () => {
    const faulty = new FaultyLibrary(library)
    const engine = new OpenSslEngine(faulty)

    /** The whole handshake with a server whose authority is `ca`. */
    const connect = (defaultCa: readonly string[], client: GivenCredentials = {}): void => {
      const pair = new EnginePair(engine, { client, defaultCa })
      try {
        pair.up()
      } finally {
        pair.free()
      }
    }

    afterEach(() => {
      engine.forget()
      assert.equal(engine.alive, 0)
    })

    it('are read for the first client, and for none of those that follow', () => {
      const before = faulty.calls('X509_STORE_add_cert')
      const clients = Array.from({ length: 3 }, () => engine.client(none, [ca, otherCa]))
      assert.equal(faulty.calls('X509_STORE_add_cert'), before + 2)
      for (const client of clients) client.free()
    })

    it('are one native object, which is kept until it is forgotten', () => {
      for (let i = 0; i < 3; i++) engine.client(none, [ca]).free()
      assert.equal(engine.alive, 1)
      for (let i = 0; i < 2; i++) engine.forget()
      assert.equal(engine.alive, 0)
      connect([ca])
      assert.equal(engine.alive, 1)
    })

    it('are trusted by each client', () => {
      for (let i = 0; i < 3; i++) assert.doesNotThrow(() => connect([otherCa, ca]))
    })

    it('are all that is trusted by each client', () => {
      for (let i = 0; i < 3; i++) assert.throws(() => connect([otherCa]), isUnknownAuthority)
    })

    it('are neither read for a client that names its own, nor trusted by it', () => {
      assert.throws(() => connect([ca], { ca: otherCa }), isUnknownAuthority)
      assert.equal(engine.alive, 0)
      connect([ca])
      assert.throws(() => connect([ca], { ca: otherCa }), isUnknownAuthority)
      assert.doesNotThrow(() => connect([otherCa], { ca }))
    })

    it('can be none, which trusts nobody', () => {
      assert.throws(() => connect([]), isUnknownAuthority)
      connect([ca])
      assert.throws(() => connect([]), isUnknownAuthority)
      assert.equal(engine.alive, 1)
    })

    it('are read again when those that OpenSSL finds are to be trusted as well, or no longer', () => {
      const reads = (): number => faulty.calls('X509_STORE_new')
      const before = reads()
      for (const withOwn of [false, true, true, false]) engine.client(none, [ca], withOwn).free()
      assert.equal(reads(), before + 3)
      assert.equal(faulty.calls('X509_STORE_set_default_paths') > 0, true)
    })

    it('are not trusted by a client that is given none', () => {
      connect([ca])
      const pair = new EnginePair(engine, { client: {} })
      assert.throws(() => pair.up(), isUnknownAuthority)
      pair.free()
    })

    it('are read again when they are others, of which clients to come trust no others', () => {
      for (let i = 0; i < 2; i++) {
        connect([ca])
        assert.throws(() => connect([otherCa]), isUnknownAuthority)
        assert.equal(engine.alive, 1)
      }
    })

    it('are read again when the list itself was changed', () => {
      const list = [otherCa]
      assert.throws(() => connect(list), isUnknownAuthority)
      list[0] = ca
      assert.doesNotThrow(() => connect(list))
    })

    it('stay with the connections that have begun with them', () => {
      const pair = new EnginePair(engine, { client: {}, defaultCa: [ca] })
      engine.client(none, [otherCa]).free()
      engine.forget()
      assert.doesNotThrow(() => pair.up())
      pair.free()
    })

    for (const call of ['X509_STORE_new', 'BIO_new_mem_buf', 'PEM_read_bio_X509', 'X509_STORE_add_cert']) {
      it(`leave nothing behind where ${call} fails, and are read for the next client`, () => {
        faulty.failAt(call, 0)
        assert.throws(() => engine.client(none, [ca]), Error)
        assert.ok(!faulty.isWaiting, 'it has failed')
        assert.equal(engine.alive, 0)
        assert.doesNotThrow(() => connect([ca]))
      })
    }

    it('are refused whole if one of them cannot be read, and those before stay', () => {
      connect([ca])
      const refused = { constructor: UnusableCredentials, what: 'ca' }
      assert.throws(() => engine.client(none, [otherCa, ca.slice(0, 100)]), refused)
      assert.equal(engine.alive, 1)
      const before = faulty.calls('X509_STORE_add_cert')
      connect([ca])
      assert.equal(faulty.calls('X509_STORE_add_cert'), before)
    })
  })
}
