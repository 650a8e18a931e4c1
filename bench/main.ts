import { type Arguments, help, readArguments, UsageError } from './arguments.ts'
import type { Case, Contender, Result } from './case.ts'
import { catalogue } from './catalogue.ts'
import { belowFloor, checkedCases, isCheckable } from './check.ts'
import { compareAll } from './compare.ts'
import { progress } from './progress.ts'
import { jsonOf } from './report/json.ts'
import { machine } from './report/machine.ts'
import { summaryOf, textOf } from './report/terminal.ts'
import { writeDocument } from './report/write.ts'
import { whyNotPinned } from './run/cores.ts'
import { compile, type NativeProgram } from './run/native.ts'

process.exitCode = await main(process.argv.slice(2))

/** Gives the exit code: 1 if a ratio is below its floor, 2 for arguments that make no sense. */
async function main(words: readonly string[]): Promise<number> {
  try {
    return await run(readArguments(words))
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`${error.message}\nnpm run bench -- --help tells more\n`)
    return 2
  }
}

async function run(args: Arguments): Promise<number> {
  if (args.help) {
    process.stdout.write(`${help}\nCases:\n${catalogue.map(({ name }) => `  ${name}\n`).join('')}`)
    return 0
  }
  const chosen = choose(args)
  const built = await compileFor(chosen)
  const results: Result[] = []
  const left = possible(chosen, built)
  for await (const result of compareAll(args.check ? left.filter(isCheckable) : left, args)) {
    results.push(result)
    if (!args.json) process.stdout.write(`${textOf(result)}\n\n`)
  }
  if (args.check) return checked(results)
  if (!args.json) process.stdout.write(`${summaryOf(results)}\n`)
  if (!args.json && !args.write) return 0
  const report = { machine: await machine(built), quick: args.quick, results }
  if (args.json) process.stdout.write(`${jsonOf(report)}\n`)
  if (args.write) writeDocument(report)
  return 0
}

function choose({ check, only }: Arguments): Case[] {
  const words = only.map(word => word.toLowerCase())
  const all = check ? checkedCases(catalogue) : catalogue
  const chosen = all.filter(
    ({ name }) => words.length === 0 || words.some(word => name.toLowerCase().includes(word)),
  )
  if (chosen.length === 0) {
    throw new UsageError(`no case${check ? ' with a floor' : ''} has ${only.join(' or ')} in its name`)
  }
  return chosen
}

/** The programs in C that the cases need, as far as they can be compiled here. */
async function compileFor(cases: readonly Case[]): Promise<Set<NativeProgram>> {
  const needed = new Set(cases.flatMap(({ contenders }) => contenders.flatMap(({ needs }) => needs ?? [])))
  const built = new Set<NativeProgram>()
  for (const program of needed) {
    if (await compile(program)) built.add(program)
    else progress.warn(`bench/${program.source} cannot be built: it takes ${program.needs}`)
  }
  return built
}

/** Leaves out what this machine cannot run, and says so. */
function possible(cases: readonly Case[], built: ReadonlySet<NativeProgram>): Case[] {
  const problem = cases.some(({ pinned }) => pinned) ? whyNotPinned() : undefined
  if (problem !== undefined) progress.warn(`pinned cases are left out: ${problem}`)
  const unpinned = cases.filter(({ pinned }) => !pinned || problem === undefined)
  return unpinned.flatMap(one => withContenders(one, built))
}

/** The case with those who can run; without it where ours cannot. */
function withContenders(one: Case, built: ReadonlySet<NativeProgram>): Case[] {
  const canRun = ({ needs = [] }: Contender): boolean => needs.every(program => built.has(program))
  const left = one.contenders.filter(canRun)
  if (left.length === one.contenders.length) return [one]
  const missing = one.contenders.filter(contender => !canRun(contender)).map(({ name }) => name)
  if (left[0] === one.contenders[0]) {
    progress.warn(`${one.name}: without ${missing.join(' and ')}`)
    return [{ ...one, contenders: left }]
  }
  progress.warn(`${one.name}: left out, as it needs what cannot be built`)
  return []
}

function checked(results: readonly Result[]): number {
  const lines = belowFloor(results)
  process.stdout.write(
    lines.length === 0
      ? `ratios: ${results.length}, none below its floor\n`
      : `BELOW ITS FLOOR\n${lines.join('\n')}\n`,
  )
  return lines.length === 0 ? 0 : 1
}
