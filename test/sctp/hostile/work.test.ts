import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Flight } from '../../../src/transport/sctp/association/flight.ts'
import { bytesOf } from '../../support/data.ts'
import { chunk, data, heartbeat, init, initAck, readSack, sack, Type } from '../support/chunks.ts'
import { accepted, HAND_TSN, type HandPeer } from '../support/hand-peer.ts'
import { type Chunk, concat, encodeChunk, encodePacket } from '../support/packets.ts'
import { PEER_PORT, SITE_PORT, Site } from '../support/site.ts'
import { countCalls } from '../support/visits.ts'

/** Most chunks in flight; PROTOCOL.md. */
const MOST = 4096
/** What a UDP datagram has room for. */
const DATAGRAM_BYTES = 65_504

function send(peer: HandPeer, byteLength: number): number {
  peer.member.association.send([bytesOf(byteLength)])
  peer.member.onTouched()
  peer.site.flush()
  return peer.site.sent.splice(0).length
}

/** An association whose congestion window is open, and the TSN that it has acknowledged last. */
function opened(): { readonly peer: HandPeer; readonly cumulative: number } {
  const peer = accepted(new Site(), { window: 100_000_000 })
  let cumulative = (peer.siteTsn - 1) >>> 0
  for (let sent = send(peer, 10_000_000); sent > 0; sent = peer.site.sent.splice(0).length) {
    cumulative = (cumulative + sent) >>> 0
    peer.deliver(peer.encode([sack({ tsn: cumulative, window: 100_000_000 })]))
  }
  return { peer, cumulative }
}

/** As many chunks of one byte in flight as there may be. */
function withFullFlight(count = MOST): { readonly peer: HandPeer; readonly cumulative: number } {
  const { peer, cumulative } = opened()
  for (let i = 0; i < count; i++) assert.equal(send(peer, 1), 1)
  return { peer, cumulative }
}

/** A packet with nothing but one chunk, as often as it has room for it. */
function fullOf(peer: HandPeer, each: Chunk): Uint8Array {
  const bytes = encodeChunk(each)
  const body = concat(...new Array<Uint8Array>(Math.floor((DATAGRAM_BYTES - 12) / bytes.length)).fill(bytes))
  return encodePacket(
    { sourcePort: PEER_PORT, destinationPort: SITE_PORT, tag: peer.siteTag, chunks: [] },
    body,
  )
}

const gapSack = (cumulative: number, ...gaps: (readonly [number, number])[]): Chunk =>
  sack({ tsn: cumulative, window: 100_000_000, gaps })

function deliver(peer: HandPeer, packet: Uint8Array): void {
  peer.deliver(packet)
  peer.site.sent.length = 0
}

function atMost(most: number, visits: number): void {
  assert.ok(visits <= most, `${visits} visits, ${most} at most`)
}

