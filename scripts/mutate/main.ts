// Puts careless changes into a copy of the sources and sees whether the tests notice: npm run mutate -- --help
//
// Each file of parts/ lists the mutants of a part: where they are, what they change, and what a user would suffer.
// To add one, quote as much of the source as occurs there once. test/scripts/mutants.test.ts fails when a list no longer
// fits the sources.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import type { Mutant, Part } from './mutant.ts'
import { parts } from './parts.ts'
import { Sandbox } from './sandbox.ts'
import { runTests, testFiles, type Verdict } from './suites.ts'

const USAGE = `npm run mutate -- [PART ...] [--only WORD] [--jobs N]

Parts: ${parts.map(part => part.name).join(', ')}
  --only WORD  only the mutants whose file or description contains WORD
  --jobs N     copies of the tree that are tested side by side (default: one a core, at most 4)

Exits with 1 if less than 90 % of a part's mutants are killed, or one survives for no stated reason.`

/** Share of the mutants, those aside that are equivalent, which the tests must notice. */
const LEAST_KILLED = 0.9
/** A mutant that hangs is noticed after this many times what the tests take without it, and a minute. */
const PATIENCE = 3

interface Outcome {
  readonly mutant: Mutant
  readonly verdict: Verdict
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: String(Math.min(4, availableParallelism())) },
    help: { type: 'boolean', default: false },
  },
})

/** Runs all mutants of a part; says whether its tests notice enough. */
async function runPart(part: Part, sandboxes: readonly Sandbox[]): Promise<boolean> {
  const files = testFiles(sandboxes[0]!.folder, part.suites)
  const limitMs = await timeWithoutMutant(part, sandboxes[0]!, files)
  const chosen = part.mutants.filter(isChosen)
  const waiting = chosen.filter(mutant => mutant.equivalent === undefined)
  const outcomes: Outcome[] = []
  const work = async (sandbox: Sandbox): Promise<void> => {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const verdict = await sandbox.with(mutant, () => runTests(sandbox.folder, files, limitMs))
      outcomes.push({ mutant, verdict })
      console.log(describe(mutant, verdict))
    }
  }
  await Promise.all(sandboxes.map(work))
  return summarise(part, outcomes, chosen.length - outcomes.length)
}

/** Returns how long the tests may take with a mutant. */
async function timeWithoutMutant(part: Part, sandbox: Sandbox, files: readonly string[]): Promise<number> {
  const begin = performance.now()
  const verdict = await runTests(sandbox.folder, files, 30 * 60_000)
  if (verdict.kind !== 'passed') {
    throw new Error(`${part.name}: its tests fail without any mutant: ${JSON.stringify(verdict)}`)
  }
  const tookMs = performance.now() - begin
  console.log(`${part.name}: ${files.length} test files take ${(tookMs / 1000).toFixed(1)} s`)
  return tookMs * PATIENCE + 60_000
}

function isChosen(mutant: Mutant): boolean {
  return mutant.file.includes(values.only) || mutant.what.includes(values.only)
}

function describe(mutant: Mutant, verdict: Verdict): string {
  const where = `${mutant.file}: ${mutant.what}`
  if (verdict.kind === 'failed') return `killed    ${where} (${verdict.test})`
  if (verdict.kind === 'timed-out') return `killed    ${where} (the tests hang)`
  return `SURVIVED  ${where}${mutant.survives === undefined ? '' : ` (known: ${mutant.survives})`}`
}

function summarise(part: Part, outcomes: readonly Outcome[], equivalent: number): boolean {
  const survivors = outcomes.filter(({ verdict }) => verdict.kind === 'passed')
  const killed = outcomes.length - survivors.length
  const share = outcomes.length === 0 ? 1 : killed / outcomes.length
  const percent = Math.floor(share * 100)
  console.log(`${part.name}: ${killed} of ${outcomes.length} killed (${percent} %), ${equivalent} equivalent`)
  return share >= LEAST_KILLED && survivors.every(({ mutant }) => mutant.survives !== undefined)
}

async function main(): Promise<void> {
  const unknown = positionals.filter(name => !parts.some(part => part.name === name))
  if (unknown.length > 0) throw new Error(`no part is named ${unknown.join(', ')}\n${USAGE}`)
  const jobs = Number(values.jobs)
  if (!Number.isInteger(jobs) || jobs < 1) throw new Error(`--jobs must be a whole number from 1 on`)
  const sandboxes = Array.from({ length: jobs }, () => new Sandbox())
  process.on('exit', () => {
    for (const sandbox of sandboxes) sandbox.remove()
  })
  process.on('SIGINT', () => process.exit(130))
  for (const part of parts) {
    if (positionals.length > 0 && !positionals.includes(part.name)) continue
    if (!(await runPart(part, sandboxes))) process.exitCode = 1
  }
}

if (values.help) console.log(USAGE)
else await main()
