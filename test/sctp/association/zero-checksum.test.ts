import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { assertBytes, bytesOf, random } from '../../support/data.ts'
import {
  ADAPTATION,
  chunk,
  error,
  heartbeat,
  init,
  parameter,
  readInit,
  Type,
  ZERO_CHECKSUM,
} from '../support/chunks.ts'
import { accepted, COOKIE, dialled, HandPeer, handInitAck, typesOf } from '../support/hand-peer.ts'
import { type Chunk, checksumOf, decodePacket, rightChecksumOf, type Tlv, u32 } from '../support/packets.ts'
import { Site } from '../support/site.ts'
import { TwoSites } from '../support/two-sites.ts'

const INSIDE_DTLS = { zeroChecksumAcceptable: true }
const ANNOUNCED = { parameters: [ADAPTATION, ZERO_CHECKSUM] }
const COOKIE_AND_ANNOUNCED = { parameters: [ADAPTATION, ZERO_CHECKSUM, parameter(7, COOKIE)] }

/** How the site's next packet is sent: which chunks, and whether its checksum is right or 0. */
function sent(site: Site): [number[], 'right' | 'zero'] {
  const packet = site.sent.shift()
  assert.ok(packet !== undefined, 'a packet')
  const { chunks } = decodePacket(packet.bytes, true)
  return [typesOf(chunks), checksumOf(packet.bytes) === rightChecksumOf(packet.bytes) ? 'right' : 'zero']
}

/** Gives the site chunks in a packet with this checksum, by default 0. Returns how many packets it sends. */
function sendWith(peer: HandPeer, chunks: readonly Chunk[], checksum = 0, tag = peer.siteTag): number {
  const bytes = peer.encode(chunks, { tag })
  new DataView(bytes.buffer).setUint32(8, checksum)
  peer.deliver(bytes)
  return peer.site.sent.length
}

/** What the site sends when it sends data. */
function sendsData(peer: HandPeer): [number[], 'right' | 'zero'] {
  peer.member.association.send([Uint8Array.of(1)])
  peer.member.onTouched()
  peer.site.flush()
  return sent(peer.site)
}

const answersHeartbeat = (peer: HandPeer, checksum = 0): boolean =>
  sendWith(peer, [heartbeat(Uint8Array.of(1, 2, 3, 4))], checksum) === 1

describe('an end inside DTLS (RFC 9653, section 5.1)', () => {
  it('announces in INIT that it takes a checksum of 0, behind a right one', () => {
    const site = new Site(INSIDE_DTLS)
    site.dial()
    site.advance(5000)
    const packets = site.sent.map(({ bytes }) => decodePacket(bytes))
    assert.equal(packets.length, 3)
    for (const { chunks } of packets)
      assert.deepEqual(readInit(chunks[0]!).parameters, [ADAPTATION, ZERO_CHECKSUM])
  })

  for (const [who, parameters] of Object.entries({
    'a peer that has': ANNOUNCED.parameters,
    'a peer that has not': [ADAPTATION],
  })) {
    it(`announces it in INIT ACK to ${who}, behind a right checksum`, () => {
      const peer = new HandPeer(new Site(INSIDE_DTLS).listen())
      peer.deliver(peer.encode([init({ parameters })], { tag: 0 }))
      const answer = readInit(decodePacket(peer.site.sent[0]!.bytes).chunks[0]!)
      assert.deepEqual(
        answer.parameters.filter(({ type }) => type !== 7),
        [ADAPTATION, ZERO_CHECKSUM],
      )
    })
  }

  it('sends COOKIE ECHO with a right checksum, however often', () => {
    const site = new Site(INSIDE_DTLS)
    const member = site.dial()
    const peer = new HandPeer(site)
    peer.takeInit()
    peer.deliver(peer.encode([handInitAck(COOKIE_AND_ANNOUNCED)]))
    site.advance(5000)
    for (let i = 0; i < 3; i++) assert.deepEqual(sent(site), [[Type.COOKIE_ECHO], 'right'])
    member.association.abort({ code: 12, info: new Uint8Array(0) })
    member.onTouched()
    site.flush()
    assert.deepEqual(sent(site), [[Type.ABORT], 'right'])
  })

  it('takes INIT ACK and COOKIE ACK with a checksum of 0, and INIT and COOKIE ECHO only with a right one', () => {
    const listening = new HandPeer(new Site(INSIDE_DTLS).listen())
    assert.equal(sendWith(listening, [init(ANNOUNCED)], 0, 0), 0)
    const echo = chunk(Type.COOKIE_ECHO, 0, listening.cookie(ANNOUNCED))
    assert.equal(sendWith(listening, [echo]), 0)
    assert.equal(listening.site.members.length, 0)
    assert.deepEqual(typesOf(listening.send(echo)), [Type.COOKIE_ACK])
    const site = new Site(INSIDE_DTLS)
    const member = site.dial()
    const dialling = new HandPeer(site)
    dialling.takeInit()
    assert.equal(sendWith(dialling, [handInitAck(COOKIE_AND_ANNOUNCED)]), 1)
    sendWith(dialling, [chunk(Type.COOKIE_ACK)])
    assert.deepEqual(member.log, ['up'])
  })

  it('begins anew after a stale cookie with right checksums', () => {
    const site = new Site(INSIDE_DTLS)
    site.dial()
    const peer = new HandPeer(site)
    peer.takeInit()
    peer.send(handInitAck(COOKIE_AND_ANNOUNCED))
    assert.equal(sendWith(peer, [error([{ type: 3, value: u32(1) }])]), 1)
    assert.deepEqual(sent(site), [[Type.INIT], 'right'])
  })
})

