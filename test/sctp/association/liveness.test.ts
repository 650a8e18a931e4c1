import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bytesOf } from '../../support/data.ts'
import { chunk, heartbeat, readData, sack, Type } from '../support/chunks.ts'
import { accepted, dialled, type HandPeer, typesOf } from '../support/hand-peer.ts'
import type { Chunk } from '../support/packets.ts'
import { Site } from '../support/site.ts'

const INTERVAL_MS = 30_000

const established = (): HandPeer => accepted(new Site({ heartbeatIntervalMs: INTERVAL_MS }))

/** Waits for the next heartbeat; returns it, and the time it took. */
function nextHeartbeat(peer: HandPeer): { asked: Chunk; ms: number } {
  const start = peer.site.now
  peer.chunks()
  for (let i = 0; i < 20; i++) {
    peer.site.advance(peer.site.nextTimer() - peer.site.now)
    const asked = peer.chunks().find(({ type }) => type === Type.HEARTBEAT)
    if (asked !== undefined) return { asked, ms: peer.site.now - start }
  }
  assert.fail('no heartbeat')
}

describe('an idle peer (RFC 9260, section 8.3)', () => {
  it('is asked after the interval and an RTO, give or take its half', () => {
    const { ms } = nextHeartbeat(established())
    assert.ok(ms >= INTERVAL_MS + 500 && ms <= INTERVAL_MS + 1500, `${ms} ms`)
  })

  it('is never asked where there is no interval', () => {
    assert.equal(accepted(new Site()).site.nextTimer(), Number.POSITIVE_INFINITY)
  })

  it('is asked again and again while it answers', () => {
    const peer = established()
    for (let i = 0; i < 30; i++) {
      const { asked } = nextHeartbeat(peer)
      peer.send(chunk(Type.HEARTBEAT_ACK, 0, asked.value))
    }
    assert.equal(peer.member.association.state, 'ESTABLISHED')
  })

  it('is unreachable after eleven questions without an answer (section 8.1)', () => {
    const peer = established()
    for (let i = 0; i < 11; i++) nextHeartbeat(peer)
    peer.site.advance(60_000)
    assert.deepEqual(peer.member.log, ['up', 'closed CONNECTION_RESET'])
  })

  /** Seconds after which an end takes a peer for gone that has vanished; docs/options.md says them. */
  const noticed = (begin: (site: Site) => HandPeer, sends: boolean): number => {
    const peer = begin(new Site({ heartbeatIntervalMs: INTERVAL_MS }))
    const start = peer.site.now
    if (sends) peer.member.association.send([bytesOf(10)])
    peer.member.onTouched()
    peer.site.flush()
    while (peer.member.error === undefined) {
      assert.ok(peer.site.now - start < 1_000_000, 'it is never noticed')
      peer.site.advance(1000)
    }
    return (peer.site.now - start) / 1000
  }

  it('that has vanished is noticed within the seconds that docs/options.md says', () => {
    for (const [begin, sends, least, most] of [
      [accepted, false, 285, 395],
      [dialled, false, 285, 395],
      [accepted, true, 135, 185],
      [dialled, true, 135, 185],
    ] as const) {
      const seconds = noticed(begin, sends)
      assert.ok(seconds >= least && seconds <= most, `${seconds} s`)
    }
  })

  it('has answered only what was asked, bit for bit', () => {
    const peer = established()
    for (let i = 0; i < 11; i++) {
      const { asked } = nextHeartbeat(peer)
      const wrong = asked.value.slice()
      wrong[15]! ^= 1
      peer.send(chunk(Type.HEARTBEAT_ACK, 0, wrong))
      peer.send(chunk(Type.HEARTBEAT_ACK, 0, asked.value.slice(0, 12)))
      peer.send(chunk(Type.HEARTBEAT_ACK))
    }
    peer.site.advance(60_000)
    assert.deepEqual(peer.member.log, ['up', 'closed CONNECTION_RESET'])
  })

  it('has not answered with an answer that comes twice', () => {
    const peer = established()
    const { asked } = nextHeartbeat(peer)
    peer.send(chunk(Type.HEARTBEAT_ACK, 0, asked.value))
    for (let i = 0; i < 11; i++) {
      nextHeartbeat(peer)
      peer.send(chunk(Type.HEARTBEAT_ACK, 0, asked.value))
    }
    peer.site.advance(60_000)
    assert.deepEqual(peer.member.log, ['up', 'closed CONNECTION_RESET'])
  })

  it('counts questions and retransmissions together', () => {
    const peer = established()
    peer.member.association.send([bytesOf(10)])
    peer.member.onTouched()
    peer.site.flush()
    const start = peer.site.now
    peer.site.advance(3_600_000)
    assert.deepEqual(peer.member.log, ['up', 'closed CONNECTION_RESET'])
    assert.ok(peer.site.now - start >= 60_000)
  })

  it('is answered in turn, with what it has sent', () => {
    const peer = established()
    const asked = heartbeat(bytesOf(33))
    assert.deepEqual(peer.send(asked), [{ ...asked, type: Type.HEARTBEAT_ACK }])
  })

  it('is answered in every state after the handshake', () => {
    const peer = dialled(new Site())
    peer.member.association.end(peer.site.now)
    peer.member.onTouched()
    peer.site.flush()
    peer.chunks()
    assert.deepEqual(typesOf(peer.send(heartbeat(bytesOf(8)))), [Type.HEARTBEAT_ACK])
  })
})

