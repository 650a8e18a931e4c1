import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { assertBytes, bytesOf } from '../../support/data.ts'
import {
  ADAPTATION,
  abort,
  causesOf,
  chunk,
  error,
  type InitFields,
  init,
  parameter,
  readData,
  readInit,
  Type,
} from '../support/chunks.ts'
import {
  accepted,
  COOKIE,
  dialled,
  HAND_TAG,
  HAND_TSN,
  HandPeer,
  handInitAck,
  typesOf,
} from '../support/hand-peer.ts'
import { decodeTlvs, u16, u32 } from '../support/packets.ts'
import { PEER, SITE_PORT, Site } from '../support/site.ts'

/** A site that has dialled, and its peer that has read the INIT. */
function waiting(): { site: Site; peer: HandPeer } {
  const site = new Site()
  const member = site.dial()
  const peer = new HandPeer(site)
  peer.takeInit()
  peer.member = member
  return { site, peer }
}

/** The same, after the INIT ACK. */
function echoed(fields: Partial<InitFields> = {}): { site: Site; peer: HandPeer } {
  const { site, peer } = waiting()
  peer.send(handInitAck(fields))
  return { site, peer }
}

describe('the end that begins (RFC 9260, section 5.1)', () => {
  it('sends INIT alone, with tag 0 in the header and its own in the chunk', () => {
    const site = new Site()
    const { association } = site.dial()
    const packets = site.take()
    assert.equal(packets.length, 1)
    assert.deepEqual(typesOf(packets[0]!.chunks), [Type.INIT])
    assert.equal(packets[0]!.tag, 0)
    const { tag, window, outboundStreams, inboundStreams, tsn, parameters } = readInit(packets[0]!.chunks[0]!)
    assert.equal(tag, association.localTag >>> 0)
    assert.equal(tsn, association.localInitialTsn >>> 0)
    assert.deepEqual([window, outboundStreams, inboundStreams], [65_536, 1, 1])
    assert.deepEqual(parameters, [ADAPTATION])
  })

  it('gives the cookie back as it came, with the tag of the peer', () => {
    const { site, peer } = waiting()
    peer.deliver(peer.encode([handInitAck()]))
    const [packet] = site.take()
    assert.equal(packet?.tag, HAND_TAG)
    assert.deepEqual(packet?.chunks, [chunk(Type.COOKIE_ECHO, 0, COOKIE)])
    assert.equal(peer.member.association.state, 'COOKIE-ECHOED')
    assert.deepEqual(peer.member.log, [])
  })

  it('is established by COOKIE ACK, and not before', () => {
    const { peer } = echoed()
    assert.deepEqual(peer.send(chunk(Type.COOKIE_ACK)), [])
    assert.equal(peer.member.association.state, 'ESTABLISHED')
    assert.deepEqual(peer.member.log, ['up'])
  })

  it('takes data that comes behind COOKIE ACK in the same packet', () => {
    const { peer } = echoed()
    peer.send(chunk(Type.COOKIE_ACK), peer.data(Uint8Array.of(5)))
    assert.deepEqual(peer.member.log, ['up', 'data'])
  })

  it('takes no data before COOKIE ACK, which may have been lost', () => {
    const { peer } = echoed()
    assert.deepEqual(peer.send(peer.data()), [])
    assert.deepEqual(peer.member.log, [])
  })

  it('takes no COOKIE ACK before it has sent a cookie (section 5.2.5)', () => {
    const { peer } = waiting()
    peer.send(chunk(Type.COOKIE_ACK))
    assert.equal(peer.member.association.state, 'COOKIE-WAIT')
  })

  it('passes over INIT ACK in every other state (section 5.2.3)', () => {
    const { peer } = echoed()
    assert.deepEqual(peer.send(handInitAck({ tag: 77 })), [])
    assert.equal(peer.member.association.peerTag >>> 0, HAND_TAG)
    peer.send(chunk(Type.COOKIE_ACK))
    assert.deepEqual(peer.send(handInitAck({ tag: 77 })), [])
    assert.equal(peer.member.association.state, 'ESTABLISHED')
  })

  it('passes over an INIT ACK that is not alone in its packet (section 6.10)', () => {
    const { peer } = waiting()
    peer.send(handInitAck(), chunk(Type.COOKIE_ACK))
    assert.equal(peer.member.association.state, 'COOKIE-WAIT')
  })

  it('aborts when INIT ACK has no cookie, and says what is missing (section 3.3.3)', () => {
    const { peer } = waiting()
    const [answer] = peer.send(handInitAck({ parameters: [ADAPTATION] }))
    assert.equal(answer?.type, Type.ABORT)
    assert.deepEqual(causesOf(answer!), [{ type: 2, value: Uint8Array.of(0, 0, 0, 1, 0, 7) }])
    assert.deepEqual(peer.member.log, ['closed PROTOCOL_VIOLATION'])
  })

  const refused: readonly (readonly [string, Partial<InitFields>])[] = [
    ['tag 0', { tag: 0 }],
    ['a window below 1500 bytes', { window: 1499 }],
    ['no outbound stream', { outboundStreams: 0 }],
    ['no inbound stream', { inboundStreams: 0 }],
    ['a host name', { parameters: [parameter(11, u32(0)), parameter(7, COOKIE)] }],
  ]
  for (const [what, fields] of refused) {
    it(`gives up when INIT ACK has ${what} (section 3.3.3)`, () => {
      const { peer } = waiting()
      peer.send(handInitAck(fields))
      assert.deepEqual(peer.member.log, ['closed PROTOCOL_VIOLATION'])
    })
  }

  it('reports what it does not know in INIT ACK behind the cookie (section 3.2.2)', () => {
    const { peer } = waiting()
    const unknown = parameter(0xc123, Uint8Array.of(1, 2, 3, 4))
    const answer = peer.send(handInitAck({ parameters: [parameter(7, COOKIE), unknown] }))
    assert.deepEqual(typesOf(answer), [Type.COOKIE_ECHO, Type.ERROR])
    assert.deepEqual(causesOf(answer[1]!), [{ type: 8, value: Uint8Array.of(0xc1, 0x23, 0, 8, 1, 2, 3, 4) }])
  })

  it('gives up at once when the peer aborts', () => {
    const { peer } = waiting()
    peer.send(abort([{ type: 4, value: new Uint8Array(0) }]))
    assert.deepEqual(peer.member.log, ['closed CONNECTION_RESET'])
    assert.match(peer.member.error!.message, /no more associations/)
  })

  it('sends nothing to a peer whose tag it does not know when it is aborted', () => {
    const { site, peer } = waiting()
    peer.member.association.abort({ code: 12, info: new Uint8Array(0) })
    peer.member.onTouched()
    site.flush()
    assert.deepEqual(site.take(), [])
  })

  it('gives back a cookie as large as a packet can have', () => {
    const { site, peer } = waiting()
    const cookie = bytesOf(60_000)
    const [echo] = peer.send(handInitAck({ parameters: [parameter(7, cookie)] }))
    assertBytes(echo!.value, cookie, 'the cookie')
    site.advance(1000)
    assertBytes(peer.chunks()[0]!.value, cookie, 'the cookie, sent again')
  })
})

