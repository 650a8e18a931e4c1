import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { abort, chunk, data, error, Flag, heartbeat, init, sack, shutdown, Type } from '../support/chunks.ts'
import { accepted, HandPeer, typesOf } from '../support/hand-peer.ts'
import { type Chunk, type Packet, u32 } from '../support/packets.ts'
import { PEER, Site } from '../support/site.ts'

const TAG = 0x76543210

/** What is answered to chunks that belong nowhere. */
function answers(...chunks: readonly Chunk[]): Packet[] {
  const site = new Site().listen()
  const peer = new HandPeer(site)
  peer.deliver(peer.encode(chunks, { tag: TAG }))
  return site.take()
}

describe('a packet out of the blue (RFC 9260, section 8.4)', () => {
  const silent: readonly (readonly [string, readonly Chunk[]])[] = [
    ['an ABORT (2)', [abort()]],
    ['an ABORT behind something else (2)', [data({}), abort()]],
    ['a SHUTDOWN COMPLETE (6)', [chunk(Type.SHUTDOWN_COMPLETE)]],
    ['a COOKIE ACK (7)', [chunk(Type.COOKIE_ACK)]],
    ['an ERROR of a stale cookie (7)', [error([{ type: 3, value: u32(5) }])]],
    ['a cookie that is not ours (4)', [chunk(Type.COOKIE_ECHO, 0, new Uint8Array(77))]],
  ]
  for (const [what, chunks] of silent) {
    it(`is passed over with ${what}`, () => assert.deepEqual(answers(...chunks), []))
  }

  it('is answered with SHUTDOWN COMPLETE and its own tag if it is a SHUTDOWN ACK (5)', () => {
    assert.deepEqual(answers(chunk(Type.SHUTDOWN_ACK)), [
      { sourcePort: 5000, destinationPort: 6000, tag: TAG, chunks: [chunk(Type.SHUTDOWN_COMPLETE, Flag.T)] },
    ])
  })

  const others: readonly (readonly [string, Chunk])[] = [
    ['DATA', data({})],
    ['SACK', sack({})],
    ['HEARTBEAT', heartbeat(new Uint8Array(8))],
    ['HEARTBEAT ACK', chunk(Type.HEARTBEAT_ACK)],
    ['SHUTDOWN', shutdown(1)],
    ['ERROR', error([{ type: 6, value: new Uint8Array(4) }])],
    ['INIT ACK', chunk(Type.INIT_ACK, 0, init().value)],
    ['an unknown chunk', chunk(0x3f)],
  ]
  for (const [what, each] of others) {
    it(`is answered with ABORT, the T bit and its own tag if it is ${what} (8)`, () => {
      assert.deepEqual(answers(each), [
        { sourcePort: 5000, destinationPort: 6000, tag: TAG, chunks: [chunk(Type.ABORT, Flag.T)] },
      ])
    })
  }

  it('is answered with less than it has', () => {
    const site = new Site().listen()
    const peer = new HandPeer(site)
    const bytes = peer.encode([chunk(Type.SHUTDOWN_ACK)], { tag: TAG })
    peer.deliver(bytes)
    assert.ok(site.sent[0]!.bytes.length <= bytes.length)
  })

  it('is not answered with tag 0', () => {
    const site = new Site().listen()
    const peer = new HandPeer(site)
    for (const [, each] of others) assert.deepEqual(peer.sendWith({ tag: 0 }, each), [])
  })

  it('is not answered with port 0', () => {
    const peer = new HandPeer(new Site().listen())
    assert.deepEqual(peer.sendWith({ tag: TAG, sourcePort: 0 }, data({})), [])
    assert.deepEqual(peer.sendWith({ tag: TAG, destinationPort: 0 }, data({})), [])
  })

  it('is one with the tag of an association, but with other ports', () => {
    const peer = accepted(new Site())
    for (const other of [{ sourcePort: 6001 }, { destinationPort: 5001 }]) {
      assert.deepEqual(typesOf(peer.sendWith(other, peer.data())), [Type.ABORT])
    }
    assert.deepEqual(peer.member.log, ['up'])
  })

  it('is none with the tag of an association from another address: it is passed over', () => {
    const peer = accepted(new Site())
    assert.deepEqual(peer.sendWith({ from: { ...PEER, address: '192.0.2.77' } }, peer.data()), [])
    assert.deepEqual(peer.member.log, ['up'])
  })

  it('is a SHUTDOWN ACK for an association that is being set up (section 8.5.1, E)', () => {
    const site = new Site()
    const member = site.dial()
    const peer = new HandPeer(site)
    peer.takeInit()
    assert.deepEqual(peer.send(chunk(Type.SHUTDOWN_ACK)), [chunk(Type.SHUTDOWN_COMPLETE, Flag.T)])
    assert.deepEqual(member.log, [])
  })
})

describe('unknown chunks (RFC 9260, section 3.2)', () => {
  const classes = [
    ['00: the rest of the packet is not read', 0x3f, false, false],
    ['01: the rest of the packet is not read, and it is reported', 0x7f, false, true],
    ['10: it is skipped', 0xbf, true, false],
    ['11: it is skipped and reported', 0xff, true, true],
  ] as const
  for (const [what, type, goesOn, reports] of classes) {
    it(`with upper bits ${what}`, () => {
      const peer = accepted(new Site())
      const unknown = chunk(type, 5, Uint8Array.of(1, 2, 3))
      const answer = peer.send(peer.data(), unknown, peer.data())
      assert.equal(peer.member.data.length, goesOn ? 2 : 1)
      const whole = Uint8Array.of(type, 5, 0, 7, 1, 2, 3)
      assert.deepEqual(answer, reports ? [error([{ type: 6, value: whole }])] : [])
    })
  }

  it('that are padding are passed over (RFC 4820)', () => {
    const peer = accepted(new Site())
    assert.deepEqual(peer.send(chunk(Type.PAD, 0, new Uint8Array(100)), peer.data()), [])
    assert.equal(peer.member.data.length, 1)
  })
})
