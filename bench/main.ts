// npm run bench [-- --quick] [--rounds N] [--only WORDS] [--json]
import { parseArgs } from 'node:util'
import { type Comparison, catalogue } from './catalogue.ts'
import { buildLibzmqPeer } from './libzmq.ts'
import { runOnce, type Sample } from './run.ts'
import { tableOf } from './table.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
})
const rounds = Number(values.rounds ?? (values.quick ? 3 : 5))
const libzmq = await buildLibzmqPeer()
if (libzmq === undefined)
  process.stderr.write('libzmq is not installed (apt-get install libzmq3-dev): left out\n')

const results: { comparison: Comparison; samples: Record<string, Sample[]> }[] = []
for (const comparison of catalogue.filter(({ name }) => name.includes(values.only))) {
  const samples = await compare(comparison)
  results.push({ comparison, samples })
  if (!values.json) process.stdout.write(`${tableOf(comparison, samples)}\n`)
}
if (values.json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)

/** A B C, A B C, ...: what disturbs the machine for a while disturbs all of them. */
async function compare(comparison: Comparison): Promise<Record<string, Sample[]>> {
  const peers = comparison.peers.filter(peer => peer !== 'libzmq' || libzmq !== undefined)
  const job = values.quick
    ? { ...comparison.job, count: Math.ceil(comparison.job.count / 4) }
    : comparison.job
  const samples: Record<string, Sample[]> = Object.fromEntries(peers.map(peer => [peer, []]))
  for (let round = 1; round <= rounds; round++) {
    for (const peer of peers) {
      progress(`${comparison.name}: round ${round} of ${rounds}, ${peer}`)
      samples[peer]!.push(await runOnce(peer, job, comparison.pinned ?? false, libzmq))
    }
  }
  progress('')
  return samples
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}
