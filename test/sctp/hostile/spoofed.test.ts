import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bytesOf } from '../../support/data.ts'
import { abort, chunk, data, Flag, init, sack, shutdown, Type } from '../support/chunks.ts'
import { accepted, HAND_TAG, HandPeer, typesOf } from '../support/hand-peer.ts'
import type { Chunk } from '../support/packets.ts'
import { PEER, Site } from '../support/site.ts'

const ELSEWHERE = { address: '198.51.100.7', port: 9899 }
const OTHER_PORT = { ...PEER, port: 4444 }

/** What somebody sends who does not know the tags, or all that he can guess. */
function attacks(peer: HandPeer): readonly (readonly [string, Chunk])[] {
  return [
    ['INIT', init({ tag: 0x666 })],
    ['DATA', data({ tsn: peer.tsn, data: bytesOf(5, 66) })],
    ['SACK', sack({ tsn: peer.siteTsn })],
    ['ABORT', abort()],
    ['ABORT with the T bit', abort([], Flag.T)],
    ['SHUTDOWN', shutdown(peer.siteTsn)],
    ['SHUTDOWN ACK', chunk(Type.SHUTDOWN_ACK)],
    ['SHUTDOWN COMPLETE', chunk(Type.SHUTDOWN_COMPLETE)],
    ['SHUTDOWN COMPLETE with the T bit', chunk(Type.SHUTDOWN_COMPLETE, Flag.T)],
    ['COOKIE ECHO', chunk(Type.COOKIE_ECHO, 0, bytesOf(77))],
    ['COOKIE ACK', chunk(Type.COOKIE_ACK)],
    ['ERROR', chunk(Type.ERROR, 0, bytesOf(8))],
    ['HEARTBEAT ACK', chunk(Type.HEARTBEAT_ACK, 0, bytesOf(16))],
  ]
}

/** The association still takes and delivers data both ways, from and to where the peer was. */
function assertLives(peer: HandPeer, to = PEER): void {
  peer.chunks()
  const before = peer.member.data.length
  peer.send(peer.data(Uint8Array.of(1, 2, 3)))
  assert.deepEqual([...peer.member.data.subarray(before)], [1, 2, 3])
  peer.chunks()
  peer.member.association.send([bytesOf(10)])
  peer.member.onTouched()
  peer.site.flush()
  assert.deepEqual(peer.site.sent[0]?.to, to)
  const { acknowledged } = peer.member
  peer.chunks()
  peer.send(sack({ tsn: peer.siteTsn }))
  assert.equal(peer.member.acknowledged, acknowledged + 10)
  assert.equal(peer.member.log.filter(entry => entry !== 'data').join(), 'up')
}

const tags = (peer: HandPeer): readonly (readonly [string, number])[] => [
  ['no tag', 0],
  ['a wrong tag', 0x13371337],
  ['a tag that is off by one', (peer.siteTag + 1) >>> 0],
  ['the tag of the peer', HAND_TAG],
]

describe('a live association', () => {
  const sample = accepted(new Site())
  for (const [i, [what]] of attacks(sample).entries()) {
    for (const [n, [tagName]] of tags(sample).entries()) {
      it(`survives ${what} with ${tagName}, from its peer and from elsewhere`, () => {
        const peer = accepted(new Site())
        const attack = attacks(peer)[i]![1]
        const tag = tags(peer)[n]![1]
        for (const from of [ELSEWHERE, OTHER_PORT]) peer.sendWith({ from, tag }, attack)
        // With the T bit and the tag of the peer it is one that the peer may send.
        const isRight = (attack.flags & Flag.T) !== 0 && tag === HAND_TAG
        if (!isRight) peer.sendWith({ tag }, attack)
        assertLives(peer)
      })
    }
  }

  it('survives each of them with its own tag from another address', () => {
    for (const [i] of attacks(sample).entries()) {
      const peer = accepted(new Site())
      peer.sendWith({ from: ELSEWHERE }, attacks(peer)[i]![1])
      assertLives(peer)
    }
  })

  it('survives its own COOKIE ECHO and its own data, played back', () => {
    const site = new Site().listen()
    const peer = new HandPeer(site)
    const echo = peer.encode([chunk(Type.COOKIE_ECHO, 0, peer.cookie())])
    peer.deliver(echo)
    peer.member = site.members[0]!
    const packets = Array.from({ length: 20 }, () => peer.encode([peer.data(bytesOf(30))]))
    for (const packet of packets) peer.deliver(packet)
    for (const packet of [echo, ...packets, echo]) {
      for (const from of [PEER, ELSEWHERE]) peer.deliver(packet, from)
    }
    assert.equal(peer.member.data.length, 600)
    assert.equal(site.members.length, 1)
    assertLives(peer)
  })

  it('survives a thousand INITs from its peer, each answered without a change', () => {
    const peer = accepted(new Site())
    for (let i = 1; i <= 1000; i++) {
      assert.deepEqual(typesOf(peer.sendWith({ tag: 0 }, init({ tag: i }))), [Type.INIT_ACK])
    }
    assert.equal(peer.site.members.length, 1)
    assertLives(peer)
  })
})

