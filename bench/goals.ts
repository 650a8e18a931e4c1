import type { Result } from './case.ts'
import { digits, type Figure, figures, show } from './figures.ts'
import { type Spread, spreadOf } from './statistics.ts'

/** What a figure should be: by itself, or beside that of another contender. */
export interface Goal {
  /** The contender; the first one unless told. */
  readonly of?: string
  readonly figure: Figure
  readonly against?: string
  /** How the two are set side by side. */
  readonly by?: 'ratio' | 'difference'
  readonly atLeast?: number
  readonly atMost?: number
}

export interface Verdict {
  /** Such as `messages/s: connect-ts / libzmq`. */
  readonly measure: string
  /** Such as `at least 1.5`. */
  readonly target: string
  /** Undefined if a contender is missing. */
  readonly spread: Spread | undefined
  readonly met: boolean | undefined
  /** The spread as text. */
  readonly measured: string
}

/** A ratio to another contender; what disturbs a whole round cancels out. */
export function ratios(result: Result, figure: Figure, of: string, against: string): number[] {
  return paired(result, figure, of, against, (one, other) => one / other)
}

export function verdictsOf(result: Result): Verdict[] {
  return result.of.goals.map(goal => verdictOf(result, goal))
}

/** What is set beside another contender is judged by its median, a bound for a figure itself by the worst round. */
function verdictOf(result: Result, goal: Goal): Verdict {
  const of = goal.of ?? result.of.contenders[0]!.name
  const values = valuesOf(result, goal, of)
  const spread = values.length === 0 ? undefined : spreadOf(values)
  return {
    measure: measureOf(goal, of),
    target: targetOf(goal),
    spread,
    met: spread && isMet(goal, spread),
    measured: spread === undefined ? 'not measured' : spreadText(goal, spread),
  }
}

function valuesOf(result: Result, { figure, against, by }: Goal, of: string): number[] {
  if (against === undefined) return (result.samples[of] ?? []).map(sample => sample[figure]!)
  if (by === 'difference') return paired(result, figure, of, against, (one, other) => one - other)
  return ratios(result, figure, of, against)
}

/** Sets two contenders side by side, round by round; nothing if one of them is missing. */
function paired(
  { samples }: Result,
  figure: Figure,
  of: string,
  against: string,
  beside: (one: number, other: number) => number,
): number[] {
  const others = samples[against]
  if (others === undefined) return []
  return (samples[of] ?? []).map((sample, round) => beside(sample[figure]!, others[round]![figure]!))
}

function isMet({ atLeast, atMost, against }: Goal, { median, least, most }: Spread): boolean {
  const [low, high] = against === undefined ? [least, most] : [median, median]
  return low >= (atLeast ?? Number.NEGATIVE_INFINITY) && high <= (atMost ?? Number.POSITIVE_INFINITY)
}

function targetOf(goal: Goal): string {
  const { atLeast, atMost } = goal
  return atLeast === undefined ? `at most ${bound(goal, atMost!)}` : `at least ${bound(goal, atLeast)}`
}

function measureOf({ figure, against, by }: Goal, of: string): string {
  const label = `${figures[figure].label}: ${of}`
  return against === undefined ? label : `${label} ${by === 'difference' ? '-' : '/'} ${against}`
}

function spreadText(goal: Goal, { median, least, most }: Spread): string {
  const text = (value: number): string => written(goal, value)
  return least === most ? text(median) : `${text(median)} (${text(least)} to ${text(most)})`
}

/** A ratio has no unit; everything else is written as its figure is. */
function written(goal: Goal, value: number): string {
  return isRatio(goal) ? digits(value) : show(goal.figure, value)
}

function bound(goal: Goal, value: number): string {
  return isRatio(goal) ? String(value) : show(goal.figure, value)
}

function isRatio({ against, by }: Goal): boolean {
  return against !== undefined && by !== 'difference'
}
