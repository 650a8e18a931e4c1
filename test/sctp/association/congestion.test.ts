import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CongestionControl } from '../../../src/transport/sctp/association/congestion.ts'

const PACKET = 1200
const INITIAL = 4404

/** Acknowledges so many bytes of a window that was full. */
function acknowledge(congestion: CongestionControl, bytes: number, left = congestion.window): void {
  congestion.onAcknowledged({ bytes, advanced: true, flightBefore: congestion.window, flightAfter: left })
}

/** In congestion avoidance, with ssthresh at four packets and cwnd one byte above it. */
function avoiding(): CongestionControl {
  const congestion = new CongestionControl()
  congestion.onTimeout()
  while (congestion.window <= congestion.threshold) acknowledge(congestion, PACKET)
  return congestion
}

describe('slow start (RFC 9260, section 7.2.1)', () => {
  it('begins with min(4 * PMDCS, max(2 * PMDCS, 4404))', () =>
    assert.equal(new CongestionControl().window, INITIAL))

  it('grows by what is acknowledged, by a packet at most', () => {
    const congestion = new CongestionControl()
    acknowledge(congestion, 500)
    assert.equal(congestion.window, INITIAL + 500)
    acknowledge(congestion, 5000)
    assert.equal(congestion.window, INITIAL + 500 + PACKET)
  })

  it('does not grow while the window is not used', () => {
    const congestion = new CongestionControl()
    congestion.onAcknowledged({ bytes: 500, advanced: true, flightBefore: INITIAL - PACKET, flightAfter: 0 })
    assert.equal(congestion.window, INITIAL)
  })

  it('does not grow while the cumulative TSN stays', () => {
    const congestion = new CongestionControl()
    congestion.onAcknowledged({ bytes: 500, advanced: false, flightBefore: INITIAL, flightAfter: 0 })
    assert.equal(congestion.window, INITIAL)
  })

  it('does not grow in fast recovery', () => {
    const congestion = new CongestionControl()
    congestion.enterRecovery()
    const { window } = congestion
    acknowledge(congestion, PACKET)
    assert.equal(congestion.window, window)
  })
})

describe('congestion avoidance (RFC 9260, section 7.2.2)', () => {
  it('grows by one packet for each window that is acknowledged', () => {
    const congestion = avoiding()
    const { window } = congestion
    for (let bytes = 0; bytes + PACKET < window; bytes += PACKET) {
      acknowledge(congestion, PACKET)
      assert.equal(congestion.window, window)
    }
    acknowledge(congestion, PACKET)
    assert.equal(congestion.window, window + PACKET)
  })

  it('begins to count anew when everything is acknowledged', () => {
    const congestion = avoiding()
    const { window } = congestion
    acknowledge(congestion, window - 1, 0)
    acknowledge(congestion, PACKET)
    assert.equal(congestion.window, window)
  })

  it('does not save up what is acknowledged while the window is not used', () => {
    const congestion = avoiding()
    const { window } = congestion
    for (let i = 0; i < 10; i++) {
      congestion.onAcknowledged({ bytes: window, advanced: true, flightBefore: 10, flightAfter: 10 })
    }
    acknowledge(congestion, 1)
    acknowledge(congestion, 1)
    assert.equal(congestion.window, window + PACKET)
  })
})

describe('losses (RFC 9260, section 7.2.3)', () => {
  it('after a time-out leave one packet, and half the window as threshold', () => {
    const congestion = new CongestionControl()
    for (let i = 0; i < 20; i++) acknowledge(congestion, PACKET)
    const { window } = congestion
    congestion.onTimeout()
    assert.equal(congestion.window, PACKET)
    assert.equal(congestion.threshold, window / 2)
  })

  it('leave a threshold of four packets at least', () => {
    const congestion = new CongestionControl()
    congestion.onTimeout()
    congestion.onTimeout()
    assert.equal(congestion.threshold, 4 * PACKET)
  })

  it('that fast retransmit repairs halve the window once, until recovery is left', () => {
    const congestion = new CongestionControl()
    for (let i = 0; i < 20; i++) acknowledge(congestion, PACKET)
    const { window } = congestion
    congestion.enterRecovery()
    congestion.enterRecovery()
    assert.equal(congestion.window, window / 2)
    assert.equal(congestion.threshold, window / 2)
    congestion.leaveRecovery()
    congestion.enterRecovery()
    assert.equal(congestion.window, window / 4)
  })

  it('end fast recovery by a time-out', () => {
    const congestion = new CongestionControl()
    congestion.enterRecovery()
    congestion.onTimeout()
    assert.equal(congestion.recovering, false)
  })
})

describe('idle time (RFC 9260, section 7.2.1)', () => {
  it('halves the window for each RTO, down to four packets', () => {
    const congestion = new CongestionControl()
    for (let i = 0; i < 40; i++) acknowledge(congestion, PACKET)
    const { window } = congestion
    congestion.onIdle(999, 1000)
    assert.equal(congestion.window, window)
    congestion.onIdle(2500, 1000)
    assert.equal(congestion.window, window / 4)
    congestion.onIdle(1e12, 1000)
    assert.equal(congestion.window, 4 * PACKET)
  })

  it('never enlarges a window that is smaller', () => {
    const congestion = new CongestionControl()
    congestion.onTimeout()
    congestion.onIdle(1e9, 1000)
    assert.equal(congestion.window, PACKET)
  })
})
