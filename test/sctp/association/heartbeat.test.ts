import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Heartbeat } from '../../../src/transport/sctp/association/heartbeat.ts'

const INTERVAL_MS = 30_000
const RTO_MS = 1000

/** One whose chance is in the middle: the question comes after the interval and one RTO. */
function restarted(intervalMs = INTERVAL_MS, chance = 2 ** 31): Heartbeat {
  const heartbeat = new Heartbeat(intervalMs, () => chance)
  heartbeat.restart(0, RTO_MS)
  return heartbeat
}

describe('a heartbeat (RFC 9260, section 8.3)', () => {
  it('is due after the interval and an RTO, give or take its half', () => {
    assert.equal(restarted(INTERVAL_MS, 0).at, INTERVAL_MS + 0.5 * RTO_MS)
    assert.equal(restarted().at, INTERVAL_MS + RTO_MS)
    const latest = restarted(INTERVAL_MS, 2 ** 32 - 1).at
    assert.ok(latest > INTERVAL_MS + 1.4 * RTO_MS && latest <= INTERVAL_MS + 1.5 * RTO_MS)
  })

  it('is never due without an interval', () => {
    const heartbeat = restarted(0)
    assert.equal(heartbeat.at, Number.POSITIVE_INFINITY)
    assert.equal(heartbeat.isDue(1e12), false)
    assert.equal(heartbeat.isMissed(1e12), false)
  })

  it('is put off while the peer is heard of', () => {
    const heartbeat = restarted()
    const { at } = heartbeat
    heartbeat.onHeard(at - 1)
    heartbeat.putOff(at, RTO_MS)
    assert.equal(heartbeat.isDue(at), false)
    assert.equal(heartbeat.at, at - 1 + INTERVAL_MS + RTO_MS)
  })

  it('is not put off when the peer was silent for the interval', () => {
    const heartbeat = restarted()
    const { at } = heartbeat
    heartbeat.onHeard(at - INTERVAL_MS)
    heartbeat.putOff(at, RTO_MS)
    assert.equal(heartbeat.isDue(at), true)
  })

  it('is missed when an RTO has passed without an answer, and not before', () => {
    const heartbeat = restarted()
    heartbeat.onSent(50_000, RTO_MS)
    assert.equal(heartbeat.isDue(51_000), false)
    assert.equal(heartbeat.isMissed(50_999), false)
    assert.equal(heartbeat.isMissed(51_000), true)
  })

  it('that is out is not put off by what else comes', () => {
    const heartbeat = restarted()
    heartbeat.onSent(50_000, RTO_MS)
    heartbeat.onHeard(50_999)
    heartbeat.putOff(51_000, RTO_MS)
    assert.equal(heartbeat.isMissed(51_000), true)
  })
})
