import type { Usage } from '../child/meter.ts'
import type { Sample } from '../figures.ts'

/** What the two processes of a run tell. A peer that does not run on Node knows no levels of its memory. */
export interface Outcome<U = Pick<Usage, 'cpuMs' | 'peakBytes'>> {
  readonly figures: Sample
  readonly sender: U
  readonly receiver: U
}
