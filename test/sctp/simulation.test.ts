import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { QUIET_PLAN, withLink, withUser } from './simulation/plan.ts'
import { play } from './simulation/play.ts'
import { type Outcome, Run } from './simulation/run.ts'
import { SCENARIOS } from './simulation/scenarios.ts'

/** Of each scenario. `npm run soak` plays as many as you like. */
const SEEDS = 400

/** Where nothing is lost, nothing need be sent again; everywhere else something is, or the scenario does not do its work. */
const needNothingAgain = ['nothing goes wrong', 'plain SHUTDOWN', 'somebody breaks off']

/** Where some runs must end with an error, as most do well. */
const mustSeeErrors = [
  'the path goes away for ever',
  'the client restarts',
  'the server restarts',
  'somebody breaks off',
  'everything at once',
]

/** Where most packets have a checksum of 0; everywhere else, none has. */
const lackChecksums = ['inside DTLS, without checksums']

function playAll(scenario: string): Outcome[] {
  return Array.from({ length: SEEDS }, (_, i) => play(scenario, i + 1))
}

const sum = (outcomes: readonly Outcome[], of: (outcome: Outcome) => number): number =>
  outcomes.reduce((total, outcome) => total + of(outcome), 0)

describe('in the simulated network, all goes by the rules where', () => {
  for (const scenario of Object.keys(SCENARIOS)) {
    it(scenario, () => {
      const outcomes = playAll(scenario)
      assert.ok(sum(outcomes, ({ bytes }) => bytes) > SEEDS * 1000)
      if (!needNothingAgain.includes(scenario)) assert.ok(sum(outcomes, ({ sentAgain }) => sentAgain) > 0)
      const zeroShare = sum(outcomes, o => o.zeroChecksums) / sum(outcomes, o => o.packets)
      if (lackChecksums.includes(scenario)) assert.ok(zeroShare > 0.5)
      else assert.equal(zeroShare, 0)
      if (mustSeeErrors.includes(scenario))
        assert.ok(sum(outcomes, ({ errors }) => errors.length) > SEEDS / 10)
    })
  }

  it('stream sequence numbers wrap around', () => {
    const writes = Array.from({ length: 66_000 }, () => [1])
    const plan = withUser(QUIET_PLAN, name => (name === 'client' ? { writes, unacknowledgedBytes: 1 } : {}))
    const { bytes } = new Run(
      withLink(plan, () => ({ delayMs: 1 })),
      1,
    ).play()
    assert.equal(bytes, 66_000 + 1000)
  })
})
