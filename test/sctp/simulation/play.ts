import { Chance } from './chance.ts'
import { type Medium, plainMedium } from './medium.ts'
import { type Outcome, Run } from './run.ts'
import { SCENARIOS, type Scenarios } from './scenarios.ts'

/** What is played, and on what. */
export interface Stage {
  readonly scenarios: Scenarios
  readonly makeMedium: () => Medium
  /** What tells `npm run soak` to play on it. */
  readonly option: string
}

export const PLAIN_STAGE: Stage = { scenarios: SCENARIOS, makeMedium: () => plainMedium, option: '' }

/** Plays one run; whatever is thrown tells how to play it again. */
export function play(
  scenario: string,
  seed: number,
  trace?: (line: string) => void,
  { scenarios, makeMedium, option }: Stage = PLAIN_STAGE,
): Outcome {
  const makePlan = scenarios[scenario]
  if (makePlan === undefined) throw new Error(`no scenario is called ${scenario}`)
  const chance = new Chance(Math.imul(seed, 0x9e3779b1) ^ hash(scenario))
  const plan = makePlan(chance)
  try {
    return new Run(plan, chance.bits(), trace, makeMedium()).play()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const again = `npm run soak -- ${option}--scenario '${scenario}' --start ${seed} --seeds 1 --trace`
    throw new Error(`"${scenario}", seed ${seed}: ${why}\n  again: ${again}`, { cause })
  }
}

function hash(text: string): number {
  let sum = 0
  for (const letter of text) sum = (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0
  return sum
}
