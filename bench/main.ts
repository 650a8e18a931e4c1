import { type Arguments, help, readArguments, UsageError } from './arguments.ts'
import type { Case, Result } from './case.ts'
import { catalogue } from './catalogue.ts'
import { belowFloor, checkedCases } from './check.ts'
import { compareAll } from './compare.ts'
import { progress } from './progress.ts'
import { jsonOf } from './report/json.ts'
import { machine } from './report/machine.ts'
import { summaryOf, textOf } from './report/terminal.ts'
import { writeDocument } from './report/write.ts'
import { whyNotPinned } from './run/cores.ts'
import { buildLibzmq } from './run/libzmq.ts'

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
  const hasLibzmq = await buildLibzmq()
  const results: Result[] = []
  for await (const result of compareAll(possible(chosen, hasLibzmq), args)) {
    results.push(result)
    if (!args.json) process.stdout.write(`${textOf(result)}\n\n`)
  }
  if (args.check) return checked(results)
  if (!args.json) process.stdout.write(`${summaryOf(results)}\n`)
  if (!args.json && !args.write) return 0
  const report = { machine: await machine(hasLibzmq), quick: args.quick, results }
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

/** Leaves out what this machine cannot run, and says so. */
function possible(cases: readonly Case[], hasLibzmq: boolean): Case[] {
  const problem = cases.some(({ pinned }) => pinned) ? whyNotPinned() : undefined
  if (problem !== undefined) progress.warn(`pinned cases are left out: ${problem}`)
  const unpinned = cases.filter(({ pinned }) => !pinned || problem === undefined)
  return hasLibzmq ? unpinned : unpinned.map(withoutLibzmq)
}

function withoutLibzmq(one: Case): Case {
  const contenders = one.contenders.filter(({ name }) => name !== 'libzmq')
  if (contenders.length === one.contenders.length) return one
  progress.warn(`${one.name}: without libzmq, as bench/peers/libzmq.c cannot be built (libzmq3-dev)`)
  return { ...one, contenders }
}

function checked(results: readonly Result[]): number {
  const lines = belowFloor(results)
  process.stdout.write(
    lines.length === 0 ? 'every ratio is above its floor\n' : `BELOW ITS FLOOR\n${lines.join('\n')}\n`,
  )
  return lines.length === 0 ? 0 : 1
}