describe('the work for a packet does not grow with what is in flight', () => {
  it('where it is full of SACKs that report all but the first, once they are known', t => {
    const { peer, cumulative } = withFullFlight()
    const packet = fullOf(peer, gapSack(cumulative, [2, MOST]))
    const visits = countCalls(t, Flight, 'at')
    deliver(peer, packet)
    atMost(8 * MOST, visits.taken())
    deliver(peer, packet)
    atMost(20, visits.taken())
  })

  it('where each SACK of it reports one chunk more than the one before: only one is acted on', t => {
    const { peer, cumulative } = withFullFlight()
    const sacks = Array.from({ length: 3000 }, (_, i) => gapSack(cumulative, [MOST - i, MOST]))
    const visits = countCalls(t, Flight, 'at')
    deliver(peer, peer.encode(sacks))
    atMost(20, visits.taken())
    assert.equal(peer.member.association.figures.flightBytes, MOST - 1)
  })

  it('where chunks are acknowledged one by one, from the last to the first', t => {
    const { peer, cumulative } = withFullFlight()
    const visits = countCalls(t, Flight, 'at')
    for (let last = MOST; last >= 2; last--) deliver(peer, peer.encode([gapSack(cumulative, [last, MOST])]))
    atMost(20 * MOST, visits.taken())
  })

  it('where chunks are acknowledged one by one, from the first to the last', t => {
    const { peer, cumulative } = withFullFlight()
    const visits = countCalls(t, Flight, 'at')
    for (let last = 2; last <= MOST; last++) deliver(peer, peer.encode([gapSack(cumulative, [2, last])]))
    atMost(20 * MOST, visits.taken())
  })

  it('where every other chunk is reported by a block of its own, again and again', t => {
    const { peer, cumulative } = withFullFlight()
    const gaps = Array.from({ length: MOST / 2 }, (_, i): [number, number] => [2 * i + 2, 2 * i + 2])
    const packet = peer.encode([gapSack(cumulative, ...gaps)])
    const visits = countCalls(t, Flight, 'at')
    deliver(peer, packet)
    visits.taken()
    deliver(peer, packet)
    atMost(4 * gaps.length, visits.taken())
  })

  it('where the peer reports all and takes it back, again and again', t => {
    const { peer, cumulative } = withFullFlight()
    const all = peer.encode([gapSack(cumulative, [2, MOST])])
    const ends = peer.encode([gapSack(cumulative, [MOST, MOST])])
    const visits = countCalls(t, Flight, 'at')
    for (let i = 0; i < 500; i++) {
      deliver(peer, all)
      deliver(peer, ends)
    }
    atMost(10 * MOST + 20 * 1000, visits.taken())
  })

  it('where each cumulative step takes a gap block back', t => {
    const { peer, cumulative } = withFullFlight()
    const visits = countCalls(t, Flight, 'at')
    for (let i = 0; i < 500; i++) {
      deliver(peer, peer.encode([gapSack((cumulative + i) >>> 0, [2, MOST - i])]))
      deliver(peer, peer.encode([gapSack((cumulative + i + 1) >>> 0)]))
    }
    atMost(10 * MOST + 20 * 1000, visits.taken())
  })

  it('where lost chunks are to be found among many that are not', t => {
    const { peer, cumulative } = withFullFlight()
    const gaps = Array.from({ length: MOST / 8 }, (_, i): [number, number] => [8 * i + 2, 8 * i + 8])
    deliver(peer, peer.encode([gapSack(cumulative, ...gaps)]))
    const visits = countCalls(t, Flight, 'at')
    peer.site.advance(60_000)
    atMost(10 * MOST, visits.taken())
  })

  const own = new Uint8Array(8)
  const repeated: Readonly<Record<string, (peer: HandPeer, cumulative: number) => Chunk>> = {
    SACK: (_, cumulative) => gapSack(cumulative),
    'DATA that has come': () => data({ tsn: (HAND_TSN - 1) >>> 0 }),
    'DATA far ahead': () => data({ tsn: (HAND_TSN + 100_000) >>> 0 }),
    HEARTBEAT: () => heartbeat(own),
    'HEARTBEAT ACK': () => chunk(Type.HEARTBEAT_ACK, 0, own),
    INIT: () => init(),
    'INIT ACK': () => initAck(),
    'COOKIE ECHO': () => chunk(Type.COOKIE_ECHO, 0, own),
    'COOKIE ACK': () => chunk(Type.COOKIE_ACK),
    ERROR: () => chunk(Type.ERROR, 0, new Uint8Array(4)),
    'SHUTDOWN ACK': () => chunk(Type.SHUTDOWN_ACK),
    'SHUTDOWN COMPLETE': () => chunk(Type.SHUTDOWN_COMPLETE),
    SHUTDOWN: (_, cumulative) => chunk(Type.SHUTDOWN, 0, encodeChunk(gapSack(cumulative)).slice(4, 8)),
    PAD: () => chunk(Type.PAD),
    'an unknown chunk that is reported': () => chunk(0xfe),
  }
  for (const [name, make] of Object.entries(repeated)) {
    it(`where it is full of ${name}`, t => {
      const { peer, cumulative } = withFullFlight()
      const packet = fullOf(peer, make(peer, cumulative))
      const visits = countCalls(t, Flight, 'at')
      peer.deliver(packet)
      assert.ok(peer.site.sent.length <= 64, `${peer.site.sent.length} packets in answer`)
      atMost(packet.length / 4, visits.taken())
    })
  }

  it('in processor time, for SACKs that fill a datagram', () => {
    const full = withFullFlight()
    const few = withFullFlight(10)
    const least = (times: number[]): number => Math.min(...times)
    const measure = ({ peer, cumulative }: typeof full, last: number): (() => number) => {
      const packet = fullOf(peer, gapSack(cumulative, [2, last]))
      deliver(peer, packet)
      return () => {
        const before = process.cpuUsage()
        for (let i = 0; i < 20; i++) deliver(peer, packet)
        const { user, system } = process.cpuUsage(before)
        return user + system
      }
    }
    const [timeFull, timeFew] = [measure(full, MOST), measure(few, 10)]
    const times = Array.from({ length: 10 }, () => [timeFull(), timeFew()] as const)
    const ratio = least(times.map(([a]) => a)) / least(times.map(([, b]) => b))
    assert.ok(ratio < 10, `${ratio.toFixed(1)} times as long`)
  })
})

describe('the work for DATA does not grow with what waits for its turn', () => {
  it('where it opens one gap behind the other, from the last to the first', () => {
    const peer = accepted(new Site({ windowBytes: 1_000_000 }))
    for (let packet = 0; packet < 4; packet++) {
      const chunks = Array.from({ length: 3000 }, (_, i) =>
        data({ tsn: (HAND_TSN + 30_000 - 2 * (3000 * packet + i)) >>> 0 }),
      )
      deliver(peer, peer.encode(chunks))
    }
    // Each that opens a gap moves the others, so there must not be many of them.
    peer.deliver(peer.encode([data({ tsn: (HAND_TSN + 30_000) >>> 0 })]))
    const sent = peer.chunks().find(({ type }) => type === Type.SACK)!
    const { gaps } = readSack(sent)
    assert.equal(gaps.length, 293, 'as many as the packet has room for')
    assert.ok(gaps.every(([from, to]) => to === from))
  })
})
