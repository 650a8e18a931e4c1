import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../support/data.ts'
import {
  causesOf,
  chunk,
  data,
  END_PROTOCOL,
  Flag,
  readSack,
  type SackFields,
  Type,
} from '../support/chunks.ts'
import { accepted, HAND_TSN, type HandPeer, typesOf } from '../support/hand-peer.ts'
import { type Chunk, withChecksum } from '../support/packets.ts'
import { Site, type SiteOptions } from '../support/site.ts'

const established = (options: SiteOptions = {}): HandPeer => accepted(new Site(options))

/** The one SACK among what was sent. */
function sackIn(chunks: readonly Chunk[]): SackFields {
  const sacks = chunks.filter(({ type }) => type === Type.SACK)
  assert.equal(sacks.length, 1, 'one SACK')
  return readSack(sacks[0]!)
}

/** So many chunks of one byte each, the first of which has the next TSN. */
const several = (peer: HandPeer, count: number): Chunk[] =>
  Array.from({ length: count }, (_, i) => peer.data(Uint8Array.of(i)))

/** The TSN so far from the first. */
const tsn = (offset: number): number => (HAND_TSN + offset) >>> 0

describe('an acknowledgement (RFC 9260, section 6.2)', () => {
  it('of one packet waits for 200 ms', () => {
    const peer = established()
    assert.deepEqual(peer.send(peer.data()), [])
    peer.site.advance(199)
    assert.deepEqual(peer.chunks(), [])
    peer.site.advance(1)
    assert.equal(sackIn(peer.chunks()).tsn, HAND_TSN)
  })

  it('comes at once with every second packet, and is counted in packets, not in chunks', () => {
    const peer = established()
    assert.deepEqual(peer.send(...several(peer, 5)), [])
    assert.equal(sackIn(peer.send(peer.data())).tsn, tsn(5))
    assert.deepEqual(peer.send(peer.data()), [])
    assert.equal(sackIn(peer.send(peer.data())).tsn, tsn(7))
  })

  it('is sent once, and the timer is stopped', () => {
    const peer = established()
    peer.send(peer.data())
    assert.equal(sackIn(peer.send(peer.data())).tsn, tsn(1))
    peer.site.advance(10_000)
    assert.deepEqual(peer.chunks(), [])
  })

  it('comes at once for a chunk with the I bit (section 3.3.1)', () => {
    const peer = established()
    assert.equal(sackIn(peer.send(peer.data(Uint8Array.of(1), Flag.WHOLE | Flag.IMMEDIATE))).tsn, tsn(0))
  })

  it('comes at once for a duplicate, and names it', () => {
    const peer = established()
    const first = peer.data()
    peer.send(first)
    const { tsn: cumulative, duplicates } = sackIn(peer.send(first))
    assert.equal(cumulative, HAND_TSN)
    assert.deepEqual(duplicates, [HAND_TSN])
  })

  it('names a duplicate as often as it has come since the last one, and no longer', () => {
    const peer = established()
    const first = peer.data()
    peer.send(first)
    assert.deepEqual(sackIn(peer.send(first, first, first)).duplicates, [HAND_TSN, HAND_TSN, HAND_TSN])
    assert.deepEqual(sackIn(peer.send(first)).duplicates, [HAND_TSN])
  })

  it('comes at once while something is missing, for each packet (section 6.7)', () => {
    const peer = established()
    const [first, second, third, fourth] = several(peer, 4)
    assert.deepEqual(sackIn(peer.send(second!)).gaps, [[2, 2]])
    assert.deepEqual(sackIn(peer.send(fourth!)).gaps, [
      [2, 2],
      [4, 4],
    ])
    const filled = sackIn(peer.send(third!))
    assert.deepEqual(filled.gaps, [[2, 4]])
    assert.equal(filled.tsn, tsn(-1))
    const whole = sackIn(peer.send(first!))
    assert.equal(whole.tsn, tsn(3), 'what fills a gap is told at once as well')
    assert.deepEqual(whole.gaps, [])
    assert.deepEqual([...peer.member.data], [0, 1, 2, 3])
  })

  it('names a duplicate among what waits for its turn', () => {
    const peer = established()
    const [, second] = several(peer, 2)
    peer.send(second!)
    assert.deepEqual(sackIn(peer.send(second!)).duplicates, [tsn(1)])
  })

  it('has as many gap blocks as the packet has room for', () => {
    const peer = established({ windowBytes: 200_000 })
    const chunks = several(peer, 1201).filter((_, i) => i % 2 === 1)
    const { gaps } = sackIn(peer.send(...chunks))
    assert.equal(gaps.length, (1200 - 12 - 16) / 4)
    assert.deepEqual(gaps[0], [2, 2])
    assert.deepEqual(gaps.at(-1), [2 * gaps.length, 2 * gaps.length])
  })

  it('travels with data that leaves (section 6.1)', () => {
    const peer = established()
    peer.send(peer.data())
    peer.member.association.send([bytesOf(10)])
    peer.member.onTouched()
    peer.site.flush()
    assert.deepEqual(typesOf(peer.chunks()), [Type.SACK, Type.DATA])
    peer.site.advance(200)
    assert.deepEqual(peer.chunks(), [])
  })
})

