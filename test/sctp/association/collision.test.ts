import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ADAPTATION, causesOf, chunk, init, readInit, shutdown, Type } from '../support/chunks.ts'
import {
  accepted,
  dialled,
  HAND_TAG,
  HAND_TSN,
  HandPeer,
  handInitAck,
  typesOf,
} from '../support/hand-peer.ts'
import type { Chunk } from '../support/packets.ts'
import { Site } from '../support/site.ts'

const OTHER_TAG = 0x0badcafe

/** Begins as the peer with a tag, while there is an association; returns what is in the INIT ACK. */
function begin(peer: HandPeer, tag = OTHER_TAG): { tag: number; tsn: number; echo: Chunk } {
  const fields = { tag, tsn: HAND_TSN, parameters: [ADAPTATION] }
  const [answer] = peer.sendWith({ tag: 0 }, init(fields))
  const ack = readInit(answer!)
  return {
    tag: ack.tag,
    tsn: ack.tsn,
    echo: chunk(Type.COOKIE_ECHO, 0, ack.parameters.find(({ type }) => type === 7)!.value),
  }
}

function waiting(): HandPeer {
  const site = new Site().listen()
  const member = site.dial()
  const peer = new HandPeer(site)
  peer.takeInit()
  peer.member = member
  return peer
}

describe('both ends begin at once (RFC 9260, section 5.2.1)', () => {
  it('an end that waits for INIT ACK answers INIT with the tag and the TSN of its own INIT', () => {
    const peer = waiting()
    const { tag, tsn } = begin(peer)
    assert.equal(tag, peer.siteTag)
    assert.equal(tsn, peer.siteTsn)
    assert.equal(peer.member.association.state, 'COOKIE-WAIT')
  })

  it('and so does an end that waits for COOKIE ACK', () => {
    const peer = waiting()
    peer.send(handInitAck())
    const { tag, tsn } = begin(peer)
    assert.equal(tag, peer.siteTag)
    assert.equal(tsn, peer.siteTsn)
    assert.equal(peer.member.association.state, 'COOKIE-ECHOED')
  })

  it('makes one association, whichever packets come first', () => {
    const left = new Site({ seed: 1 })
    const right = new Site({ seed: 2 })
    const leftPeer = { address: '192.0.2.1', port: 1 }
    const rightPeer = { address: '192.0.2.2', port: 2 }
    const a = left.dial(rightPeer, 5000)
    const b = right.dial(leftPeer, 5000)
    for (let round = 0; round < 6; round++) {
      const toRight = left.sent.splice(0)
      const toLeft = right.sent.splice(0)
      for (const { bytes } of toRight) right.receive(bytes, leftPeer)
      for (const { bytes } of toLeft) left.receive(bytes, rightPeer)
    }
    assert.deepEqual([a.log, b.log], [['up'], ['up']])
    assert.equal(a.association.peerTag, b.association.localTag)
    assert.equal(b.association.peerTag, a.association.localTag)
    assert.deepEqual([left.members.length, right.members.length], [1, 1])
  })
})