/** Both ways of coming to an association, with what the peer has announced. */
const ways = {
  'that has accepted': (site: Site, ...announced: readonly Tlv[]) =>
    accepted(site, { parameters: [ADAPTATION, ...announced] }),
  'that has dialled': (site: Site, ...announced: readonly Tlv[]) =>
    dialled(site, { parameters: [ADAPTATION, ...announced, parameter(7, COOKIE)] }),
}

for (const [way, connect] of Object.entries(ways)) {
  describe(`an end ${way} (RFC 9653, sections 5.2 and 5.3)`, () => {
    it('sends 0, and takes 0 and right checksums and no others, where both ends have announced it', () => {
      const peer = connect(new Site(INSIDE_DTLS), ZERO_CHECKSUM)
      assert.deepEqual(sendsData(peer), [[Type.DATA], 'zero'])
      assert.ok(answersHeartbeat(peer))
      assert.deepEqual(sent(peer.site), [[Type.HEARTBEAT_ACK], 'zero'])
      for (const wrong of [1, 0x01000000, 0xffffffff]) assert.ok(!answersHeartbeat(peer, wrong))
      assert.deepEqual(typesOf(peer.send(heartbeat(Uint8Array.of(1)))), [Type.HEARTBEAT_ACK])
    })

    it('sends checksums and takes 0 where only it has', () => {
      const peer = connect(new Site(INSIDE_DTLS))
      assert.deepEqual(sendsData(peer), [[Type.DATA], 'right'])
      assert.ok(answersHeartbeat(peer))
      assert.deepEqual(sent(peer.site), [[Type.HEARTBEAT_ACK], 'right'])
    })

    it('sends checksums and takes no 0 where only its peer has', () => {
      const peer = connect(new Site(), ZERO_CHECKSUM)
      assert.deepEqual(sendsData(peer), [[Type.DATA], 'right'])
      assert.ok(!answersHeartbeat(peer))
      assert.deepEqual(typesOf(peer.send(heartbeat(Uint8Array.of(1)))), [Type.HEARTBEAT_ACK])
    })

    it('sends checksums and takes no 0 where nobody has', () => {
      const peer = connect(new Site())
      assert.deepEqual(sendsData(peer), [[Type.DATA], 'right'])
      assert.ok(!answersHeartbeat(peer))
    })

    const meaningless: Readonly<Record<string, readonly Tlv[]>> = {
      'another method': [parameter(0x8001, u32(2))],
      'another method first': [parameter(0x8001, u32(2)), ZERO_CHECKSUM],
      'no method': [parameter(0x8001)],
      'more than a method': [parameter(0x8001, Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1))],
    }
    for (const [what, parameters] of Object.entries(meaningless)) {
      it(`sends checksums where its peer has announced ${what}`, () => {
        const peer = connect(new Site(INSIDE_DTLS), ...parameters)
        assert.deepEqual(sendsData(peer), [[Type.DATA], 'right'])
      })
    }
  })
}

describe('outside DTLS, a peer that takes a checksum of 0', () => {
  it('is answered as any other: nothing is announced, and nothing reported', () => {
    const peer = new HandPeer(new Site().listen())
    const [answer] = peer.sendWith({ tag: 0 }, init(ANNOUNCED))
    const { parameters } = readInit(answer!)
    assert.deepEqual(
      parameters.map(({ type }) => type),
      [0xc006, 7],
    )
  })

  it('is not told in COOKIE ECHO that its INIT ACK was not understood', () => {
    const site = new Site()
    site.dial()
    const peer = new HandPeer(site)
    assert.deepEqual(peer.takeInit().parameters, [ADAPTATION])
    assert.deepEqual(typesOf(peer.send(handInitAck(COOKIE_AND_ANNOUNCED))), [Type.COOKIE_ECHO])
  })
})

