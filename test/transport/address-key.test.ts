import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { addressKeyOf } from '../../src/transport/address-key.ts'

describe('what counts as one address', () => {
  it('is found in the address of a stream of every scheme', () => {
    const keys = {
      'tcp://192.0.2.1:5': '192.0.2.1',
      'tls://[2001:db8::1]:5': '2001:db8:0:0::/64',
      'tcp://[fe80::1%eth0]:5': 'fe80:0:0:0::/64%eth0',
      'sctp://192.0.2.1:5?udp=9899': '192.0.2.1',
      'dtls-sctp://[::1]:5?sctp=1': '0:0:0:0::/64',
      'unix:///run/a.sock': '',
      'unix:': '',
      'memory://a%20b': 'a%20b',
    }
    for (const [address, key] of Object.entries(keys)) {
      assert.equal(addressKeyOf(address), key, address)
    }
  })
})
