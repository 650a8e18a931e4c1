import type { Result } from '../case.ts'
import type { Machine } from './machine.ts'

/** What a whole run has to tell. */
export interface Report {
  readonly machine: Machine
  readonly quick: boolean
  readonly results: readonly Result[]
}
