import { Chance } from './chance.ts'
import { type Outcome, Run } from './run.ts'
import { SCENARIOS, type Scenarios } from './scenarios.ts'

/** Plays one run; whatever is thrown tells how to play it again. */
export function play(
  scenario: string,
  seed: number,
  trace?: (line: string) => void,
  scenarios: Scenarios = SCENARIOS,
): Outcome {
  const makePlan = scenarios[scenario]
  if (makePlan === undefined) throw new Error(`no scenario is called ${scenario}`)
  const chance = new Chance(Math.imul(seed, 0x9e3779b1) ^ hash(scenario))
  const plan = makePlan(chance)
  try {
    return new Run(plan, chance.bits(), trace).play()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const again = `npm run soak -- --scenario '${scenario}' --start ${seed} --seeds 1 --trace`
    throw new Error(`"${scenario}", seed ${seed}: ${why}\n  again: ${again}`, { cause })
  }
}

function hash(text: string): number {
  let sum = 0
  for (const letter of text) sum = (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0
  return sum
}
