import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bytesOf } from '../../support/data.ts'
import {
  abort,
  chunk,
  data,
  error,
  Flag,
  heartbeat,
  init,
  parameter,
  sack,
  shutdown,
  Type,
} from '../support/chunks.ts'
import { fixtures } from '../support/fixtures.ts'
import { accepted, HandPeer, handInitAck, typesOf } from '../support/hand-peer.ts'
import { type Chunk, concat, encodeChunk, encodePacket, u16, withChecksum } from '../support/packets.ts'
import { PEER_PORT, SITE_PORT, Site } from '../support/site.ts'

/** One of each chunk, as it would be for an association. */
function oneOfEach(peer: HandPeer): Chunk[] {
  return [
    data({ tsn: peer.tsn, data: bytesOf(20) }),
    init(),
    handInitAck(),
    sack({ tsn: (peer.siteTsn - 1) >>> 0, duplicates: [1, 2] }),
    heartbeat(bytesOf(12)),
    chunk(Type.HEARTBEAT_ACK, 0, bytesOf(16)),
    abort([{ type: 12, value: bytesOf(9) }]),
    shutdown((peer.siteTsn - 1) >>> 0),
    chunk(Type.SHUTDOWN_ACK),
    error([{ type: 3, value: bytesOf(4) }]),
    chunk(Type.COOKIE_ECHO, 0, bytesOf(77)),
    chunk(Type.COOKIE_ACK),
    chunk(Type.SHUTDOWN_COMPLETE),
    chunk(0xff, 0, bytesOf(9)),
  ]
}

const tagOf = (peer: HandPeer, { type }: Chunk): number => (type === Type.INIT ? 0 : peer.siteTag)

/** Gives a body to a new association of each kind. */
function giveToAll(body: (peer: HandPeer) => { readonly tag: number; readonly bytes: Uint8Array }): void {
  for (const [i, fixture] of Object.values(fixtures).entries()) {
    const peer = fixture({ seed: i + 1 })
    const { tag, bytes } = body(peer)
    const packet = { sourcePort: PEER_PORT, destinationPort: SITE_PORT, tag, chunks: [] }
    peer.deliver(encodePacket(packet, bytes))
    peer.site.advance(100)
  }
}

describe('a packet whose checksum is wrong (RFC 9260, section 6.8)', () => {
  it('changes nothing and is not answered, whatever it is, in any state', () => {
    for (const [i, fixture] of Object.values(fixtures).entries()) {
      const peer = fixture({ seed: i + 1 })
      const state = peer.member?.association.state
      peer.site.sent.length = 0
      for (const each of oneOfEach(peer)) {
        const packet = peer.encode([each], { tag: tagOf(peer, each) })
        packet[8 + (i & 3)]! ^= 1
        peer.deliver(packet)
      }
      assert.deepEqual(peer.site.sent, [])
      assert.equal(peer.member?.association.state, state)
    }
  })

  it('is not even read when it is shorter than a header', () => {
    const peer = accepted(new Site())
    const packet = peer.encode([peer.data()])
    for (let length = 0; length < 12; length++) peer.deliver(packet.slice(0, length))
    assert.deepEqual(peer.chunks(), [])
    assert.equal(peer.member.association.state, 'ESTABLISHED')
  })
})

describe('a packet that is cut', () => {
  it('at any place, with a right checksum, does no harm in any state', () => {
    for (const [i, fixture] of Object.values(fixtures).entries()) {
      const types = oneOfEach(fixture({ seed: i + 1 }))
      for (const [n] of types.entries()) {
        for (let length = 12; ; length++) {
          const peer = fixture({ seed: i + 1 })
          const each = oneOfEach(peer)[n]!
          const packet = peer.encode([each], { tag: tagOf(peer, each) })
          if (length > packet.length) break
          peer.deliver(withChecksum(packet.slice(0, length)))
        }
      }
    }
  })

  it('inside its only chunk says nothing', () => {
    const peer = accepted(new Site())
    const packet = peer.encode([data({ tsn: peer.tsn, data: bytesOf(20) })])
    for (let length = 12; length < packet.length; length++)
      peer.deliver(withChecksum(packet.slice(0, length)))
    assert.deepEqual(peer.chunks(), [])
    assert.deepEqual(peer.member.log, ['up'])
  })
})

