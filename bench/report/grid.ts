import type { Result } from '../case.ts'
import { digits, type Figure, figures, type Sample, show } from '../figures.ts'
import { ratios } from '../goals.ts'
import { median, type Spread, spreadOf } from '../statistics.ts'

/** The cells of a result's table: a row of headings, and one per contender. */
export interface Grid {
  readonly headings: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Medians of the columns, and the ratio of the first contender to each other one with its spread. */
export function gridOf(result: Result): Grid {
  const { columns, compared } = result.of
  const first = Object.keys(result.samples)[0]!
  return {
    headings: [
      '',
      ...columns.map(figure => figures[figure].label),
      ...compared.map(figure => headingOf(figure, first, compared)),
    ],
    rows: Object.entries(result.samples).map(([name, samples]) => [
      name,
      ...columns.map(figure => show(figure, medianOf(samples, figure))),
      ...compared.map(figure => (name === first ? '' : spread(ratios(result, figure, first, name)))),
    ]),
  }
}

/** Undefined if the figure was not taken. */
export function medianOf(samples: readonly Sample[], figure: Figure): number | undefined {
  const values = samples.map(sample => sample[figure]).filter(value => value !== undefined)
  return values.length === 0 ? undefined : median(values)
}

function headingOf(figure: Figure, first: string, compared: readonly Figure[]): string {
  const ratio = `${first} / this`
  return compared.length === 1 ? ratio : `${figures[figure].label}: ${ratio}`
}

function spread(values: readonly number[]): string {
  const { median: middle, least, most }: Spread = spreadOf(values)
  return `${digits(middle)} (${digits(least)} to ${digits(most)})`
}
