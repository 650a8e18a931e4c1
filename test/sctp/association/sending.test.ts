import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bytesOf } from '../../support/data.ts'
import {
  type DataFields,
  END_PROTOCOL,
  Flag,
  readData,
  type SackFields,
  sack,
  shutdown,
  Type,
} from '../support/chunks.ts'
import { accepted, type HandPeer } from '../support/hand-peer.ts'
import { Site, type SiteOptions } from '../support/site.ts'

/** Data of one full chunk in a packet of 1200 bytes. */
const CHUNK = 1172

function established(window = 1_000_000, options: SiteOptions = {}): HandPeer {
  return accepted(new Site(options), { window })
}

function flush(peer: HandPeer): void {
  peer.member.onTouched()
  peer.site.flush()
}

/** The data chunks that have left since the last time, by their offsets from the first TSN. */
function taken(peer: HandPeer): (DataFields & { readonly offset: number })[] {
  return peer
    .chunks()
    .filter(({ type }) => type === Type.DATA)
    .map(readData)
    .map(fields => ({ ...fields, offset: (fields.tsn - peer.siteTsn) >>> 0 }))
}

const offsets = (peer: HandPeer): number[] => taken(peer).map(({ offset }) => offset)

function send(peer: HandPeer, byteLength: number): void {
  peer.member.association.send([bytesOf(byteLength)])
  flush(peer)
}

/** Acknowledges up to an offset from the first TSN; -1 acknowledges nothing. */
function acknowledge(peer: HandPeer, upTo: number, more: Partial<SackFields> = {}): void {
  peer.deliver(peer.encode([sack({ tsn: (peer.siteTsn + upTo) >>> 0, window: 1_000_000, ...more })]))
}

describe('data (RFC 9260, section 6.1)', () => {
  it('leaves in chunks that fit the packet, as one user message, with the I bit on the last', () => {
    const peer = established()
    send(peer, 3000)
    const chunks = taken(peer)
    assert.deepEqual(
      chunks.map(({ data }) => data.length),
      [CHUNK, CHUNK, 3000 - 2 * CHUNK],
    )
    assert.deepEqual(
      chunks.map(({ flags }) => flags),
      [Flag.BEGIN, 0, Flag.END | Flag.IMMEDIATE],
    )
    assert.ok(chunks.every(({ stream, sequence, protocol }) => stream + sequence + protocol === 0))
    assert.deepEqual(Buffer.concat(chunks.map(({ data }) => data)), Buffer.from(bytesOf(3000)))
  })

  it('of several calls shares a packet and a chunk', () => {
    const peer = established()
    peer.member.association.send([bytesOf(10), bytesOf(20)])
    peer.member.association.send([bytesOf(30)])
    flush(peer)
    assert.deepEqual(
      taken(peer).map(({ data }) => data.length),
      [60],
    )
  })

  it('has user messages of 16,384 bytes at most, numbered one after the other', () => {
    const peer = established()
    send(peer, 40_000)
    const all = taken(peer)
    for (let next = 0; next < 40_000; ) {
      acknowledge(peer, all.at(-1)!.offset)
      all.push(...taken(peer))
      if (next === all.length) break
      next = all.length
    }
    const messages = new Map<number, number>()
    for (const { sequence, data } of all) messages.set(sequence, (messages.get(sequence) ?? 0) + data.length)
    assert.deepEqual(
      [...messages],
      [
        [0, 16_384],
        [1, 16_384],
        [2, 40_000 - 32_768],
      ],
    )
  })

  it('does not exceed the congestion window by more than a packet (section 7.2.1)', () => {
    const peer = established()
    send(peer, 100_000)
    assert.deepEqual(offsets(peer), [0, 1, 2, 3])
    assert.equal(peer.member.association.figures.flightBytes, 4 * CHUNK)
  })

  it('does not exceed the window of the peer', () => {
    const peer = established(3000)
    send(peer, 100_000)
    assert.ok(taken(peer).reduce((sum, { data }) => sum + data.length, 0) <= 3000)
  })

  it('is acknowledged to the user by the cumulative TSN alone', () => {
    const peer = established()
    send(peer, 4 * CHUNK)
    acknowledge(peer, 0, { gaps: [[2, 3]] })
    assert.equal(peer.member.acknowledged, CHUNK)
    acknowledge(peer, 3)
    assert.equal(peer.member.acknowledged, 4 * CHUNK)
  })

  it('is not acknowledged twice by a SACK that comes twice or late (section 6.2.1)', () => {
    const peer = established()
    send(peer, 4 * CHUNK)
    acknowledge(peer, 2)
    acknowledge(peer, 2)
    acknowledge(peer, 0)
    acknowledge(peer, -1)
    assert.equal(peer.member.acknowledged, 3 * CHUNK)
    assert.equal(peer.member.association.figures.flightBytes, CHUNK)
  })

  it('ends with a mark, which is acknowledged like data', () => {
    const peer = established()
    send(peer, 10)
    peer.member.association.end(peer.site.now)
    flush(peer)
    const chunks = taken(peer)
    assert.deepEqual(
      chunks.map(({ protocol, sequence, data }) => [protocol, sequence, data.length]),
      [
        [0, 0, 10],
        [END_PROTOCOL, 1, 1],
      ],
    )
    acknowledge(peer, 1)
    assert.equal(peer.member.acknowledged, 10)
    assert.deepEqual(peer.member.log, ['up', 'finish'])
  })
})