describe('the UDP port of the peer (RFC 6951, section 5.4)', () => {
  it('is followed when it changes, with the right tag', () => {
    const peer = accepted(new Site())
    peer.sendWith({ from: OTHER_PORT }, peer.data())
    const moved = Object.assign(peer, { from: OTHER_PORT })
    assertLives(moved, OTHER_PORT)
  })

  it('is followed back and forth, and the association is found there by what has no tag of ours', () => {
    const peer = accepted(new Site())
    for (const from of [OTHER_PORT, PEER, OTHER_PORT]) peer.sendWith({ from }, peer.data())
    peer.sendWith({ from: PEER, tag: HAND_TAG }, abort([], Flag.T))
    assert.deepEqual(peer.member.log, ['up', 'data'])
    peer.sendWith({ from: OTHER_PORT, tag: HAND_TAG }, abort([], Flag.T))
    assert.equal(peer.member.association.state, 'CLOSED')
  })

  it('is not followed with a wrong tag, a wrong SCTP port or a wrong checksum', () => {
    const peer = accepted(new Site())
    peer.sendWith({ from: OTHER_PORT, tag: peer.siteTag ^ 1 }, data({ tsn: peer.tsn }))
    peer.sendWith({ from: OTHER_PORT, sourcePort: 6001 }, data({ tsn: peer.tsn }))
    const broken = peer.encode([data({ tsn: peer.tsn })])
    broken[8]! ^= 1
    peer.deliver(broken, OTHER_PORT)
    assertLives(peer)
  })

  it('of two associations may become the same: each goes on with its own tag', () => {
    const site = new Site().listen()
    const [first, second] = [PEER, OTHER_PORT].map(from => new HandPeer(site, from).connect()) as [
      HandPeer,
      HandPeer,
    ]
    second.sendWith({ from: PEER }, second.data())
    for (const peer of [first, second]) {
      Object.assign(peer, { from: PEER })
      assertLives(peer)
    }
    second.send(abort())
    assertLivesOn(first)
  })
})

function assertLivesOn(peer: HandPeer): void {
  const before = peer.member.data.length
  peer.send(peer.data(Uint8Array.of(9)))
  assert.equal(peer.member.data.length, before + 1)
}

describe('a cookie', () => {
  it('that was signed before is of no use with other fields', () => {
    const peer = new HandPeer(new Site().listen())
    const cookie = peer.cookie()
    for (let i = 0; i < cookie.length; i++) {
      const copy = cookie.slice()
      copy[i]! ^= 0x10
      assert.deepEqual(peer.send(chunk(Type.COOKIE_ECHO, 0, copy)), [])
    }
    assert.equal(peer.site.members.length, 0)
  })

  it('that has expired makes nothing, even a day later', () => {
    const peer = new HandPeer(new Site().listen())
    const echo = chunk(Type.COOKIE_ECHO, 0, peer.cookie())
    for (const ms of [60_001, 60_000, 3_600_000, 86_400_000]) {
      peer.site.advance(ms)
      assert.deepEqual(typesOf(peer.send(echo)), [Type.ERROR])
    }
    assert.equal(peer.site.members.length, 0)
  })

  it('of any length up to a packet makes nothing', () => {
    const peer = new HandPeer(new Site().listen())
    for (const length of [0, 1, 44, 45, 76, 78, 1000, 60_000]) {
      assert.deepEqual(peer.send(chunk(Type.COOKIE_ECHO, 0, bytesOf(length))), [])
    }
  })
})
