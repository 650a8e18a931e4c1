import type { Figure, Sample } from './figures.ts'
import type { Goal } from './goals.ts'
import type { NativeProgram } from './run/native.ts'

/** One comparison: the same work, done by several contenders in turns. */
export interface Case {
  readonly name: string
  /** A sentence for the document. */
  readonly about: string
  /** The first is what the others are compared with. */
  readonly contenders: readonly Contender[]
  readonly columns: readonly Figure[]
  /** Figures whose ratio to the first contender is shown. */
  readonly compared: readonly Figure[]
  readonly goals: readonly Goal[]
  /** Rounds, where they differ from the usual number. */
  readonly rounds?: Rounds
  /** Whether each process has a core of its own. */
  readonly pinned?: boolean
  /** The heading of its part of the chart, if it has one. */
  readonly chart?: string
  /** More to tell below the table; asked once, after the rounds. */
  readonly remark?: () => Promise<string>
}

export interface Contender {
  readonly name: string
  /** What it cannot run without. */
  readonly needs?: readonly NativeProgram[]
  /** One run. A quick one measures less. */
  run(quick: boolean): Promise<Sample>
}

export interface Rounds {
  readonly full: number
  readonly quick: number
}

/** A case and what its rounds gave: for each contender one sample per round. */
export interface Result {
  readonly of: Case
  readonly rounds: number
  readonly samples: Readonly<Record<string, readonly Sample[]>>
  readonly remark: string | undefined
}
