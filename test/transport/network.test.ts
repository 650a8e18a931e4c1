import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { networkOf, networkOfAddress } from '../../src/transport/network.ts'

describe('the network of a peer', () => {
  it('is its address in IPv4, and the first 64 bits of it in IPv6, however it is written', () => {
    const networks = {
      '192.0.2.1': '192.0.2.1',
      '::ffff:192.0.2.1': '192.0.2.1',
      '2001:db8:1:2:3:4:5:6': '2001:db8:1:2::/64',
      '2001:DB8:0001:2::6': '2001:db8:1:2::/64',
      '2001:db8::1': '2001:db8:0:0::/64',
      '2001:db8::': '2001:db8:0:0::/64',
      '::1': '0:0:0:0::/64',
      '1::2:3:4:5:6:7': '1:0:2:3::/64',
      'fe80::1%eth0': 'fe80:0:0:0::/64',
      '64:ff9b::192.0.2.1': '64:ff9b:0:0::/64',
      '': '',
    }
    for (const [host, network] of Object.entries(networks)) assert.equal(networkOf(host), network, host)
  })

  it('is found in the address of a stream of every scheme', () => {
    const networks = {
      'tcp://192.0.2.1:5': '192.0.2.1',
      'tls://[2001:db8::1]:5': '2001:db8:0:0::/64',
      'tcp://[fe80::1%eth0]:5': 'fe80:0:0:0::/64',
      'sctp://192.0.2.1:5?udp=9899': '192.0.2.1',
      'dtls-sctp://[::1]:5?sctp=1': '0:0:0:0::/64',
      'unix:///run/a.sock': '',
      'unix:': '',
      'memory://a%20b': 'a%20b',
    }
    for (const [address, network] of Object.entries(networks)) {
      assert.equal(networkOfAddress(address), network, address)
    }
  })
})