describe('lengths that lie', () => {
  const lengths = [0, 1, 2, 3, 5, 7, 9, 100, 0x7fff, 0xfffc, 0xffff]

  for (const length of lengths) {
    it(`a chunk of ${length} bytes does no harm in any state`, () => {
      const count = oneOfEach(fixtures['ESTABLISHED']!({})).length
      for (let n = 0; n < count; n++) {
        giveToAll(peer => {
          const each = oneOfEach(peer)[n]!
          return { tag: tagOf(peer, each), bytes: encodeChunk(each, length) }
        })
      }
    })
  }

  it('of parameters in INIT and INIT ACK do no harm', () => {
    for (const length of lengths) {
      const lie = concat(u16(7), u16(length), bytesOf(8))
      for (const each of [init({ parameters: [] }), handInitAck({ parameters: [] })]) {
        giveToAll(peer => ({
          tag: tagOf(peer, each),
          bytes: encodeChunk({ ...each, value: concat(each.value, lie) }),
        }))
      }
    }
  })

  it('of causes in ABORT and ERROR do no harm', () => {
    for (const length of lengths) {
      const lie = concat(u16(3), u16(length), bytesOf(4))
      for (const type of [Type.ABORT, Type.ERROR]) {
        giveToAll(peer => ({ tag: peer.siteTag, bytes: encodeChunk(chunk(type, 0, lie)) }))
      }
    }
  })

  it('of counts in SACK break the association, and nothing else', () => {
    for (const [gaps, duplicates] of [
      [1, 0],
      [0, 1],
      [0xffff, 0xffff],
      [0x4000, 0],
    ] as const) {
      const peer = accepted(new Site())
      const { value } = sack({ tsn: (peer.siteTsn - 1) >>> 0 })
      value.set([...u16(gaps), ...u16(duplicates)], 8)
      assert.deepEqual(typesOf(peer.send(chunk(Type.SACK, 0, value))), [Type.ABORT])
    }
  })
})

describe('the most that fits a packet', () => {
  const whole = { tag: 1, sourcePort: PEER_PORT, destinationPort: SITE_PORT, chunks: [] }

  it('of empty unknown chunks that want to be reported is answered with a few', () => {
    const peer = accepted(new Site())
    const body = concat(...Array.from({ length: 16_000 }, () => encodeChunk(chunk(0xff))))
    peer.deliver(encodePacket({ ...whole, tag: peer.siteTag }, body))
    const answer = peer.chunks()
    assert.ok(answer.length > 0 && answer.length <= 64, `${answer.length} answers`)
  })

  it('of unknown parameters in INIT is answered with one packet of base size', () => {
    const peer = new HandPeer(new Site().listen())
    const parameters = Array.from({ length: 16_000 }, () => parameter(0xffff))
    peer.deliver(peer.encode([init({ parameters })], { tag: 0 }))
    assert.equal(peer.site.sent.length, 1)
    assert.ok(peer.site.sent[0]!.bytes.length <= 1200)
  })

  it('of heartbeats in one packet is answered with a few', () => {
    const peer = accepted(new Site())
    const body = concat(...Array.from({ length: 5000 }, () => encodeChunk(heartbeat(bytesOf(4)))))
    peer.deliver(encodePacket({ ...whole, tag: peer.siteTag }, body))
    assert.ok(peer.chunks().length <= 64)
    assert.equal(peer.member.association.state, 'ESTABLISHED')
  })

  it('of one heartbeat is not answered, and does no harm', () => {
    const peer = accepted(new Site())
    assert.deepEqual(peer.send(heartbeat(bytesOf(60_000))), [])
    peer.send(peer.data())
    assert.deepEqual(peer.member.log, ['up', 'data'])
  })

  it('of errors does no harm and is not answered', () => {
    const peer = accepted(new Site())
    const causes = Array.from({ length: 10_000 }, (_, i) => ({ type: i, value: new Uint8Array(0) }))
    assert.deepEqual(peer.send(error(causes)), [])
    for (let i = 0; i < 1000; i++) assert.deepEqual(peer.send(error(causes.slice(0, 3))), [])
    assert.equal(peer.member.association.state, 'ESTABLISHED')
  })

  it('of cookies and COOKIE ACKs in one packet makes one association at most', () => {
    const peer = new HandPeer(new Site().listen())
    const echo = chunk(Type.COOKIE_ECHO, 0, peer.cookie())
    peer.send(...Array.from({ length: 200 }, () => echo))
    assert.equal(peer.site.members.length, 1)
  })

  it('of the same chunk of data is delivered once, and few duplicates are told', () => {
    const peer = accepted(new Site())
    const each = data({ tsn: peer.tsn, data: Uint8Array.of(5) })
    const answer = peer.send(...Array.from({ length: 3000 }, () => each))
    assert.equal(peer.member.data.length, 1)
    assert.ok(answer.length === 1 && answer[0]!.value.length < 300)
  })
})

