import type { Arguments } from './arguments.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Interrupt } from './interrupt.ts'
import type { Log } from './log.ts'
import type { OptionTable } from './option-table.ts'
import type { Output } from './output.ts'

/** What a command works with. */
export interface Context {
  readonly args: Arguments
  /** Standard output: results, and nothing else. */
  readonly stdout: Output
  /** Standard error: what goes on, and what went wrong. */
  readonly log: Log
  readonly interrupt: Interrupt
}

export interface Command {
  readonly name: string
  /** What follows the name: `ADDRESS [TEXT]`. */
  readonly synopsis: string
  /** Fewest and most positional arguments. */
  readonly positionals: readonly [number, number]
  /** One line for the list of commands. */
  readonly summary: string
  /** Paragraphs for its own help. */
  readonly description: string
  /** Without the common ones. */
  readonly options: OptionTable
  readonly examples: readonly string[]
  /** @throws CliError or ConnectError what made it fail */
  run(context: Context): Promise<ExitCode>
}
