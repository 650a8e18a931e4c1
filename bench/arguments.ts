import { parseArgs } from 'node:util'

export interface Arguments {
  readonly help: boolean
  readonly quick: boolean
  readonly check: boolean
  readonly write: boolean
  readonly json: boolean
  /** In place of each case's own number. */
  readonly rounds: number | undefined
  /** A case is run if its name has one of them, in whatever case; all are run if there are none. */
  readonly only: readonly string[]
}

export const help = `npm run bench [-- OPTIONS]

Measures connect-ts beside net and tls, libzmq, zeromq.js, ws and usrsctp: two processes per run, over loopback.

  --quick        less of everything, in four minutes
  --only WORDS   only the cases whose name has WORDS; may be given again
  --rounds N     N rounds of each case, 1 to 100
  --json         all samples as JSON, in place of the tables
  --write        writes docs/benchmarks.md and docs/benchmarks.svg
  --check        quick, and only what has a floor (bench/floors.ts); fails if a ratio is below it; two minutes
  --help         this, and the names of the cases
`

const options = {
  help: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  check: { type: 'boolean', default: false },
  write: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  only: { type: 'string', multiple: true, default: [] as string[] },
} as const

/** The arguments make no sense. Its message is for the user. */
export class UsageError extends Error {}

/** @throws UsageError */
export function readArguments(words: readonly string[]): Arguments {
  const values = parse(words)
  if (values.write && values.only.length > 0) {
    throw new UsageError('--write needs every case; leave out --only')
  }
  if (values.check && (values.write || values.json)) {
    throw new UsageError('--check goes with neither --write nor --json')
  }
  const rounds = values.rounds === undefined ? undefined : roundsOf(values.rounds)
  return { ...values, quick: values.quick || values.check, rounds }
}

function parse(words: readonly string[]): Omit<Arguments, 'rounds'> & { rounds?: string | undefined } {
  try {
    return parseArgs({ args: [...words], options }).values
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function roundsOf(text: string): number {
  const rounds = Number(text)
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= 100) return rounds
  throw new UsageError(`--rounds must be a whole number from 1 to 100; it is ${text}`)
}
