import { verdictsOf } from '../goals.ts'
import type { Report } from './report.ts'

/** Every sample and every verdict. */
export function jsonOf({ machine, quick, results }: Report): string {
  const cases = results.map(result => ({
    name: result.of.name,
    rounds: result.rounds,
    samples: result.samples,
    remark: result.remark,
    verdicts: verdictsOf(result),
  }))
  return JSON.stringify({ machine, quick, cases }, null, 2)
}
