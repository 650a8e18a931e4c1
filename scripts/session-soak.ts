// Plays many runs of the simulated world of test/session: npm run soak:session -- --help
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { KINDS, type Kind } from '../test/session/simulation/coverage.ts'
import { play } from '../test/session/simulation/play.ts'

const USAGE = `npm run soak:session -- [--start SEED] [--seeds COUNT] [--kinds]

Plays COUNT seeds (1000) from SEED (1) on, and goes on behind a failure. A seed goes the same way each time.
  --kinds  shows in how many runs each kind of thing came`

const { values } = parseArgs({
  options: {
    start: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1000' },
    kinds: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

async function soak(start: number, seeds: number): Promise<void> {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  const runs = new Map<Kind, number>()
  let [failures, lost, messages] = [0, 0, 0]
  for (let seed = start; seed < start + seeds; seed++) {
    try {
      const outcome = await play(seed)
      if (outcome.isLost) lost++
      messages += outcome.messages
      for (const kind of outcome.kinds) runs.set(kind, (runs.get(kind) ?? 0) + 1)
    } catch (error) {
      failures++
      console.log(`at ${commit}, ${error instanceof Error ? error.message : error}`)
    }
  }
  if (values.kinds) for (const kind of KINDS) console.log(`${runs.get(kind) ?? 0} runs: ${kind}`)
  console.log(
    `${failures} of ${seeds} failed at ${commit}; in ${lost} a session was lost, ${messages} messages came`,
  )
  if (failures > 0) process.exitCode = 1
}

if (values.help) console.log(USAGE)
else await soak(Number(values.start), Number(values.seeds))
