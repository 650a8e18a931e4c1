import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { PathMtu } from '../../../src/transport/sctp/association/path-mtu.ts'

const BASE = 1200
const TIMEOUT_MS = 1000

/** Searches on a path that takes packets up to a size, for a day at most. Returns the time it took. */
function search(mtu: PathMtu, takes: number, from = 0): number {
  let probes = 0
  for (let now = from; mtu.at < from + 60_000; now = mtu.at) {
    mtu.onTimeout(Math.max(now, mtu.at))
    const size = mtu.takeProbe(mtu.at, TIMEOUT_MS)
    if (size === undefined) continue
    assert.ok(++probes < 60, 'probes without end')
    assert.ok(size > mtu.packetBytes, 'a probe that could teach something')
    if (size <= takes) mtu.onAnswer(size, mtu.at)
  }
  return probes
}

function started(largest: number): PathMtu {
  const mtu = new PathMtu(largest)
  mtu.start(0)
  return mtu
}

describe('the path MTU (RFC 8899, section 6.2)', () => {
  it('is the base until a larger packet was answered', () => {
    const mtu = started(65_504)
    assert.equal(mtu.packetBytes, BASE)
    mtu.takeProbe(0, TIMEOUT_MS)
    assert.equal(mtu.packetBytes, BASE)
  })

  it('is found with one probe where the path takes what the link does', () => {
    const mtu = started(65_504)
    assert.equal(search(mtu, 65_504), 1)
    assert.equal(mtu.packetBytes, 65_504)
    assert.equal(mtu.at, Number.POSITIVE_INFINITY)
  })

  it('is the largest of the usual sizes below what the path takes', () => {
    const mtu = started(8972)
    search(mtu, 1460)
    assert.equal(mtu.packetBytes, 1452)
  })

  it('is never looked for on a link that takes no more than the base', () => {
    assert.equal(started(BASE).at, Number.POSITIVE_INFINITY)
    assert.equal(started(500).at, Number.POSITIVE_INFINITY)
  })

  it('never exceeds what the path takes, and comes to rest, whatever link and path', () => {
    const size = fc.integer({ min: BASE, max: 65_504 })
    fc.assert(
      fc.property(size, size, (link, path) => {
        const mtu = started(link)
        search(mtu, path)
        assert.ok(mtu.packetBytes <= Math.max(BASE, Math.min(link, path)))
        assert.equal(mtu.packetBytes % 4, 0)
      }),
    )
  })

  it('needs three probes without an answer to give a size up (MAX_PROBES)', () => {
    const mtu = started(1472)
    const sizes = []
    for (let i = 0; i < 4; i++) {
      sizes.push(mtu.takeProbe(mtu.at, TIMEOUT_MS))
      mtu.onTimeout(mtu.at)
    }
    assert.deepEqual(sizes, [1472, 1472, 1472, 1232])
  })

  it('is not changed by an answer to what is not being asked', () => {
    const mtu = started(1472)
    assert.equal(mtu.onAnswer(1472, 0), false)
    mtu.takeProbe(0, TIMEOUT_MS)
    assert.equal(mtu.onAnswer(1232, 0), false)
    assert.equal(mtu.packetBytes, BASE)
  })

  it('falls back to the base after two time-outs in a row (section 4.3), and is looked for again', () => {
    const mtu = started(1472)
    search(mtu, 1472)
    assert.equal(mtu.onRetransmissions(1, 100), false)
    assert.equal(mtu.packetBytes, 1472)
    assert.equal(mtu.onRetransmissions(2, 100), true)
    assert.equal(mtu.packetBytes, BASE)
    assert.equal(mtu.at, 60_100)
    search(mtu, 1440, mtu.at)
    assert.equal(mtu.packetBytes, 1432)
  })

  it('is looked for again ten minutes after a search that ended below the link', () => {
    const mtu = started(1472)
    search(mtu, 1300)
    assert.equal(mtu.packetBytes, 1232)
    search(mtu, 1472, mtu.at)
    assert.equal(mtu.packetBytes, 1472)
  })
})
