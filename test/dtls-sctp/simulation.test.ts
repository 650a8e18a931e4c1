import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { play } from '../sctp/simulation/play.ts'
import type { Outcome } from '../sctp/simulation/run.ts'
import { SECURE_SCENARIOS } from './simulation/scenarios.ts'
import { type SecureStage, secureStage } from './simulation/stage.ts'

/** Of each scenario: a handshake takes longer than most runs. `npm run soak -- --dtls` plays as many as you like. */
const SEEDS = 50

/** Where nothing is lost, nothing need be sent again. */
const needNothingAgain = ['nothing goes wrong', 'plain SHUTDOWN', 'somebody breaks off']

/** Where some runs must end with an error, as most do well. */
const mustSeeErrors = [
  'the path goes away for ever',
  'the client restarts',
  'the server restarts',
  'the client gets another UDP port',
  'somebody breaks off',
  'everything at once',
  'somebody closes the DTLS connection',
  'both close the DTLS connection',
  'somebody closes the DTLS connection unheard',
]

/** Where one end may miss that the other has ended well, as long as it has all of it. */
const mayFail = [
  ...mustSeeErrors,
  '20 % is lost',
  'the path goes away for a while',
  'plain SHUTDOWN, the path goes away for a while',
]

const sum = (outcomes: readonly Outcome[], of: (outcome: Outcome) => number): number =>
  outcomes.reduce((total, outcome) => total + of(outcome), 0)

describe('in the simulated network, all goes by the rules inside DTLS where', () => {
  let stage: SecureStage
  before(async () => {
    stage = await secureStage()
  })
  after(() => stage?.free())

  for (const scenario of Object.keys(SECURE_SCENARIOS)) {
    it(scenario, () => {
      const outcomes = Array.from({ length: SEEDS }, (_, i) => play(scenario, i + 1, undefined, stage))
      assert.ok(sum(outcomes, ({ bytes }) => bytes) > SEEDS * 1000)
      if (!needNothingAgain.includes(scenario)) assert.ok(sum(outcomes, ({ sentAgain }) => sentAgain) > 0)
      assert.ok(sum(outcomes, o => o.zeroChecksums) > sum(outcomes, o => o.packets) / 2)
      const errors = sum(outcomes, each => each.errors.length)
      if (mustSeeErrors.includes(scenario)) assert.ok(errors > SEEDS / 10)
      if (!mayFail.includes(scenario)) assert.equal(errors, 0)
    })
  }
})
