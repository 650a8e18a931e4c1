import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fixtures } from '../support/fixtures.ts'
import { fireMutations } from '../support/mutation-run.ts'

/** `scripts/sctp-mutate.ts` fires a million. */
const COUNT = 60_000

test('mutated packets at associations in every state: nothing throws, hangs, floods or loops', () => {
  const seed = Number(process.env['SCTP_SEED'] ?? Date.now() % 1_000_000)
  const { given, ends, answers } = fireMutations(COUNT, seed)
  assert.equal(given.size, Object.keys(fixtures).length, 'every state was under fire')
  for (const [name, count] of given) assert.ok(count > COUNT / 100, `${name} was given ${count}`)
  // The packets get in: associations end in more ways than one, and much is answered.
  assert.ok(ends.size > 3 && answers > COUNT / 10, `seed ${seed}: ${answers} answers`)
})