/** When packets of a type leave, in ms from the first, while nobody answers. */
function timesOf(site: Site, type: number): number[] {
  const times: number[] = []
  const start = site.now
  for (let i = 0; i < 40 && site.members.length > 0; i++) {
    for (const _ of site.take().filter(({ chunks }) => chunks[0]?.type === type)) times.push(site.now - start)
    site.advance(Math.min(1e9, site.nextTimer() - site.now))
  }
  return times
}

const T1 = [0, 1, 3, 7, 15, 31, 63, 123, 183].map(seconds => seconds * 1000)

describe('a lost packet of the handshake (RFC 9260, section 5.1.6 and 6.3.3)', () => {
  it('INIT: is sent again eight times, each time later, and then the peer is unreachable', () => {
    const site = new Site()
    const member = site.dial()
    assert.deepEqual(timesOf(site, Type.INIT), T1)
    assert.deepEqual(member.log, ['closed CONNECTION_RESET'])
    assert.equal(site.now - 1_000_000, 243_000)
  })

  it('INIT: is the same each time', () => {
    const site = new Site()
    site.dial()
    const first = site.take()
    site.advance(1000)
    assert.deepEqual(site.take(), first)
  })

  it('COOKIE ECHO: is sent again eight times, each time later, and then the peer is unreachable', () => {
    const { site, peer } = waiting()
    peer.deliver(peer.encode([handInitAck()]))
    assert.deepEqual(timesOf(site, Type.COOKIE_ECHO), T1)
    assert.deepEqual(peer.member.log, ['closed CONNECTION_RESET'])
  })

  it('INIT ACK: another INIT gets another one, with nothing kept', () => {
    const site = new Site().listen()
    const peer = new HandPeer(site)
    const tags = [peer.cookie(), peer.cookie()].map(() => peer.siteTag)
    assert.equal(site.members.length, 0)
    assert.ok(tags.every(tag => tag !== 0))
  })

  it('COOKIE ACK: another COOKIE ECHO gets another one, and no other association', () => {
    const site = new Site().listen()
    const peer = new HandPeer(site)
    const echo = chunk(Type.COOKIE_ECHO, 0, peer.cookie())
    assert.deepEqual(typesOf(peer.send(echo)), [Type.COOKIE_ACK])
    assert.deepEqual(typesOf(peer.send(echo)), [Type.COOKIE_ACK])
    assert.equal(site.members.length, 1)
    assert.deepEqual(site.members[0]!.log, ['up'])
  })
})

