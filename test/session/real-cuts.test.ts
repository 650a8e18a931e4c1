import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { failOnLeaks } from '../support/leaks.ts'
import { CUTTABLE } from './cutting-path.ts'
import { playCuts } from './play-cuts.ts'

const MESSAGES = 8000

describe('a session on a path that is cut and stalls', () => {
  // The last connection may have been cut: its farewell is waited for then.
  failOnLeaks(8000)

  for (const scheme of Object.keys(CUTTABLE)) {
    it(`carries everything both ways on ${scheme}, in order and once`, { timeout: 120_000 }, async () => {
      const plan = { scheme, seed: 1, messages: MESSAGES, mishaps: 20, pauses: 10, silenceTimeoutMs: 100 }
      const outcome = await playCuts(plan)
      assert.equal(outcome.received, 2 * MESSAGES)
      assert(outcome.breaks >= 10, `only ${outcome.breaks} breaks`)
      assert.deepEqual(outcome.states, ['closed', 'closed'])
    })
  }
})
