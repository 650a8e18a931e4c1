import { readFileSync, writeFileSync } from 'node:fs'
import { root } from '../root.ts'
import { chartOf } from './chart.ts'
import { documentOf } from './markdown.ts'
import type { Report } from './report.ts'

/** Writes the document and its chart; what is to be said beside the figures stands in `bench/notes.md`. */
export function writeDocument(report: Report): void {
  const notes = readFileSync(new URL('bench/notes.md', root), 'utf8')
  writeFileSync(new URL('docs/benchmarks.md', root), documentOf(report, notes))
  writeFileSync(new URL('docs/benchmarks.svg', root), chartOf(report.results))
}
