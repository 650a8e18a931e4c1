import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { play } from './simulation/play.ts'

const SEEDS = 10_000

describe('a simulated world', () => {
  it(`keeps the promise for ${SEEDS} seeds`, async () => {
    let [lost, connections] = [0, 0]
    for (let seed = 1; seed <= SEEDS; seed++) {
      const outcome = await play(seed)
      if (outcome.isLost) lost++
      connections += outcome.connections
    }
    assert(lost > SEEDS / 50 && lost < SEEDS / 3, `${lost} sessions were lost`)
    assert(connections > 2 * SEEDS, `${connections} connections`)
  })

  it('goes the same way again for the same seed', async () => {
    for (const seed of [3, 17, 40]) assert.deepEqual(await play(seed), await play(seed))
  })
})
