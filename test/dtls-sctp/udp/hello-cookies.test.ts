import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { HelloCookies } from '../../../src/transport/dtls-sctp/udp/hello-cookies.ts'

const HELLO = [Uint8Array.of(1, 2), Uint8Array.of(3)]
const PEER = { address: '192.0.2.1', port: 5 }

describe('the cookie of a ClientHello', () => {
  let now = 0
  let cookies: HelloCookies
  beforeEach(() => {
    now = 1000
    cookies = new HelloCookies(() => now)
  })
  const isRight = (cookie: Uint8Array): boolean => cookies.for(PEER, HELLO).isRight(cookie)

  it('is right for the same hello from the same address, and the same each time', () => {
    const cookie = cookies.for(PEER, HELLO).make()
    assert(isRight(cookie))
    assert.deepEqual(cookies.for(PEER, HELLO).make(), cookie)
    assert.equal(cookie.length, 32)
  })

  it('is wrong for another address, port or hello, and if a byte of it is another', () => {
    const cookie = cookies.for(PEER, HELLO).make()
    assert.equal(cookies.for({ ...PEER, address: '192.0.2.2' }, HELLO).isRight(cookie), false)
    assert.equal(cookies.for({ ...PEER, port: 6 }, HELLO).isRight(cookie), false)
    assert.equal(cookies.for(PEER, [HELLO[0]!, Uint8Array.of(4)]).isRight(cookie), false)
    assert.equal(isRight(cookie.with(3, cookie[3]! ^ 1)), false)
    for (const part of [cookie.subarray(0, 31), new Uint8Array(0)]) assert.equal(isRight(part), false)
  })

  it('is right for a minute at least, and for two at most', () => {
    const cookie = cookies.for(PEER, HELLO).make()
    now += 59_999
    assert(isRight(cookie))
    now += 60_000
    assert(isRight(cookie))
    now += 60_001
    assert.equal(isRight(cookie), false)
  })

  it('is wrong after two minutes in which nobody has asked', () => {
    const cookie = cookies.for(PEER, HELLO).make()
    now += 120_000
    assert.equal(isRight(cookie), false)
  })

  it('is another at each listener', () => {
    const other = new HelloCookies(() => now).for(PEER, HELLO).make()
    assert.equal(isRight(other), false)
  })
})
