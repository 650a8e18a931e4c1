// Plays many runs of the simulated world of test/session: npm run soak:session -- --help
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { play } from '../test/session/simulation/play.ts'

const USAGE = `npm run soak:session -- [--start SEED] [--seeds COUNT]

Plays COUNT seeds (1000) from SEED (1) on, and goes on behind a failure. A seed goes the same way each time.`

const { values } = parseArgs({
  options: {
    start: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1000' },
    help: { type: 'boolean', default: false },
  },
})

async function soak(start: number, seeds: number): Promise<void> {
  let [failures, lost, messages] = [0, 0, 0]
  for (let seed = start; seed < start + seeds; seed++) {
    try {
      const outcome = await play(seed)
      if (outcome.isLost) lost++
      messages += outcome.messages
    } catch (error) {
      failures++
      console.log(error instanceof Error ? error.message : error)
    }
  }
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  console.log(
    `${failures} of ${seeds} failed at ${commit}; ${lost} sessions were lost, ${messages} messages came`,
  )
  if (failures > 0) process.exitCode = 1
}

if (values.help) console.log(USAGE)
else await soak(Number(values.start), Number(values.seeds))
