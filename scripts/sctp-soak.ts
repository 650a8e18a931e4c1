// Plays many runs of the simulated network of test/sctp and test/dtls-sctp: npm run soak -- --help
import { parseArgs } from 'node:util'
import { SECURE_SCENARIOS } from '../test/dtls-sctp/simulation/scenarios.ts'
import { secureStage } from '../test/dtls-sctp/simulation/stage.ts'
import { PLAIN_STAGE, play, type Stage } from '../test/sctp/simulation/play.ts'
import type { Outcome } from '../test/sctp/simulation/run.ts'

const USAGE = `npm run soak -- [--dtls] [--scenario NAME] [--start SEED] [--seeds COUNT] [--trace]

Plays COUNT seeds (100) from SEED (1) on of each scenario whose name has NAME in it, and goes on behind a failure.
  --dtls   plays those inside DTLS
  --trace  shows every packet
Scenarios: ${Object.keys(PLAIN_STAGE.scenarios).join(', ')}
Inside DTLS: ${Object.keys(SECURE_SCENARIOS).join(', ')}`

const { values } = parseArgs({
  options: {
    dtls: { type: 'boolean', default: false },
    scenario: { type: 'string', default: '' },
    start: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '100' },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

/** Failures of one scenario that are shown; the rest is counted. */
const MOST_SHOWN = 5

const trace = values.trace ? (line: string): void => console.log(line) : undefined

/** Returns how many failed. */
function soak(stage: Stage, scenario: string, start: number, seeds: number): number {
  const outcomes: (Outcome & { readonly seed: number })[] = []
  let failures = 0
  for (let seed = start; seed < start + seeds; seed++) {
    try {
      outcomes.push({ ...play(scenario, seed, trace, stage), seed })
    } catch (error) {
      if (++failures <= MOST_SHOWN) console.log(error instanceof Error ? error.message : error)
    }
  }
  const errors = outcomes.reduce((sum, outcome) => sum + outcome.errors.length, 0)
  const longest = outcomes.toSorted((a, b) => b.ms - a.ms)[0]
  const took =
    longest === undefined ? '' : `; at most ${Math.round(longest.ms / 1000)} s, seed ${longest.seed}`
  console.log(`${scenario}: ${failures} of ${seeds} failed, ${errors} users saw an error${took}`)
  return failures
}

if (values.help) console.log(USAGE)
else {
  const stage: Stage = values.dtls ? await secureStage() : PLAIN_STAGE
  const { scenario } = values
  const names = Object.keys(stage.scenarios)
  const chosen = scenario in stage.scenarios ? [scenario] : names.filter(name => name.includes(scenario))
  const failures = chosen.map(name => soak(stage, name, Number(values.start), Number(values.seeds)))
  if (chosen.length === 0 || failures.some(each => each > 0)) process.exitCode = 1
}
