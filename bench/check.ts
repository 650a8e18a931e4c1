import type { Case, Result } from './case.ts'
import { digits } from './figures.ts'
import { type Floor, floors } from './floors.ts'
import { ratios } from './goals.ts'
import { median } from './statistics.ts'

/**
 * The cases that have a floor, with the two contenders that it takes.
 *
 * @throws Error for a floor without a case, or whose case has no such contender
 */
export function checkedCases(cases: readonly Case[], byCase = floors): Case[] {
  return Object.entries(byCase).map(([name, floor]) => {
    const found = cases.find(one => one.name === name)
    if (found === undefined) throw new Error(`bench/floors.ts: there is no case "${name}"`)
    return withFloor(found, floor)
  })
}

function withFloor(one: Case, { against }: Floor): Case {
  const [ours, ...others] = one.contenders
  const theirs = others.find(({ name }) => name === against)
  if (theirs === undefined) throw new Error(`bench/floors.ts: "${one.name}" has no contender "${against}"`)
  return { ...one, contenders: [ours!, theirs], compared: ['rate'], goals: [] }
}

/** Whether there is somebody left for the floor to be against. */
export function isCheckable({ contenders }: Case): boolean {
  return contenders.length > 1
}

/** A line for each case whose ratio is below its floor. */
export function belowFloor(results: readonly Result[], byCase = floors): string[] {
  return results.flatMap(result => {
    const { against, atLeast } = byCase[result.of.name]!
    const ours = result.of.contenders[0]!.name
    const ratio = median(ratios(result, 'rate', ours, against))
    if (ratio >= atLeast) return []
    return [`${result.of.name}: ${ours} / ${against} is ${digits(ratio)}, its floor is ${atLeast}`]
  })
}
