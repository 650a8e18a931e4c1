// Sends messages both ways over paths that are cut and stall: npm run soak:cuts -- --help
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { CUTTABLE } from '../test/session/cutting-path.ts'
import { type CutsCount, playCuts } from '../test/session/play-cuts.ts'

const USAGE = `npm run soak:cuts -- [SCHEME ...] [--messages COUNT] [--cuts COUNT] [--seed SEED] [--silence MS]

Sends COUNT messages (1,000,000) in each direction over a session through a proxy, or a relay, that breaks about COUNT
connections (500), makes others stand still, for up to twice the silence time-out (200), and has users stop reading.
Fails where a message is lost, doubled or out of order, the session is lost, there were fewer cuts, or resident memory
does not stay flat: the median of the last third of the time above that of the second by more than a fifth.
Schemes: ${Object.keys(CUTTABLE).join(', ')}`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    messages: { type: 'string', default: '1000000' },
    cuts: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    silence: { type: 'string', default: '200' },
    help: { type: 'boolean', default: false },
  },
})

const SAMPLE_MS = 250
const REPORT_MS = 10_000
const MOST_GROWTH = 1.2

const inMb = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}

/** How a run goes on over time. */
class Watch {
  readonly count: CutsCount = { received: 0, breaks: 0, tries: 0 }
  readonly #began = performance.now()
  readonly #resident: number[] = []
  readonly #sampling = setInterval(() => this.#resident.push(process.memoryUsage.rss()), SAMPLE_MS)
  readonly #reporting = setInterval(() => this.report(), REPORT_MS)

  report(): void {
    const { rss, heapUsed } = process.memoryUsage()
    const { received, breaks, tries } = this.count
    const seconds = (performance.now() - this.#began) / 1000
    const rate = `${received} messages came, ${Math.round(received / seconds)}/s`
    const memory = `${inMb(rss)} resident, ${inMb(heapUsed)} heap`
    console.log(`  ${seconds.toFixed(0)} s: ${rate}; ${breaks} breaks, ${tries} tries; ${memory}`)
  }

  stop(): void {
    clearInterval(this.#sampling)
    clearInterval(this.#reporting)
    this.report()
  }

  /** Whether resident memory has stayed flat; prints the medians of the thirds of the time. */
  isFlat(): boolean {
    const third = Math.ceil(this.#resident.length / 3)
    const medians = [0, 1, 2].map(i => median(this.#resident.slice(i * third, (i + 1) * third)))
    console.log(`  resident memory, medians of the thirds: ${medians.map(inMb).join(', ')}`)
    return medians[2]! <= medians[1]! * MOST_GROWTH
  }
}

/** Returns whether all went well. */
async function soak(scheme: string): Promise<boolean> {
  const [messages, cuts] = [Number(values.messages), Number(values.cuts)]
  const [seed, silenceTimeoutMs] = [Number(values.seed), Number(values.silence)]
  console.log(`${scheme}, ${messages} messages in each direction`)
  const watch = new Watch()
  try {
    // Some of them are stalls that pass.
    const mishaps = 1.5 * cuts
    const plan = { scheme, seed, messages, mishaps, pauses: cuts / 5, silenceTimeoutMs }
    const { breaks, stalls } = await playCuts(plan, watch.count)
    watch.stop()
    console.log(`  nothing lost, doubled or out of order; ${stalls} stalls`)
    return watch.isFlat() && breaks >= cuts
  } catch (error) {
    watch.stop()
    console.log(error)
    return false
  }
}

if (values.help) console.log(USAGE)
else {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
  console.log(`Node ${process.version}, ${commit}, seed ${values.seed}`)
  for (const scheme of positionals.length > 0 ? positionals : Object.keys(CUTTABLE)) {
    if (await soak(scheme)) continue
    console.log('  FAILED')
    process.exitCode = 1
  }
}