describe('SACKs that lie', () => {
  /** An association that has sent four chunks. */
  function sending(): HandPeer {
    const peer = accepted(new Site())
    peer.member.association.send([bytesOf(4 * 1172)])
    peer.member.onTouched()
    peer.site.flush()
    assert.equal(peer.chunks().length, 4)
    return peer
  }

  it('that acknowledge what was never sent break the association (section 6.2.1)', () => {
    for (const ahead of [4, 5, 1000, 0x7fffff00]) {
      const peer = sending()
      assert.deepEqual(typesOf(peer.send(sack({ tsn: (peer.siteTsn + ahead) >>> 0 }))), [Type.ABORT])
      assert.deepEqual(peer.member.log, ['up', 'closed PROTOCOL_VIOLATION'])
      assert.equal(peer.member.acknowledged, 0)
    }
  })

  it('whose gap blocks go beyond what was sent break it as well', () => {
    for (const last of [5, 6, 0xffff]) {
      const peer = sending()
      peer.send(sack({ tsn: (peer.siteTsn - 1) >>> 0, gaps: [[2, last]] }))
      assert.deepEqual(peer.member.log, ['up', 'closed PROTOCOL_VIOLATION'])
    }
  })

  it('that are far behind change nothing', () => {
    const peer = sending()
    peer.send(sack({ tsn: (peer.siteTsn + 1) >>> 0 }))
    for (const behind of [1, 2, 1000, 0x7fffff00]) {
      peer.send(sack({ tsn: (peer.siteTsn + 1 - behind) >>> 0, window: 0 }))
    }
    assert.equal(peer.member.acknowledged, 2 * 1172)
    assert.equal(peer.member.association.state, 'ESTABLISHED')
  })

  it('that report and drop the same over and over neither loop nor lose anything', () => {
    const peer = sending()
    for (let i = 0; i < 500; i++) {
      peer.send(sack({ tsn: (peer.siteTsn - 1) >>> 0, gaps: [[2, 4]] }))
      peer.send(sack({ tsn: (peer.siteTsn - 1) >>> 0 }))
    }
    peer.send(sack({ tsn: (peer.siteTsn + 3) >>> 0 }))
    assert.equal(peer.member.acknowledged, 4 * 1172)
    assert.equal(peer.member.association.figures.flightBytes, 0)
  })

  it('that report even the first as a gap leave no timer that is due again and again', () => {
    const peer = sending()
    peer.send(sack({ tsn: (peer.siteTsn - 1) >>> 0, gaps: [[1, 4]] }))
    peer.site.advance(3_600_000)
    assert.ok(peer.site.sent.length < 100)
  })

  it('that report everything three times over with a window of a byte do not make it send at once for ever', () => {
    const peer = sending()
    peer.member.association.send([bytesOf(100_000)])
    for (let i = 0; i < 1000; i++) peer.send(sack({ tsn: (peer.siteTsn + 3) >>> 0, window: 1 }))
    assert.ok(peer.member.association.figures.flightBytes <= 2)
  })
})

describe('flags that mean nothing', () => {
  it('are passed over on every chunk but DATA, ABORT and SHUTDOWN COMPLETE', () => {
    const peer = accepted(new Site())
    peer.send({ ...sack({ tsn: (peer.siteTsn - 1) >>> 0 }), flags: 0xff })
    peer.send({ ...heartbeat(bytesOf(8)), flags: 0xff })
    peer.send(peer.data(Uint8Array.of(1), Flag.WHOLE | 0xf0))
    assert.deepEqual(peer.member.log, ['up', 'data'])
    assert.equal(peer.member.association.state, 'ESTABLISHED')
  })
})