describe('larger packets (RFC 8899)', () => {
  /** The last TSN that has left the site. */
  let lastTsn = 0

  /** An association on a link of this size that has sent enough to look for larger packets. */
  function searching(largestPacketBytes: number): HandPeer {
    const peer = accepted(new Site({ largestPacketBytes }), { window: 1_000_000 })
    peer.member.association.send([bytesOf(40_000)])
    peer.member.onTouched()
    peer.site.flush()
    return peer
  }

  /** Answers all data, and the probes up to a size, until nothing more comes. */
  function run(peer: HandPeer, takes: number): void {
    for (let i = 0; i < 200; i++) {
      const packets = peer.site.sent.splice(0)
      if (packets.length === 0) {
        if (peer.site.nextTimer() > peer.site.now + 60_000) return
        peer.site.advance(peer.site.nextTimer() - peer.site.now)
      }
      for (const { bytes } of packets.filter(({ bytes }) => bytes.length <= takes)) answerTo(peer, bytes)
    }
  }

  function answerTo(peer: HandPeer, bytes: Uint8Array): void {
    peer.site.sent.push({ bytes, to: peer.from })
    const rest = peer.site.sent.splice(0, peer.site.sent.length - 1)
    const chunks = peer.chunks()
    peer.site.sent.push(...rest)
    const asked = chunks.find(({ type }) => type === Type.HEARTBEAT)
    const last = chunks.findLast(({ type }) => type === Type.DATA)
    if (last !== undefined) lastTsn = readData(last).tsn
    const answers: Chunk[] = []
    if (asked !== undefined) answers.push(chunk(Type.HEARTBEAT_ACK, 0, asked.value))
    if (last !== undefined) answers.push(sack({ tsn: readData(last).tsn, window: 1_000_000 }))
    if (answers.length > 0) peer.deliver(peer.encode(answers))
  }

  it('are sent once a probe of that size was answered', () => {
    const peer = searching(9000)
    run(peer, 9000)
    assert.equal(peer.member.association.figures.packetBytes, 9000)
    assert.equal(peer.member.acknowledged, 40_000)
  })

  it('stay as large while the peer keeps its window closed, and so does the congestion window', () => {
    const peer = searching(9000)
    run(peer, 9000)
    const { association } = peer.member
    const before = association.figures
    const closed = sack({ tsn: lastTsn, window: 0 })
    peer.send(closed)
    association.send([bytesOf(40_000)])
    peer.member.onTouched()
    peer.site.flush()
    for (let i = 0; i < 10; i++) {
      peer.site.advance(peer.site.nextTimer() - peer.site.now)
      peer.send(closed)
    }
    const { packetBytes, congestionWindow } = association.figures
    assert.equal(packetBytes, before.packetBytes)
    assert.ok(
      congestionWindow >= Math.min(before.congestionWindow, 4 * packetBytes),
      `${congestionWindow} bytes`,
    )
  })

  it('are not sent where the path does not take them', () => {
    const peer = searching(9000)
    run(peer, 1500)
    assert.equal(peer.member.association.figures.packetBytes, 1472)
    assert.equal(peer.member.acknowledged, 40_000)
  })
})