describe('the end that is connected to (RFC 9260, section 5.1)', () => {
  it('answers INIT with INIT ACK, which has a tag, a first TSN and a cookie', () => {
    const site = new Site().listen()
    new HandPeer(site).deliver(new HandPeer(site).encode([init({ tag: 0xabcdef01 })], { tag: 0 }))
    const [packet] = site.take()
    assert.equal(packet?.tag, 0xabcdef01)
    assert.deepEqual(typesOf(packet!.chunks), [Type.INIT_ACK])
    const ack = readInit(packet!.chunks[0]!)
    assert.notEqual(ack.tag, 0)
    assert.equal(ack.window, 65_536)
    assert.deepEqual(
      ack.parameters.map(({ type }) => type),
      [0xc006, 7],
    )
  })

  it('keeps nothing of an INIT (section 5.1.3)', () => {
    const site = new Site().listen()
    new HandPeer(site).cookie()
    assert.equal(site.members.length, 0)
    assert.equal(site.nextTimer(), Number.POSITIVE_INFINITY)
  })

  it('is established by the cookie, and answers with COOKIE ACK', () => {
    const peer = accepted(new Site())
    assert.equal(peer.member.association.state, 'ESTABLISHED')
    assert.deepEqual(peer.member.log, ['up'])
  })

  it('takes data that comes behind the cookie in the same packet', () => {
    const peer = new HandPeer(new Site().listen())
    const echo = chunk(Type.COOKIE_ECHO, 0, peer.cookie())
    const answer = peer.send(echo, peer.data(Uint8Array.of(9)), peer.data(Uint8Array.of(8)))
    assert.equal(answer[0]?.type, Type.COOKIE_ACK)
    assert.deepEqual(peer.site.members[0]!.data, Buffer.from([9, 8]))
  })

  it('answers each INIT with another tag and another first TSN', () => {
    const peer = new HandPeer(new Site().listen())
    const seen = new Set<number>()
    for (let i = 0; i < 100; i++) {
      peer.cookie()
      seen.add(peer.siteTag).add(peer.siteTsn)
    }
    assert.equal(seen.size, 200)
  })

  const discarded: readonly (readonly [string, Partial<InitFields>])[] = [
    ['tag 0', { tag: 0 }],
    ['a window below 1500 bytes', { window: 1499 }],
    ['no outbound stream', { outboundStreams: 0 }],
    ['no inbound stream', { inboundStreams: 0 }],
  ]
  for (const [what, fields] of discarded) {
    it(`accepts nobody whose INIT has ${what} (section 3.3.2)`, () => {
      const peer = new HandPeer(new Site().listen())
      const answer = peer.sendWith({ tag: 0 }, init(fields))
      assert.ok(!typesOf(answer).includes(Type.INIT_ACK))
    })
  }

  it('refuses an INIT with a host name (section 3.3.2.1.4)', () => {
    const peer = new HandPeer(new Site().listen())
    const [answer] = peer.sendWith({ tag: 0 }, init({ parameters: [parameter(11, u32(0))] }))
    assert.equal(answer?.type, Type.ABORT)
    assert.equal(causesOf(answer!)[0]?.type, 5)
  })

  it('refuses an INIT for a port that nobody listens on (section 8.4, 3)', () => {
    const site = new Site().listen(SITE_PORT + 1)
    new HandPeer(site).deliver(new HandPeer(site).encode([init({ tag: 55 })], { tag: 0 }))
    const [packet] = site.take()
    assert.deepEqual(typesOf(packet!.chunks), [Type.ABORT])
    assert.equal(packet!.tag, 55)
    assert.equal(packet!.chunks[0]!.flags, 0, 'the tag is that of the peer')
  })

  it('passes over an INIT that is not alone (section 6.10), or has a tag in the header (section 8.5.1, A)', () => {
    const peer = new HandPeer(new Site().listen())
    assert.deepEqual(peer.sendWith({ tag: 0 }, init(), init()), [])
    assert.deepEqual(peer.sendWith({ tag: 0 }, init(), chunk(Type.COOKIE_ACK)), [])
    assert.deepEqual(
      typesOf(peer.sendWith({ tag: 5 }, init())).filter(type => type !== Type.ABORT),
      [],
    )
  })

  it('passes over a cookie with another tag, other ports or from another address', () => {
    const peer = new HandPeer(new Site().listen())
    const echo = chunk(Type.COOKIE_ECHO, 0, peer.cookie())
    assert.deepEqual(peer.sendWith({ tag: peer.siteTag ^ 1 }, echo), [])
    assert.deepEqual(peer.sendWith({ sourcePort: 6001 }, echo), [])
    assert.deepEqual(peer.sendWith({ destinationPort: 5001 }, echo), [])
    assert.deepEqual(peer.sendWith({ from: { ...PEER, address: '192.0.2.9' } }, echo), [])
    assert.equal(peer.site.members.length, 0)
    assert.deepEqual(typesOf(peer.send(echo)), [Type.COOKIE_ACK])
  })

  it('turns a peer away when it has no place, by ABORT', () => {
    const peer = new HandPeer(new Site({ mostAccepted: 0 }).listen())
    const [answer] = peer.send(chunk(Type.COOKIE_ECHO, 0, peer.cookie()))
    assert.equal(answer?.type, Type.ABORT)
    assert.equal(causesOf(answer!)[0]?.type, 4)
  })

  it('answers a stale cookie with how stale it is, in microseconds (section 5.2.6)', () => {
    const peer = new HandPeer(new Site().listen())
    const echo = chunk(Type.COOKIE_ECHO, 0, peer.cookie())
    peer.site.advance(60_001)
    const [answer] = peer.send(echo)
    assert.equal(answer?.type, Type.ERROR)
    assert.deepEqual(causesOf(answer!), [{ type: 3, value: u32(60_001_000) }])
    assert.equal(peer.site.members.length, 0)
  })

  it('makes one association of a cookie, however often it comes', () => {
    const peer = new HandPeer(new Site().listen())
    const echo = chunk(Type.COOKIE_ECHO, 0, peer.cookie())
    peer.send(echo)
    peer.send(abort())
    assert.equal(peer.site.members.length, 0)
    assert.deepEqual(typesOf(peer.send(echo)), [Type.ABORT])
    assert.equal(peer.site.members.length, 0)
  })

  it('takes peers with the same ports from other addresses as others', () => {
    const site = new Site().listen()
    const peers = [PEER, { ...PEER, port: 1 }, { ...PEER, address: '::1' }].map(from =>
      new HandPeer(site, from).connect(),
    )
    assert.equal(site.members.length, 3)
    for (const [i, peer] of peers.entries()) peer.send(peer.data(Uint8Array.of(i)))
    assert.deepEqual(
      peers.map(({ member }) => [...member.data]),
      [[0], [1], [2]],
    )
  })
})

