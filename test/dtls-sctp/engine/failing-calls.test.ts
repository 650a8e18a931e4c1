import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DtlsConnection } from '../../../src/transport/dtls-sctp/engine/dtls-engine.ts'
import { OpenSslEngine } from '../../../src/transport/dtls-sctp/engine/openssl/openssl-engine.ts'
import { EnginePair, mutual } from '../support/engine-pair.ts'
import { FaultyLibrary } from '../support/faulty-library.ts'
import { nativeLibraries } from '../support/native-libraries.ts'

/** What may fail, above all where no memory is left. */
const failing = [
  'SSL_CTX_new',
  'SSL_CTX_ctrl',
  'SSL_CTX_set_cipher_list',
  'SSL_CTX_add_client_CA',
  'SSL_CTX_use_certificate',
  'SSL_CTX_use_PrivateKey',
  'X509_STORE_add_cert',
  'PEM_read_bio_X509',
  'PEM_read_bio_PrivateKey',
  'BIO_new',
  'BIO_new_mem_buf',
  'BIO_ADDR_new',
  'SSL_new',
  'SSL_ctrl',
  'X509_VERIFY_PARAM_set1_host',
  'SSL_do_handshake',
  'DTLSv1_listen',
  'BIO_write',
  'BIO_read',
  'SSL_read',
  'SSL_write',
  'SSL_shutdown',
  'SSL_get1_peer_certificate',
  'i2d_X509_bio',
]

/** A whole connection; ends where something fails. */
function connect(engine: OpenSslEngine): void {
  const pair = new EnginePair(engine, mutual)
  try {
    pair.carryTo(6)
    const { client, accepted } = pair
    if (client.info.certificate === undefined) throw new Error('no certificate')
    client.send(Uint8Array.of(1))
    const record = client.takeAll()
    accepted.receive(record, record)
    client.end()
  } finally {
    pair.free()
  }
}

/** Both ends have read something: OpenSSL wants nothing. */
function readingPair(engine: OpenSslEngine): {
  client: DtlsConnection
  accepted: DtlsConnection
  free: () => void
} {
  const pair = new EnginePair(engine, mutual).up()
  const { client, accepted } = pair
  client.send(Uint8Array.of(1))
  assert.equal(accepted.receive(client.takeAll(), new Uint8Array(100)), 1)
  return { client, accepted, free: () => pair.free() }
}

for (const [name, library] of nativeLibraries) {
  describe(`where a call of OpenSSL fails, through ${name},`, () => {
    const faulty = new FaultyLibrary(library)
    const engine = new OpenSslEngine(faulty)

    for (const call of failing) {
      it(`nothing is left behind by ${call}`, () => {
        let count = 0
        for (; count < 50; count++) {
          faulty.failAt(call, count)
          try {
            connect(engine)
          } catch (error) {
            assert.ok(error instanceof Error)
          }
          assert.equal(engine.alive, 0, `behind ${count} calls`)
          if (faulty.isWaiting) break
        }
        assert.ok(count > 0 && count < 50, `each call, of ${count}, has failed once`)
        faulty.failAt('', 0)
        connect(engine)
      })
    }

    // OpenSSL reads it so, and sends none itself.
    it('a record without data is passed over', () => {
      const { client, accepted, ...pair } = readingPair(engine)
      client.send(Uint8Array.of(7))
      faulty.failAt('SSL_read', 0)
      assert.equal(accepted.receive(client.takeAll(), new Uint8Array(100)), 0)
      assert.equal(accepted.isEndedByPeer, false)
      assert.equal(accepted.receiveEarly(new Uint8Array(100)), 1)
      pair.free()
      assert.equal(engine.alive, 0)
    })
  })
}