describe('a cookie while there is an association (RFC 9260, section 5.2.4)', () => {
  it('A: with two other tags and the right tie-tags, the peer has restarted: a new one takes the place', () => {
    const peer = accepted(new Site())
    const before = peer.member
    const { tag, echo } = begin(peer)
    assert.notEqual(tag, peer.siteTag)
    assert.equal(before.association.state, 'ESTABLISHED', 'INIT changes nothing')
    assert.deepEqual(typesOf(peer.sendWith({ tag }, echo)), [Type.COOKIE_ACK])
    assert.deepEqual(before.log, ['up', 'closed CONNECTION_RESET'])
    const [after] = peer.site.members
    assert.deepEqual(after?.log, ['up'])
    assert.equal(after?.association.peerTag, OTHER_TAG)
    assert.equal(peer.site.members.length, 1)
  })

  it('A: in SHUTDOWN-ACK-SENT, SHUTDOWN ACK is sent again with an error, and nothing new is made', () => {
    const peer = accepted(new Site())
    const { tag, echo } = begin(peer)
    peer.member.association.end(peer.site.now)
    peer.member.onTouched()
    peer.site.flush()
    peer.chunks()
    assert.deepEqual(
      typesOf(peer.send({ type: 3, flags: 0, value: sackOf(peer.siteTsn) }, shutdown(peer.siteTsn))),
      [Type.SHUTDOWN_ACK],
    )
    const answer = peer.sendWith({ tag }, echo)
    assert.deepEqual(typesOf(answer), [Type.ERROR, Type.SHUTDOWN_ACK])
    assert.equal(causesOf(answer[0]!)[0]?.type, 10)
    assert.equal(peer.site.members.length, 1)
    assert.equal(peer.site.members[0], peer.member)
  })

  it('B: with the own tag and another of the peer, the beginning one takes the tag of the cookie', () => {
    const peer = waiting()
    const { tag, echo } = begin(peer)
    peer.send(handInitAck())
    assert.equal(peer.member.association.state, 'COOKIE-ECHOED')
    assert.deepEqual(typesOf(peer.sendWith({ tag }, echo)), [Type.COOKIE_ACK])
    assert.equal(peer.member.association.peerTag, OTHER_TAG)
    assert.deepEqual(peer.member.log, ['up'])
    assert.equal(peer.site.nextTimer(), Number.POSITIVE_INFINITY, 'the timer of the handshake is stopped')
  })

  it('C: with another own tag, the right one of the peer and no tie-tags, it is passed over', () => {
    const site = new Site().listen()
    const peer = new HandPeer(site)
    const early = begin(peer, HAND_TAG)
    peer.connect()
    assert.deepEqual(peer.sendWith({ tag: early.tag }, early.echo), [])
    assert.equal(site.members.length, 1)
    assert.deepEqual(peer.member.log, ['up'])
  })

  it('D: with both tags, COOKIE ACK is sent, and the timer of the handshake stopped', () => {
    const peer = waiting()
    const { tag, echo } = begin(peer, HAND_TAG)
    peer.send(handInitAck())
    assert.deepEqual(typesOf(peer.sendWith({ tag }, echo)), [Type.COOKIE_ACK])
    assert.deepEqual(peer.member.log, ['up'])
    assert.deepEqual(peer.send(chunk(Type.COOKIE_ACK)), [])
    peer.send(peer.data())
    assert.deepEqual(peer.member.log, ['up', 'data'])
  })

  it('D: a stale cookie with both tags is as good as a fresh one', () => {
    const site = new Site().listen()
    const peer = new HandPeer(site)
    const echo = chunk(Type.COOKIE_ECHO, 0, peer.cookie())
    peer.send(echo)
    site.advance(60_001)
    assert.deepEqual(typesOf(peer.send(echo)), [Type.COOKIE_ACK])
  })

  it('with two other tags and no tie-tags, it is passed over', () => {
    const site = new Site().listen()
    const peer = new HandPeer(site)
    const early = begin(peer)
    peer.connect()
    assert.deepEqual(peer.sendWith({ tag: early.tag }, early.echo), [])
    assert.deepEqual(peer.member.log, ['up'])
  })

  it('with the tie-tags of an association that is gone, it begins a new one', () => {
    const peer = accepted(new Site())
    const { tag, echo } = begin(peer)
    peer.send(chunk(Type.ABORT))
    assert.deepEqual(typesOf(peer.sendWith({ tag }, echo)), [Type.COOKIE_ACK])
    assert.equal(peer.site.members.length, 1)
  })

  it('of a peer that restarts against an end that has dialled, that end is told, and the peer aborted', () => {
    const peer = dialled(new Site())
    const { tag, echo } = begin(peer)
    assert.deepEqual(typesOf(peer.sendWith({ tag }, echo)), [Type.ABORT])
    assert.deepEqual(peer.member.log, ['up', 'closed CONNECTION_RESET'])
  })
})

describe('INIT while there is an association (RFC 9260, section 5.2.2)', () => {
  it('is answered with a new tag, and changes nothing', () => {
    const peer = accepted(new Site())
    const { tag } = begin(peer)
    assert.notEqual(tag, peer.siteTag)
    peer.send(peer.data(Uint8Array.of(3)))
    assert.deepEqual([...peer.member.data], [3])
  })

  it('gets an INIT ACK in which no tag of the association can be found, tie-tags included', () => {
    const peer = accepted(new Site())
    for (let round = 0; round < 20; round++) {
      peer.deliver(peer.encode([init({ tag: OTHER_TAG })], { tag: 0 }))
      const { bytes } = peer.site.sent.pop()!
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      for (let at = 0; at + 4 <= bytes.length; at++) {
        for (const tag of [peer.siteTag, HAND_TAG]) {
          assert.notEqual(view.getUint32(at), tag, `at ${at}`)
          assert.notEqual(view.getUint32(at, true), tag, `at ${at}`)
        }
      }
    }
  })

  it('gets the same tie-tags each time, and each association has its own', () => {
    const site = new Site()
    const peers = [accepted(site), new HandPeer(site, { address: '192.0.2.7', port: 7 }).connect()]
    const ties = peers.map(({ member }) => member.association.tieTags)
    assert.deepEqual(
      peers.map(({ member }) => member.association.tieTags),
      ties,
    )
    assert.equal(new Set(ties.flatMap(({ local, peer }) => [local, peer])).size, 4)
  })

  it('is answered with SHUTDOWN ACK in SHUTDOWN-ACK-SENT (section 9.2)', () => {
    const peer = accepted(new Site(), { parameters: [] })
    peer.send(shutdown((peer.siteTsn - 1) >>> 0))
    peer.member.association.end(peer.site.now)
    peer.member.onTouched()
    peer.site.flush()
    assert.deepEqual(typesOf(peer.chunks()), [Type.SHUTDOWN_ACK])
    assert.deepEqual(typesOf(peer.sendWith({ tag: 0 }, init())), [Type.SHUTDOWN_ACK])
    assert.equal(peer.member.association.state, 'SHUTDOWN-ACK-SENT')
  })
})

function sackOf(tsn: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(12))
  view.setUint32(0, tsn)
  view.setUint32(4, 100_000)
  return new Uint8Array(view.buffer)
}