describe('a large cookie', () => {
  it('is given back whole, in a packet as large as it needs', () => {
    const cookie = bytesOf(60_001)
    const { peer } = waiting()
    const answer = peer.send(handInitAck({ parameters: [parameter(7, cookie)] }))
    assert.deepEqual(answer, [chunk(Type.COOKIE_ECHO, 0, cookie)])
  })

  it('that fits no packet breaks the association off', () => {
    const { peer } = waiting()
    const answer = peer.send(handInitAck({ parameters: [parameter(7, new Uint8Array(65_496))] }))
    assert.deepEqual(typesOf(answer), [Type.ABORT])
    assert.deepEqual(peer.member.log, ['closed PROTOCOL_VIOLATION'])
  })
})

describe('a stale cookie, at the end that began (RFC 9260, section 5.2.6)', () => {
  const stale = error([{ type: 3, value: u32(1) }])

  it('makes it begin anew with the same tag', () => {
    const { peer } = echoed()
    const [again] = peer.send(stale)
    assert.equal(again?.type, Type.INIT)
    assert.equal(readInit(again!).tag, peer.siteTag)
    assert.equal(peer.member.association.state, 'COOKIE-WAIT')
    peer.send(handInitAck())
    peer.send(chunk(Type.COOKIE_ACK))
    assert.deepEqual(peer.member.log, ['up'])
  })

  it('is not taken for ever', () => {
    const { peer } = echoed()
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(typesOf(peer.send(stale)), [Type.INIT])
      peer.send(handInitAck())
    }
    assert.deepEqual(peer.send(stale), [])
    assert.deepEqual(peer.member.log, ['closed CONNECTION_RESET'])
  })

  it('has no meaning in any other state', () => {
    const { peer } = waiting()
    assert.deepEqual(peer.send(stale), [])
    const established = dialled(new Site())
    assert.deepEqual(established.send(stale), [])
    assert.equal(established.member.association.state, 'ESTABLISHED')
  })
})

