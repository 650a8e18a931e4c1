import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf } from '../../support/data.ts'
import { MIB, usedBytes } from '../../support/memory.ts'
import { chunk, data, heartbeat, init, sack, Type } from '../support/chunks.ts'
import { accepted, HAND_TSN, HandPeer, typesOf } from '../support/hand-peer.ts'
import { Site } from '../support/site.ts'

test('a hundred thousand INITs from everywhere leave nothing behind', async () => {
  const site = new Site().listen()
  const peer = new HandPeer(site)
  const packet = peer.encode([init()], { tag: 0 })
  const flood = (count: number, from: number): void => {
    for (let i = from; i < from + count; i++) {
      peer.deliver(packet, { address: `10.${i & 255}.${(i >> 8) & 255}.1`, port: 1 + (i >> 16) })
      assert.equal(site.sent.length, 1)
      assert.ok(site.sent.pop()!.bytes.length <= 3 * packet.length)
    }
  }
  flood(5000, 0)
  const before = await usedBytes()
  flood(100_000, 5000)
  const grown = (await usedBytes()) - before
  assert.ok(grown < 2 * MIB, `${grown} bytes`)
  assert.equal(site.members.length, 0)
  assert.equal(site.nextTimer(), Number.POSITIVE_INFINITY)
  peer.connect().send(peer.data(Uint8Array.of(4)))
  assert.deepEqual([...peer.member.data], [4])
})

test('twenty thousand forged cookies leave nothing behind, and are not answered', () => {
  const site = new Site().listen()
  const peer = new HandPeer(site)
  const cookie = peer.cookie()
  for (let i = 0; i < 20_000; i++) {
    const forged = cookie.slice()
    forged[i % cookie.length]! ^= 1 + (i % 255)
    assert.deepEqual(peer.send(chunk(Type.COOKIE_ECHO, 0, forged)), [])
  }
  assert.equal(site.members.length, 0)
})

test('associations that come and go leave nothing behind but a number each', async () => {
  const site = new Site().listen()
  const comeAndGo = (count: number): void => {
    for (let i = 0; i < count; i++) new HandPeer(site).connect().send(chunk(Type.ABORT))
  }
  comeAndGo(500)
  const before = await usedBytes()
  comeAndGo(5000)
  const grown = (await usedBytes()) - before
  assert.ok(grown < MIB, `${grown} bytes`)
  assert.equal(site.members.length, 0)
})

test('ten thousand heartbeats are answered one for one, and none is kept', () => {
  const peer = accepted(new Site())
  for (let i = 0; i < 10_000; i++) {
    assert.deepEqual(typesOf(peer.send(heartbeat(bytesOf(1000)))), [Type.HEARTBEAT_ACK])
  }
  assert.deepEqual(peer.site.take(), [])
})

test('data far beyond the window is dropped, and each packet of it answered with one SACK', async () => {
  const peer = accepted(new Site({ windowBytes: 20_000 }))
  peer.member.takes = false
  const flood = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const far = data({ tsn: (HAND_TSN + 1 + i) >>> 0, data: bytesOf(1100) })
      assert.deepEqual(typesOf(peer.send(far)), [Type.SACK])
    }
  }
  flood(1000)
  const before = await usedBytes()
  flood(5000)
  const grown = (await usedBytes()) - before
  assert.ok(grown < MIB, `${grown} bytes for 5.5 MB`)
  peer.send(data({ tsn: HAND_TSN, data: bytesOf(1100) }))
  assert.ok(peer.member.data.length <= 20_000 + 1100)
})

test('data in order beyond a window that the user does not open is dropped', () => {
  const peer = accepted(new Site({ windowBytes: 20_000 }))
  peer.member.takes = false
  for (let i = 0; i < 1000; i++) peer.send(peer.data(bytesOf(1100)))
  assert.ok(peer.member.data.length < 20_000 + 1100)
  assert.equal(peer.member.association.state, 'ESTABLISHED')
})

test('a thousand holes of one TSN each cost no more than the window', async () => {
  const peer = accepted(new Site({ windowBytes: 1_000_000 }))
  const before = await usedBytes()
  for (let i = 0; i < 30_000; i++) {
    peer.deliver(peer.encode([data({ tsn: (HAND_TSN + 1 + 2 * i) >>> 0, sequence: 1 })]))
    peer.site.sent.length = 0
  }
  const grown = (await usedBytes()) - before
  assert.ok(grown < 6 * MIB, `${grown} bytes`)
  peer.send(data({ tsn: HAND_TSN }))
  assert.equal(peer.member.data.length, 2)
})

test('SACKs without end that say nothing new make no packet', () => {
  const peer = accepted(new Site())
  peer.member.association.send([bytesOf(100_000)])
  peer.member.onTouched()
  peer.site.flush()
  peer.chunks()
  const same = sack({ tsn: (peer.siteTsn - 1) >>> 0 })
  for (let i = 0; i < 10_000; i++) assert.deepEqual(peer.send(same), [])
})
