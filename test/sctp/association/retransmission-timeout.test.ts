import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RetransmissionTimeout } from '../../../src/transport/sctp/association/retransmission-timeout.ts'

const after = (...samples: readonly number[]): RetransmissionTimeout => {
  const rto = new RetransmissionTimeout()
  for (const sample of samples) rto.sample(sample)
  return rto
}

describe('the retransmission timeout (RFC 9260, section 6.3.1)', () => {
  it('is a second before anything was measured (C1)', () => assert.equal(after().ms, 1000))

  it('is three times the first measurement (C2): R + 4 * R/2', () => assert.equal(after(400).ms, 1200))

  it('moves by an eighth and a quarter with the next ones (C3)', () => {
    // RTTVAR = 3/4 * 200 + 1/4 * |400 - 800| = 250; SRTT = 7/8 * 400 + 1/8 * 800 = 450.
    assert.equal(after(400, 800).ms, 450 + 4 * 250)
    // RTTVAR = 3/4 * 250 + 1/4 * |450 - 450| = 187.5; SRTT = 450.
    assert.equal(after(400, 800, 450).ms, 450 + 4 * 187.5)
  })

  it('is never below its least (C6)', () => assert.equal(after(0).ms, 300))

  it('is never above its most (C7)', () => assert.equal(after(1_000_000).ms, 60_000))

  it('doubles with each time-out, up to its most (section 6.3.3, E2)', () => {
    const rto = after()
    const seen = Array.from({ length: 8 }, () => {
      rto.backOff()
      return rto.ms
    })
    assert.deepEqual(seen, [2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000])
  })

  it('comes back with the first measurement after time-outs', () => {
    const rto = after(400)
    for (let i = 0; i < 10; i++) rto.backOff()
    rto.sample(400)
    assert.equal(rto.ms, 400 + 4 * 150)
  })
})