describe('unknown parameters of INIT (RFC 9260, section 3.2.1)', () => {
  const classes = [
    ['00: the rest is not read', 0x0123, false, false],
    ['01: the rest is not read, and it is reported', 0x4123, false, true],
    ['10: it is skipped', 0x8123, true, false],
    ['11: it is skipped and reported', 0xc123, true, true],
  ] as const
  for (const [what, type, goesOn, reports] of classes) {
    it(`with upper bits ${what}; the peer is accepted`, () => {
      const peer = new HandPeer(new Site().listen())
      const unknown = parameter(type, Uint8Array.of(1, 2, 3))
      const fields = { tag: HAND_TAG, tsn: HAND_TSN, parameters: [unknown, ADAPTATION] }
      const [answer] = peer.sendWith({ tag: 0 }, init(fields))
      const ack = readInit(answer!)
      const reported = ack.parameters.filter(({ type }) => type === 8).map(({ value }) => decodeTlvs(value))
      assert.deepEqual(reported, reports ? [[unknown]] : [])
      peer.siteTag = ack.tag
      peer.send(chunk(Type.COOKIE_ECHO, 0, ack.parameters.find(({ type }) => type === 7)!.value))
      assert.equal(peer.site.members.length, 1)
      assert.equal(endsByMark(peer), goesOn)
    })
  }

  it('never make INIT ACK more than three times as long as INIT, nor does an INIT without parameters', () => {
    const anyParameter = fc.record(
      {
        type: fc.constantFrom(0x0123, 0x4123, 0x8123, 0xc123, 0xc124, 0xc006, 0x8001, 5, 12),
        value: fc.uint8Array({ maxLength: 30 }),
      },
      { noNullPrototype: true },
    )
    fc.assert(
      fc.property(fc.array(anyParameter, { maxLength: 60 }), parameters => {
        const peer = new HandPeer(new Site().listen())
        const packet = peer.encode([init({ parameters })], { tag: 0 })
        peer.deliver(packet)
        const { bytes } = peer.site.sent[0]!
        assert.ok(bytes.length <= 3 * packet.length, `${bytes.length} bytes for ${packet.length}`)
      }),
      { examples: [[[]]] },
    )
  })

  it('are all reported in an INIT ACK that may be three times as long', () => {
    const peer = new HandPeer(new Site().listen())
    const parameters = Array.from({ length: 20 }, (_, i) => parameter(0xc100 + i))
    const [answer] = peer.sendWith({ tag: 0 }, init({ parameters }))
    assert.equal(readInit(answer!).parameters.filter(({ type }) => type === 8).length, 20)
  })

  it('without any, INIT of 32 bytes is answered with 96, and the handshake goes on', () => {
    const peer = new HandPeer(new Site().listen())
    const packet = peer.encode([init({ tag: HAND_TAG, tsn: HAND_TSN, parameters: [] })], { tag: 0 })
    peer.deliver(packet)
    assert.deepEqual([packet.length, peer.site.sent[0]!.bytes.length], [32, 96])
    peer.site.sent.length = 0
    peer.connect({ parameters: [] })
    peer.send(peer.data(Uint8Array.of(7)))
    assert.deepEqual([...peer.member.data], [7])
  })

  it('are reported only as far as INIT ACK has room', () => {
    const peer = new HandPeer(new Site().listen())
    const parameters = Array.from({ length: 200 }, (_, i) => parameter(0xc100 + i, new Uint8Array(16)))
    peer.deliver(peer.encode([init({ parameters })], { tag: 0 }))
    assert.ok(peer.site.sent[0]!.bytes.length <= 1200)
    const ack = readInit(peer.chunks()[0]!)
    const reported = ack.parameters.filter(({ type }) => type === 8)
    assert.ok(reported.length > 20 && reported.length < 200)
  })
})

/** Whether the adaptation indication was understood: then the end is a mark, and otherwise SHUTDOWN. */
function endsByMark(peer: HandPeer): boolean {
  const member = peer.site.members[0]!
  member.association.end(peer.site.now)
  member.onTouched()
  peer.site.flush()
  const [first] = peer.chunks()
  if (first?.type !== Type.DATA) return false
  assert.deepEqual(u16(readData(first).protocol >>> 16), Uint8Array.of(0x63, 0x74))
  return true
}
