import type { Sample } from '../figures.ts'
import type { Usage } from './meter.ts'

/** What a process of a run tells its parent. */
export interface Reports {
  /** The receiver listens here. */
  readonly address: string
  /** The sender is connected and has prepared its data; it waits for `go`. */
  readonly ready: true
  /** The idle level has been taken. */
  readonly idle: true
  /** The work is done. */
  readonly figures: Sample
  readonly usage: Usage
}
