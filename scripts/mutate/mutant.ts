/** A careless change to one source file. */
export interface Mutant {
  /** Below `src/`. */
  readonly file: string
  /** Occurs exactly once in the file. */
  readonly from: string
  readonly to: string
  /** What a user would suffer, in a few words. */
  readonly what: string
  /** Why no test can tell it from the original. It counts neither as killed nor as a survivor. */
  readonly equivalent?: string
  /** Why no test of the part kills it although one could. It counts as a survivor. */
  readonly survives?: string
}

/** Some sources, the tests that guard them, and what those tests must notice. */
export interface Part {
  readonly name: string
  /** Each test file whose path contains one of these, as for `npm test -- WORD`. The quickest stand first. */
  readonly suites: readonly string[]
  readonly mutants: readonly Mutant[]
}

/** The source with the careless change. @throws Error if `from` does not occur exactly once */
export function mutate(source: string, { file, from, to }: Mutant): string {
  const pieces = source.split(from)
  if (pieces.length !== 2)
    throw new Error(`${file} has ${pieces.length - 1} places like this, not 1: ${from}`)
  if (from === to) throw new Error(`${file}: the change changes nothing: ${from}`)
  return pieces.join(to)
}