describe('fast retransmit (RFC 9260, section 7.2.4)', () => {
  it('sends a chunk again when three SACKs have reported it missing', () => {
    const peer = established()
    send(peer, 20 * CHUNK)
    assert.deepEqual(offsets(peer), [0, 1, 2, 3])
    acknowledge(peer, -1, { gaps: [[2, 2]] })
    acknowledge(peer, -1, { gaps: [[2, 3]] })
    const before = offsets(peer)
    assert.ok(!before.includes(0))
    acknowledge(peer, -1, { gaps: [[2, 4]] })
    assert.equal(offsets(peer)[0], 0)
  })

  it('does not count a SACK that reports nothing new', () => {
    const peer = established()
    send(peer, 20 * CHUNK)
    for (let i = 0; i < 10; i++) acknowledge(peer, -1, { gaps: [[2, 2]] })
    assert.ok(!offsets(peer).slice(4).includes(0))
  })

  it('does not count a chunk that was sent after what the SACK reports', () => {
    const peer = established()
    send(peer, 4 * CHUNK)
    acknowledge(peer, -1, { gaps: [[2, 2]] })
    acknowledge(peer, -1, {
      gaps: [
        [2, 2],
        [4, 4],
      ],
    })
    acknowledge(peer, 1, { gaps: [[2, 2]] })
    assert.deepEqual(offsets(peer), [0, 1, 2, 3])
  })

  it('halves the window once, however much is missing, until all that was on its way is there', () => {
    const peer = established()
    send(peer, 200 * CHUNK)
    let last = 3
    for (let i = 0; i < 6; i++) {
      acknowledge(peer, last)
      last = Math.max(last, ...offsets(peer))
    }
    const { congestionWindow } = peer.member.association.figures
    const base = last - 10
    acknowledge(peer, base)
    offsets(peer)
    for (let i = 3; i <= 6; i++) acknowledge(peer, base, { gaps: [[3, i]] })
    assert.deepEqual(
      offsets(peer).filter(offset => offset <= last),
      [base + 1],
      'one packet, whatever the window says',
    )
    const halved = peer.member.association.figures.congestionWindow
    assert.ok(halved <= congestionWindow / 2 + CHUNK && halved >= congestionWindow / 2 - 1)
    acknowledge(peer, base + 1, { gaps: [[2, 7]] })
    assert.equal(peer.member.association.figures.congestionWindow, halved)
  })

  it('sends again at once what the peer has dropped after it had reported it (section 6.2.1, D iii)', () => {
    const peer = established()
    send(peer, 4 * CHUNK)
    acknowledge(peer, 0, { gaps: [[2, 3]] })
    offsets(peer)
    acknowledge(peer, 0, { gaps: [[3, 3]] })
    assert.deepEqual(offsets(peer), [2])
  })

  it('sends nothing again because of a SHUTDOWN, which reports no gaps (section 3.3.8)', () => {
    const peer = established()
    send(peer, 4 * CHUNK)
    acknowledge(peer, 0, { gaps: [[2, 3]] })
    offsets(peer)
    peer.deliver(peer.encode([shutdown(peer.siteTsn)]))
    assert.deepEqual(
      offsets(peer).filter(offset => offset === 2 || offset === 3),
      [],
    )
    assert.equal(peer.member.association.figures.flightBytes, CHUNK)
  })
})

