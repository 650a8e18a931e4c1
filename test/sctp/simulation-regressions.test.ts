import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Plan, QUIET_PLAN, withLink } from './simulation/plan.ts'
import { type Outcome, Run } from './simulation/run.ts'

/** Plays one plan with several seeds; each run checks what every run must keep to. */
function playAll(plan: Plan, seeds = 40): Outcome[] {
  return Array.from({ length: seeds }, (_, seed) => new Run(plan, seed).play())
}

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
})