describe('the window that is advertised (RFC 9260, section 6.2.1)', () => {
  it('shrinks by what the user has not taken', () => {
    const peer = established({ windowBytes: 10_000 })
    peer.member.takes = false
    peer.send(peer.data(bytesOf(1000)))
    assert.equal(sackIn(peer.send(peer.data(bytesOf(500)))).window, 8500)
  })

  it('is told at once when the user has taken half of it', () => {
    const peer = established({ windowBytes: 10_000 })
    peer.member.takes = false
    for (let i = 0; i < 6; i++) peer.send(peer.data(bytesOf(1000)))
    peer.member.association.consumed(4999, peer.site.now)
    peer.member.onTouched()
    peer.site.flush()
    assert.deepEqual(peer.chunks(), [])
    peer.member.association.consumed(1, peer.site.now)
    peer.member.onTouched()
    peer.site.flush()
    assert.equal(sackIn(peer.chunks()).window, 9000)
  })

  it('is 0 when it is full; what comes then is dropped, and SACK says so at once', () => {
    const peer = established({ windowBytes: 2000 })
    peer.member.takes = false
    peer.send(peer.data(bytesOf(1000)))
    assert.equal(sackIn(peer.send(peer.data(bytesOf(1000)))).window, 0)
    const probe = peer.data(Uint8Array.of(7))
    const { tsn: cumulative, window } = sackIn(peer.send(probe))
    assert.deepEqual([cumulative, window], [tsn(1), 0])
    assert.equal(peer.member.data.length, 2000)
    peer.member.association.consumed(2000, peer.site.now)
    assert.equal(sackIn(peer.send(probe)).tsn, tsn(2))
    assert.equal(peer.member.data.length, 2001)
  })

  it('takes what is missing even when what waits for it fills the window', () => {
    const peer = established({ windowBytes: 3000 })
    const [first, ...rest] = Array.from({ length: 4 }, () => peer.data(bytesOf(800)))
    const { gaps } = sackIn(peer.send(...rest))
    assert.deepEqual(gaps, [[2, 4]])
    sackIn(peer.send(first!))
    assert.equal(peer.member.data.length, 3200)
  })

  it('does not take a chunk that lies more than 65,535 ahead, which no gap block can tell of', () => {
    const peer = established()
    const far = (offset: number): Chunk => data({ tsn: tsn(offset), data: bytesOf(5) })
    assert.deepEqual(sackIn(peer.send(far(65_535))).gaps, [])
    assert.deepEqual(sackIn(peer.send(far(65_534))).gaps, [[65_535, 65_535]])
  })
})

