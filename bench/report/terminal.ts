import type { Result } from '../case.ts'
import { type Verdict, verdictsOf } from '../goals.ts'
import { gridOf } from './grid.ts'

/** A result as lines of text: its name, a table, and what became of its targets. */
export function textOf(result: Result): string {
  const { headings, rows } = gridOf(result)
  const widths = headings.map((_, column) => Math.max(...[headings, ...rows].map(row => row[column]!.length)))
  const lines = [headings, ...rows].map(row =>
    row.map((cell, column) => padded(cell, column, widths)).join('   '),
  )
  const verdicts = verdictsOf(result).map(verdictText)
  const remarks = result.remark === undefined ? [] : [result.remark]
  return [result.of.name, ...lines, ...verdicts, ...remarks]
    .map((line, i) => (i === 0 ? line : `  ${line}`))
    .join('\n')
}

/** How many targets were met, and which were not. */
export function summaryOf(results: readonly Result[]): string {
  const verdicts = results.flatMap(result => verdictsOf(result).map(verdict => ({ result, verdict })))
  const missed = verdicts.filter(({ verdict }) => verdict.met === false)
  const judged = verdicts.filter(({ verdict }) => verdict.met !== undefined)
  const lines = missed.map(({ result, verdict }) => `  ${result.of.name}: ${verdictText(verdict)}`)
  return [`${judged.length - missed.length} of ${judged.length} targets met`, ...lines].join('\n')
}

function padded(cell: string, column: number, widths: readonly number[]): string {
  return column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
}

function verdictText({ measure, target, measured, met }: Verdict): string {
  const outcome = met === undefined ? '' : met ? ': met' : ': NOT MET'
  return `${measure}: ${measured}, target ${target}${outcome}`
}