describe('two ends inside DTLS', () => {
  it('send 0 in all that follows the handshake, until the end', () => {
    const packets: Uint8Array[] = []
    const chance = random(7)
    let loss = 0
    const sites = new TwoSites(
      bytes => {
        packets.push(bytes)
        return chance() >= loss
      },
      { ...INSIDE_DTLS, heartbeatIntervalMs: 5000, largestPacketBytes: 2048 },
    )
    loss = 0.2
    const data = bytesOf(100_000)
    sites.send(sites.dialler, data)
    sites.send(sites.accepted, data)
    sites.advance(60_000)
    loss = 0
    const { accepted, dialler } = sites
    for (const member of [dialler, accepted]) {
      assertBytes(member.data, data, 'the data that came')
      sites.end(member)
    }
    sites.advance(5000)
    assert.equal(dialler.log.at(-1), 'closed')
    assert.equal(accepted.log.at(-1), 'closed')
    const types = { right: new Set<number>(), zero: new Set<number>() }
    for (const bytes of packets)
      for (const { type } of decodePacket(bytes, true).chunks)
        types[checksumOf(bytes) === 0 ? 'zero' : 'right'].add(type)
    assert.deepEqual([...types.right], [Type.INIT, Type.INIT_ACK, Type.COOKIE_ECHO])
    const { DATA, SACK, HEARTBEAT, HEARTBEAT_ACK, PAD, COOKIE_ACK } = Type
    const { SHUTDOWN, SHUTDOWN_ACK, SHUTDOWN_COMPLETE } = Type
    const all = [DATA, SACK, HEARTBEAT, HEARTBEAT_ACK, SHUTDOWN, SHUTDOWN_ACK, COOKIE_ACK, SHUTDOWN_COMPLETE]
    assert.deepEqual(
      [...types.zero].sort((a, b) => a - b),
      [...all, PAD],
    )
  })

  it('send 0 when one breaks off', () => {
    const peer = accepted(new Site(INSIDE_DTLS), ANNOUNCED)
    peer.member.association.abort({ code: 12, info: new Uint8Array(0) })
    peer.member.onTouched()
    peer.site.flush()
    assert.deepEqual(sent(peer.site), [[Type.ABORT], 'zero'])
  })

  it('are without it again when one begins anew and does not announce it', () => {
    const peer = accepted(new Site(INSIDE_DTLS), ANNOUNCED)
    const again = new HandPeer(peer.site).connect({ tag: 0x0badcafe })
    assert.equal(peer.member.log.at(-1), 'closed CONNECTION_RESET')
    assert.deepEqual(sendsData(again), [[Type.DATA], 'right'])
  })
})

describe('an end inside DTLS, asked from outside its associations (RFC 9653, section 5.2)', () => {
  it('answers with a right checksum what belongs to no association, though it came with 0', () => {
    const peer = new HandPeer(new Site(INSIDE_DTLS).listen())
    for (const type of [Type.SHUTDOWN_ACK, Type.DATA]) {
      assert.equal(sendWith(peer, [chunk(type, 0, new Uint8Array(16))], 0, 7), 1)
      assert.equal(sent(peer.site)[1], 'right')
    }
  })

  it('refuses an association with a right checksum', () => {
    const peer = new HandPeer(new Site(INSIDE_DTLS))
    peer.deliver(peer.encode([init(ANNOUNCED)], { tag: 0 }))
    assert.deepEqual(sent(peer.site), [[Type.ABORT], 'right'])
  })

  it('tells with a right checksum that a cookie is stale', () => {
    const peer = new HandPeer(new Site(INSIDE_DTLS).listen())
    const cookie = peer.cookie(ANNOUNCED)
    peer.site.now += 60_001
    peer.deliver(peer.encode([chunk(Type.COOKIE_ECHO, 0, cookie)]))
    assert.deepEqual(sent(peer.site), [[Type.ERROR], 'right'])
  })

  it('sends SHUTDOWN ACK with a right checksum to a peer that has begun anew', () => {
    const peer = accepted(new Site(INSIDE_DTLS), { parameters: [ZERO_CHECKSUM] })
    peer.send(chunk(Type.SHUTDOWN, 0, u32(peer.siteTsn - 1)))
    peer.member.association.end(peer.site.now)
    peer.member.onTouched()
    peer.site.flush()
    assert.deepEqual(sent(peer.site), [[Type.SHUTDOWN_ACK], 'zero'])
    peer.deliver(peer.encode([init({ tag: 0x0badcafe })], { tag: 0 }))
    assert.deepEqual(sent(peer.site), [[Type.SHUTDOWN_ACK], 'right'])
  })
})
