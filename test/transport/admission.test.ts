import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { addressKey } from '../../src/transport/address-key.ts'
import { Admission } from '../../src/transport/admission.ts'
import { thrown } from '../support/errors.ts'

const peer = (ip?: string) => ({ ip, remoteAddress: ip === undefined ? 'unix://' : `tcp://[${ip}]:1` })

describe('what counts as one address', () => {
  for (const [ip, key] of [
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:ffff::', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['2001:0DB8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['::1:2:3:4:5', '0:0:0:1::/64'],
    ['1::2:3:4:5:6', '1:0:0:2::/64'],
    ['1:2:3::', '1:2:3:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64%eth0'],
    [undefined, undefined],
  ]) {
    test(`of ${ip} is ${key}`, () => assert.equal(addressKey(ip), key))
  }
})

describe('an admission', () => {
  test('refuses beyond maxConnections, and says whom', () => {
    const admission = new Admission('tcp://here:1', { maxConnections: 2, maxConnectionsPerAddress: 0 })
    const place = admission.enter(peer('1.1.1.1'))
    admission.enter(peer('1.1.1.1'))
    const { message, remoteAddress } = thrown(() => admission.enter(peer('1.1.1.2')), 'LISTENER_FULL')
    assert.equal(remoteAddress, 'tcp://[1.1.1.2]:1')
    assert.equal(message, 'tcp://here:1 turned tcp://[1.1.1.2]:1 away: maxConnections is 2')
    assert.match(thrown(() => admission.enter(peer()), 'LISTENER_FULL').message, /turned a peer away/)
    assert.equal(admission.open, 2)
    place.leave()
    admission.enter(peer())
  })

  test('refuses beyond maxConnectionsPerAddress, and takes peers of other addresses', () => {
    const admission = new Admission('tcp://here:1', { maxConnections: 9, maxConnectionsPerAddress: 2 })
    const first = admission.enter(peer('2001:db8::1'))
    admission.enter(peer('2001:db8::2'))
    const { message } = thrown(() => admission.enter(peer('2001:db8::3')), 'LISTENER_FULL')
    assert.match(message, /2001:db8::3.*maxConnectionsPerAddress is 2, for 2001:db8:0:0::\/64/)
    admission.enter(peer('2001:db8:0:1::3'))
    // Who is gone already has no address, and who has none is not counted by it.
    for (let i = 0; i < 3; i++) admission.enter(peer())
    first.leave()
    admission.enter(peer('2001:db8::3'))
    thrown(() => admission.enter(peer('2001:db8::3')), 'LISTENER_FULL')
  })

  test('frees a place once, however often it is left', () => {
    const admission = new Admission('x', { maxConnections: 2, maxConnectionsPerAddress: 1 })
    const first = admission.enter(peer('1.1.1.1'))
    first.leave()
    first.leave()
    first.established()
    assert.deepEqual([admission.open, admission.inHandshake], [0, 0])
    admission.enter(peer('1.1.1.1'))
    thrown(() => admission.enter(peer('1.1.1.1')), 'LISTENER_FULL')
  })

  test('knows who is in the handshake', () => {
    const admission = new Admission('x', { maxConnections: 5, maxConnectionsPerAddress: 5 })
    const [one, two] = [admission.enter(peer('1.1.1.1')), admission.enter(peer('1.1.1.1'))]
    assert.deepEqual([admission.open, admission.inHandshake], [2, 2])
    one.established()
    one.established()
    assert.deepEqual([admission.open, admission.inHandshake], [2, 1])
    two.leave()
    assert.deepEqual([admission.open, admission.inHandshake], [1, 0])
    one.leave()
    assert.deepEqual([admission.open, admission.inHandshake], [0, 0])
  })

  test('lets a peer in for another that it replaces, but for none that has left', () => {
    const admission = new Admission('x', { maxConnections: 1, maxConnectionsPerAddress: 1 })
    const before = admission.enter(peer('1.1.1.1'))
    const after = admission.enter(peer('1.1.1.1'), [before])
    before.leave()
    thrown(() => admission.enter(peer('1.1.1.1'), [before]), 'LISTENER_FULL')
    after.leave()
    assert.equal(admission.open, 0)
  })
})
