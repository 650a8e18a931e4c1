import { parseArgs } from 'node:util'
import { messageOf, usageError } from './cli-error.ts'
import { didYouMean } from './did-you-mean.ts'
import type { Option, OptionTable } from './option-table.ts'

type Value = string | boolean | (string | boolean)[] | undefined

/** The arguments of one command, read by its option table. */
export class Arguments {
  readonly positionals: readonly string[]
  readonly #table: OptionTable
  readonly #values: Readonly<Record<string, Value>>

  /** @throws CliError `USAGE`, naming the argument */
  constructor(args: readonly string[], table: OptionTable) {
    const { values, positionals } = parse(args, table)
    this.positionals = positionals
    this.#table = table
    this.#values = values
    for (const [name, option] of Object.entries(table)) if (option.range !== undefined) this.number(name)
  }

  given(name: string): boolean {
    return this.#values[name] !== undefined
  }

  flag(name: string): boolean {
    return this.#values[name] === true
  }

  text(name: string): string | undefined {
    const value = this.#values[name]
    return typeof value === 'string' ? value : undefined
  }

  texts(name: string): string[] {
    const value = this.#values[name]
    return Array.isArray(value) ? value.map(String) : []
  }

  /** The value of an option with a range, or its default. */
  number(name: string): number {
    const range = this.#table[name]?.range
    if (range === undefined) throw new Error(`--${name} has no range`)
    const text = this.text(name)
    if (text === undefined) return range.fallback
    const number = Number(text)
    if (!/^\d+$/.test(text) || number < range.least || number > range.most) {
      throw usageError(
        `--${name} must be a whole number from ${range.least} to ${range.most}; it is '${text}'`,
      )
    }
    return number
  }
}

function parse(args: readonly string[], table: OptionTable) {
  try {
    return parseArgs({ args: [...args], options: forNode(table), allowPositionals: true, strict: true })
  } catch (error) {
    throw usageError(complaintOf(messageOf(error), Object.keys(table)))
  }
}

/** Node's message on one line, without its advice on positional arguments that begin with a dash. */
function complaintOf(message: string, options: readonly string[]): string {
  const complaint = message.replaceAll('\n', ' ').replace(/\. To specify a positional argument.*$/, '')
  const unknown = /^Unknown option '--([^']+)'/.exec(complaint)?.[1]
  return unknown === undefined ? complaint : complaint + didYouMean(unknown, options, name => `--${name}`)
}

function forNode(table: OptionTable) {
  return Object.fromEntries(Object.entries(table).map(([name, option]) => [name, nodeOption(option)]))
}

function nodeOption({ value, short, multiple }: Option) {
  const type = value === undefined ? ('boolean' as const) : ('string' as const)
  return { type, multiple: multiple === true, ...(short === undefined ? {} : { short }) }
}