describe('T3-rtx (RFC 9260, section 6.3.3)', () => {
  it('sends the earliest again after an RTO, as much as one packet has room for', () => {
    const peer = established()
    send(peer, 4 * CHUNK)
    offsets(peer)
    peer.site.advance(999)
    assert.deepEqual(offsets(peer), [])
    peer.site.advance(1)
    assert.deepEqual(offsets(peer)[0], 0)
    assert.equal(peer.member.association.figures.congestionWindow, 1200)
  })

  it('bundles small chunks that are sent again into one packet', () => {
    const peer = established()
    for (let i = 0; i < 4; i++) send(peer, 100)
    offsets(peer)
    peer.site.advance(1000)
    assert.equal(peer.site.sent.length, 1)
    assert.deepEqual(offsets(peer), [0, 1, 2, 3])
  })

  it('backs off, and after ten retransmissions in a row the peer is unreachable (section 8.1)', () => {
    const peer = established()
    send(peer, 10)
    const start = peer.site.now
    const times: number[] = []
    for (let i = 0; i < 30 && peer.site.members.length > 0; i++) {
      for (const _ of offsets(peer)) times.push((peer.site.now - start) / 1000)
      peer.site.advance(peer.site.nextTimer() - peer.site.now)
    }
    assert.deepEqual(times, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303])
    assert.deepEqual(peer.member.log, ['up', 'closed CONNECTION_RESET'])
    assert.equal((peer.site.now - start) / 1000, 363)
  })

  it('breaks the association where the memory of what was lost was transferred away', () => {
    const peer = established()
    const data = bytesOf(3000)
    peer.member.association.send([data])
    flush(peer)
    acknowledge(peer, 0)
    taken(peer)
    structuredClone(data, { transfer: [data.buffer as ArrayBuffer] })
    peer.site.advance(1000)
    assert.deepEqual(
      peer.chunks().map(({ type }) => type),
      [Type.ABORT],
    )
    assert.deepEqual(peer.member.log, ['up', 'closed INVALID_ARGUMENT'])
    assert.equal(peer.member.association.state, 'CLOSED')
  })

  it('begins to count anew when something was acknowledged', () => {
    const peer = established()
    send(peer, 10)
    for (let i = 0; i < 9; i++) peer.site.advance(peer.site.nextTimer() - peer.site.now)
    acknowledge(peer, 0)
    send(peer, 10)
    for (let i = 0; i < 9; i++) peer.site.advance(peer.site.nextTimer() - peer.site.now)
    assert.equal(peer.member.association.state, 'ESTABLISHED')
  })

  it('is stopped when nothing is on its way (section 6.3.2, R2)', () => {
    const peer = established()
    send(peer, 10)
    acknowledge(peer, 0)
    assert.equal(peer.site.nextTimer(), Number.POSITIVE_INFINITY)
  })

  it('begins anew when the earliest was acknowledged (section 6.3.2, R3)', () => {
    const peer = established()
    send(peer, 4 * CHUNK)
    peer.site.advance(900)
    acknowledge(peer, 0)
    offsets(peer)
    peer.site.advance(900)
    assert.deepEqual(offsets(peer), [])
  })

  it('does not measure what was sent twice (section 6.3.1, C5)', () => {
    const peer = established()
    send(peer, 10)
    peer.site.advance(1000)
    peer.site.advance(10)
    acknowledge(peer, 0)
    offsets(peer)
    send(peer, 10)
    // The RTO was doubled and not measured since.
    peer.site.advance(1999)
    assert.deepEqual(offsets(peer), [1])
    peer.site.advance(1)
    assert.deepEqual(offsets(peer), [1])
  })
})

describe('a window of 0 (RFC 9260, section 6.1, A)', () => {
  it('is probed with one byte when nothing is on its way, and later and later', () => {
    const peer = established()
    send(peer, 4 * CHUNK)
    acknowledge(peer, 3, { window: 0 })
    offsets(peer)
    send(peer, 5000)
    assert.deepEqual(
      taken(peer).map(({ offset, data }) => [offset, data.length]),
      [[4, 1]],
    )
    const times: number[] = []
    const start = peer.site.now
    for (let i = 0; i < 4; i++) {
      peer.site.advance(peer.site.nextTimer() - peer.site.now)
      assert.deepEqual(offsets(peer), [4])
      times.push(peer.site.now - start)
    }
    assert.deepEqual(times, [300, 900, 2100, 4500])
  })

  it('never makes the peer unreachable while it answers', () => {
    const peer = established()
    send(peer, CHUNK)
    acknowledge(peer, 0, { window: 0 })
    send(peer, 5000)
    const until = peer.site.now + 3_600_000
    let probes = 0
    while (peer.site.now < until) {
      peer.site.advance(peer.site.nextTimer() - peer.site.now)
      probes += offsets(peer).length
      acknowledge(peer, 0, { window: 0 })
    }
    assert.equal(peer.member.association.state, 'ESTABLISHED')
    assert.ok(probes > 50 && probes < 80, `${probes} probes in an hour`)
  })

  it('makes the peer unreachable when it answers nothing', () => {
    const peer = established()
    send(peer, CHUNK)
    acknowledge(peer, 0, { window: 0 })
    send(peer, 5000)
    peer.site.advance(3_600_000)
    assert.deepEqual(peer.member.log, ['up', 'closed CONNECTION_RESET'])
  })

  it('that opens lets data go at once, the probe first', () => {
    const peer = established()
    send(peer, CHUNK)
    acknowledge(peer, 0, { window: 0 })
    offsets(peer)
    send(peer, 3000)
    assert.deepEqual(offsets(peer), [1])
    acknowledge(peer, 0)
    assert.deepEqual(offsets(peer).slice(0, 3), [1, 2, 3])
  })
})
