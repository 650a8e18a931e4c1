import type { Case, Result } from './case.ts'
import { digits } from './figures.ts'
import { floors } from './floors.ts'
import { ratios } from './goals.ts'
import { median } from './statistics.ts'

/** Whose rate the floors are a part of. */
const runtime = ['net', 'tls']

/**
 * The cases that have a floor, with the two contenders that it takes.
 *
 * @throws Error for a floor without a case
 */
export function checkedCases(cases: readonly Case[]): Case[] {
  for (const name of Object.keys(floors)) {
    if (!cases.some(one => one.name === name)) throw new Error(`bench/floors.ts: there is no case "${name}"`)
  }
  return cases
    .filter(({ name }) => floors[name] !== undefined)
    .map(one => ({
      ...one,
      contenders: one.contenders.filter(({ name }, place) => place === 0 || runtime.includes(name)),
      compared: ['rate'],
      goals: [],
    }))
}

/** A line for each case whose ratio is below its floor. */
export function belowFloor(results: readonly Result[]): string[] {
  return results.flatMap(result => {
    const [ours, theirs] = Object.keys(result.samples)
    const ratio = median(ratios(result, 'rate', ours!, theirs!))
    const floor = floors[result.of.name]!
    if (ratio >= floor) return []
    return [`${result.of.name}: ${ours} / ${theirs} is ${digits(ratio)}, its floor is ${floor}`]
  })
}
