import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LinkPlan } from './simulation/link.ts'
import { chunksOf } from './simulation/packet-view.ts'
import { type Plan, QUIET_PLAN, withHost, withLink, withUser } from './simulation/plan.ts'
import { type Outcome, Run } from './simulation/run.ts'

/** Plays one plan with several seeds; each run checks what every run must keep to. */
function playAll(plan: Plan, seeds = 40): Outcome[] {
  return Array.from({ length: seeds }, (_, seed) => new Run(plan, seed).play())
}

/** Holds back the first packet that has a chunk of a type, and lets all others pass. */
function holdFirst(type: number, ms: number): LinkPlan['heldMs'] {
  let isHeld = false
  return ([packet]) => {
    if (isHeld || !chunksOf(packet!).some(chunk => chunk.type === type)) return 0
    isHeld = true
    return ms
  }
}

const SACK = 3
const SHUTDOWN_COMPLETE = 14
const PAD = 0x84

describe('an association in the simulated network', () => {
  it('is set up with a new cookie where the first has become stale', () => {
    const plan = withLink(QUIET_PLAN, name =>
      name === 'client' ? { outages: [{ from: 30, to: 61_000 }] } : {},
    )
    for (const { ms } of playAll(plan)) assert.ok(ms > 61_000 && ms < 80_000)
  })

  it('waits for an answer to SHUTDOWN as long as for one to data', () => {
    const bare: Plan = { ...QUIET_PLAN, withoutAdaptation: true }
    const plan = withLink(bare, name => (name === 'server' ? { outages: [{ from: 70, to: 60_000 }] } : {}))
    playAll(plan)
  })

  it('ends well where an ABORT takes the place of the farewell', () => {
    const heldMs = holdFirst(SACK, 1500)
    const isComplete = (packet: Uint8Array): boolean => chunksOf(packet)[0]!.type === SHUTDOWN_COMPLETE
    const plan = withLink(QUIET_PLAN, name =>
      name === 'client'
        ? { heldMs }
        : { heldMs: ([packet]) => (isComplete(packet!) ? Number.POSITIVE_INFINITY : 0) },
    )
    const aborts: string[] = []
    new Run(plan, 1, line => line.includes('192.0.2.1 gets ABORT') && aborts.push(line)).play()
    assert.equal(aborts.length, 1)
  })

  it('is closed once where the peer breaks it off and begins anew at the same time', () => {
    const restarts: Plan = {
      ...withHost(QUIET_PLAN, name => (name === 'server' ? { turnMs: 20 } : {})),
      incidents: [{ kind: 'restart', who: 'client', at: 5, dialMs: 1 }],
      mustEndWell: 'last',
    }
    playAll(
      withLink(restarts, () => ({ delayMs: 1 })),
      300,
    )
  })

  it('sends nothing again because the round trips are all alike and one answer takes longer', () => {
    const writes = Array.from({ length: 30 }, () => [1, 200, 3000])
    const chatty = withUser({ ...QUIET_PLAN, isPerfect: true }, () => ({ writes, writeGapMs: 1000 }))
    const slow = withHost(chatty, () => ({ turnMs: 10, windowBytes: 1500 }))
    playAll(withLink(slow, () => ({ delayMs: 250 })))
  })

  it('asks for an answer at once where its congestion window is full', () => {
    const jumbo = withHost(QUIET_PLAN, () => ({ largestPacketBytes: 65_504 }))
    const plan = withUser(jumbo, name => (name === 'client' ? { writes: [[1_000_000]] } : {}))
    for (const { ms } of playAll(withLink(plan, () => ({ delayMs: 1 })))) assert.ok(ms < 300, `took ${ms} ms`)
  })

  it('does not take a closed window for a path that loses large packets', () => {
    const jumbo = withHost(QUIET_PLAN, () => ({ largestPacketBytes: 65_504, windowBytes: 65_536 }))
    const late = withUser(jumbo, name =>
      name === 'client' ? { writes: [[200_000]] } : { readsAfterMs: 300_000, writes: [] },
    )
    let probes = 0
    const heldMs: LinkPlan['heldMs'] = ([packet]) => {
      if (chunksOf(packet!).some(({ type }) => type === PAD)) probes++
      return 0
    }
    new Run(
      withLink(late, () => ({ heldMs })),
      1,
    ).play()
    assert.equal(probes, 1)
  })

  it('makes its packets smaller where large ones are lost again and again, though small ones pass', () => {
    const jumbo = withHost(QUIET_PLAN, () => ({ largestPacketBytes: 8972 }))
    const long = withUser(jumbo, name => (name === 'client' ? { writes: [[300_000]] } : {}))
    for (let from = 60; from < 200; from += 10) {
      const plan = withLink(long, () => ({ delayMs: 10, mtus: [{ from, bytes: 3000 }] }))
      for (const { ms } of playAll(plan, 3)) assert.ok(ms < 3000, `took ${ms} ms, from ${from}`)
    }
  })
})
