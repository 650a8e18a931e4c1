import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addedBytes, isTooShort } from '../../../src/transport/dtls-sctp/engine/openssl/short-records.ts'
import { record } from '../hostile/support/records.ts'

for (const [cipher, added] of [
  ['TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256', 24],
  ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384', 24],
  ['TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256', 16],
] as const) {
  test(`a record protected by ${cipher} has at least ${added} bytes behind its header`, () => {
    assert.equal(addedBytes(cipher), added)
    for (const epoch of [1, 2, 256, 65_535]) {
      assert(isTooShort(record({ type: 23, epoch }, new Uint8Array(added - 1)), added))
      assert(!isTooShort(record({ type: 23, epoch }, new Uint8Array(added)), added))
    }
  })
}

test('a record that nothing protects may be as short as an alert', () => {
  assert(!isTooShort(record({ type: 21, epoch: 0 }, Uint8Array.of(2, 40)), 24))
})
