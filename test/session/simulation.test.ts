import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KINDS, type Kind, LEAST } from './simulation/coverage.ts'
import { play } from './simulation/play.ts'

const SEEDS = 10_000

describe('a simulated world', () => {
  const runs = new Map<Kind, number>()

  it(`keeps the promise for ${SEEDS} seeds, and loses no session without a cause`, async () => {
    let [lost, connections, messages] = [0, 0, 0]
    for (let seed = 1; seed <= SEEDS; seed++) {
      const outcome = await play(seed)
      if (outcome.isLost) lost++
      connections += outcome.connections
      messages += outcome.messages
      for (const kind of outcome.kinds) runs.set(kind, (runs.get(kind) ?? 0) + 1)
    }
    assert(lost > SEEDS / 10 && lost < SEEDS / 2, `${lost} sessions were lost`)
    assert(connections > 3 * SEEDS, `${connections} connections`)
    assert(messages > 15 * SEEDS, `${messages} messages`)
  })

  for (const kind of KINDS) {
    it(`has played often enough: ${kind}`, () => {
      const count = runs.get(kind) ?? 0
      assert(count >= LEAST[kind], `${count} runs`)
    })
  }

  it('goes the same way again for the same seed, event by event', async () => {
    const hashes = new Set<string>()
    for (let seed = 1; seed <= 100; seed++) {
      const outcome = await play(seed)
      assert.deepEqual(await play(seed), outcome)
      hashes.add(outcome.hash)
    }
    assert.equal(hashes.size, 100)
  })
})
