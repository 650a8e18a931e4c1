// Plays many runs of the simulated network of test/sctp: npm run soak -- --help
import { parseArgs } from 'node:util'
import { play } from '../test/sctp/simulation/play.ts'
import type { Outcome } from '../test/sctp/simulation/run.ts'
import { SCENARIOS } from '../test/sctp/simulation/scenarios.ts'

const USAGE = `npm run soak -- [--scenario NAME] [--start SEED] [--seeds COUNT] [--trace]

Plays COUNT seeds (100) from SEED (1) on of each scenario whose name has NAME in it, and goes on behind a failure.
  --trace  shows every packet
Scenarios: ${Object.keys(SCENARIOS).join(', ')}`

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', default: '' },
    start: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '100' },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

/** Failures of one scenario that are shown; the rest is counted. */
const MOST_SHOWN = 5

interface Tally {
  failures: number
  errors: number
  longest: { ms: number; seed: number }
  worst: { packets: number; seed: number }
}

function count(tally: Tally, seed: number, { ms, packets, bytes, errors }: Outcome): void {
  tally.errors += errors.length
  if (ms > tally.longest.ms) tally.longest = { ms, seed }
  const perKilobyte = (packets * 1000) / (bytes + 20_000)
  if (perKilobyte > tally.worst.packets) tally.worst = { packets: perKilobyte, seed }
}

function soak(scenario: string, start: number, seeds: number): number {
  const tally: Tally = {
    failures: 0,
    errors: 0,
    longest: { ms: 0, seed: 0 },
    worst: { packets: 0, seed: 0 },
  }
  const began = process.cpuUsage().user
  for (let seed = start; seed < start + seeds; seed++) {
    try {
      count(tally, seed, play(scenario, seed, values.trace ? line => console.log(line) : undefined))
    } catch (error) {
      if (++tally.failures <= MOST_SHOWN) console.log(error instanceof Error ? error.message : error)
    }
  }
  const { failures, errors, longest, worst } = tally
  const cpuMs = Math.round((process.cpuUsage().user - began) / 1000)
  const long = `longest ${Math.round(longest.ms / 1000)} s (seed ${longest.seed})`
  const most = `most packets ${worst.packets.toFixed(1)} per kB (seed ${worst.seed})`
  console.log(`${scenario}: ${failures} of ${seeds} failed, ${errors} errors; ${long}; ${most}; ${cpuMs} ms`)
  return failures
}

if (values.help) console.log(USAGE)
else {
  const names = Object.keys(SCENARIOS)
  const chosen =
    values.scenario in SCENARIOS ? [values.scenario] : names.filter(name => name.includes(values.scenario))
  const failures = chosen.map(name => soak(name, Number(values.start), Number(values.seeds)))
  if (chosen.length === 0 || failures.some(each => each > 0)) process.exitCode = 1
}