describe('the stream', () => {
  it('is delivered in order, whatever order it came in, in whatever packets, with duplicates', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(sizes, fc.array(fc.nat(1000), { minLength: 120, maxLength: 120 }), (lengths, picks) => {
        const peer = established()
        const parts = lengths.map((length, i) => bytesOf(length, i))
        const chunks = parts.map(part => peer.data(part))
        for (const [i, pick] of picks.entries()) {
          const size = 1 + (i % 3)
          const from = pick % chunks.length
          peer.send(...chunks.slice(from, from + size))
        }
        for (const missing of chunks) peer.send(missing)
        assert.deepEqual(peer.member.data, Buffer.concat(parts))
      }),
      { numRuns: 60 },
    )
  })

  it('may come in fragments of user messages, which are delivered as they come', () => {
    const peer = established()
    const flags = [Flag.BEGIN, 0, 0, Flag.END]
    for (const [i, each] of flags.entries()) {
      peer.send(data({ tsn: tsn(i), flags: each, sequence: 0, data: Uint8Array.of(i) }))
      assert.equal(peer.member.data.length, i + 1)
    }
    peer.send(data({ tsn: tsn(4), sequence: 1 }))
    assert.equal(peer.member.association.state, 'ESTABLISHED')
  })

  it('ends at the mark, once', () => {
    const peer = established()
    peer.send(peer.data(), data({ tsn: tsn(1), sequence: 1, protocol: END_PROTOCOL }))
    assert.deepEqual(peer.member.log, ['up', 'data', 'end'])
    assert.equal(peer.member.data.length, 1)
  })

  it('takes the bytes of the mark for data from a peer that knows no marks', () => {
    const peer = accepted(new Site(), { parameters: [] })
    peer.send(data({ tsn: HAND_TSN, protocol: END_PROTOCOL }))
    assert.deepEqual(peer.member.log, ['up', 'data'])
  })

  const faults: readonly (readonly [string, readonly Chunk[]])[] = [
    ['no user data (section 6.2)', [data({ tsn: tsn(0), data: new Uint8Array(0) })]],
    ['less than its fields', [chunk(Type.DATA, 3, bytesOf(11))]],
    ['an unordered user message', [data({ tsn: tsn(0), flags: Flag.WHOLE | Flag.UNORDERED })]],
    ['a fragment that continues nothing', [data({ tsn: tsn(0), flags: Flag.END })]],
    [
      'a beginning inside a user message',
      [data({ tsn: tsn(0), flags: Flag.BEGIN }), data({ tsn: tsn(1), flags: Flag.BEGIN })],
    ],
    [
      'another protocol inside a user message',
      [data({ tsn: tsn(0), flags: Flag.BEGIN }), data({ tsn: tsn(1), flags: Flag.END, protocol: 9 })],
    ],
    ['a sequence number that is out of order', [data({ tsn: tsn(0), sequence: 1 })]],
    [
      'something behind the mark of the end',
      [data({ tsn: tsn(0), protocol: END_PROTOCOL }), data({ tsn: tsn(1), sequence: 1 })],
    ],
    ['another stream', [data({ tsn: tsn(0), stream: 1 })]],
  ]
  for (const [what, chunks] of faults) {
    it(`is broken off when there is ${what}`, () => {
      const peer = established()
      const [answer] = peer.send(...chunks)
      assert.equal(answer?.type, Type.ABORT)
      assert.ok(causesOf(answer!).length === 1)
      assert.equal(peer.member.log.at(-1), 'closed PROTOCOL_VIOLATION')
    })
  }

  it('goes on over the wrap of the TSN and of the sequence number', () => {
    const site = new Site()
    const peer = accepted(site)
    for (let i = 0; i < 70_000; i++) site.receive(peer.encode([peer.data(Uint8Array.of(i))]))
    site.take()
    assert.equal(peer.member.data.length, 70_000)
    assert.equal(peer.member.association.state, 'ESTABLISHED')
    assert.ok(peer.tsn < HAND_TSN)
  })
})

describe('a partial chunk (RFC 9260, section 6.10)', () => {
  for (const [what, tail] of [
    ['that is longer than what is left', Uint8Array.of(0, 3, 0, 40, 1, 2, 3, 4)],
    ['that is shorter than its header', Uint8Array.of(0, 3, 0, 3, 1, 2, 3, 4)],
    ['of which only the type is there', Uint8Array.of(0, 3, 0)],
  ] as const) {
    it(`${what} is passed over, and what came before it is taken`, () => {
      const peer = established()
      const whole = peer.encode([peer.data(Uint8Array.of(7))])
      const packet = new Uint8Array(whole.length + tail.length)
      packet.set(whole)
      packet.set(tail, whole.length)
      peer.deliver(withChecksum(packet))
      assert.deepEqual([...peer.member.data], [7])
      peer.send(peer.data(Uint8Array.of(8)))
      assert.deepEqual([...peer.member.data], [7, 8])
    })
  }
})
