import { ConnectErrorCode } from '../index.ts'
import { withoutPassword } from './address.ts'
import { Arguments } from './arguments.ts'
import { codeOf, exitCodeOf, usageError } from './cli-error.ts'
import type { Command } from './command.ts'
import { didYouMean } from './did-you-mean.ts'
import { echo } from './echo.ts'
import { ExitCode } from './exit-codes.ts'
import { commandHelp, programHelp } from './help.ts'
import { Interrupt } from './interrupt.ts'
import { listen } from './listen.ts'
import { Log } from './log.ts'
import { commonOptions } from './option-table.ts'
import { type Output, standardOutput } from './output.ts'
import { ping } from './ping.ts'
import { send } from './send.ts'
import { version } from './version.ts'

const commands: readonly Command[] = [echo, listen, send, ping]
const names: readonly string[] = [...commands.map(({ name }) => name), 'help']

/** Runs one command line to its end. Every error ends here, as a message and an exit code. */
export async function runProgram(args: readonly string[]): Promise<ExitCode> {
  const log = new Log(args.includes('--json'))
  const interrupt = new Interrupt()
  try {
    const stdout = standardOutput()
    const exitCode = await dispatch(args, log, interrupt, stdout)
    await stdout.flush().catch(error => {
      if (exitCode === ExitCode.DONE) throw error
    })
    return exitCode
  } catch (error) {
    // Given up while connecting, as the user wished.
    if (interrupt.signal.aborted && codeOf(error) === ConnectErrorCode.ABORTED) return interrupt.exitCode
    const exitCode = exitCodeOf(error)
    if (exitCode !== ExitCode.DONE) log.failure(error)
    return exitCode
  }
}

async function dispatch(
  args: readonly string[],
  log: Log,
  interrupt: Interrupt,
  stdout: Output,
): Promise<ExitCode> {
  const [name = '', ...rest] = args
  if (name === '' || name.startsWith('-')) return runWithoutCommand(args, stdout)
  if (name === 'help') return help(rest, stdout)
  const command = commandOf(name)
  const parsed = new Arguments(rest, { ...command.options, ...commonOptions })
  if (parsed.flag('help')) return show(commandHelp(command), stdout)
  if (parsed.flag('version')) return show(`${version()}\n`, stdout)
  checkPositionals(command, parsed.positionals)
  interrupt.install(() => log.note('stopping; once more stops at once'))
  return command.run({ args: parsed, stdout, log, interrupt })
}

async function runWithoutCommand(args: readonly string[], stdout: Output): Promise<ExitCode> {
  const parsed = new Arguments(args, commonOptions)
  if (parsed.flag('help')) return show(programHelp(commands), stdout)
  if (parsed.flag('version')) return show(`${version()}\n`, stdout)
  const [name = ''] = parsed.positionals
  if (name === '') throw usageError(`a command is missing: ${names.join(', ')}; see connect-ts --help`)
  throw usageError(`options stand behind the command: connect-ts ${commandOf(name).name} ADDRESS [OPTIONS]`)
}

/** `help` and `help COMMAND` */
async function help(args: readonly string[], stdout: Output): Promise<ExitCode> {
  const [name] = new Arguments(args, commonOptions).positionals
  return show(
    name === undefined || name === 'help' ? programHelp(commands) : commandHelp(commandOf(name)),
    stdout,
  )
}

/** @throws CliError `USAGE` if there is none of this name */
function commandOf(name: string): Command {
  const command = commands.find(candidate => candidate.name === name)
  if (command !== undefined) return command
  const there = `there are ${names.join(', ')}; see connect-ts --help`
  throw usageError(`there is no command '${withoutPassword(name)}'${didYouMean(name, names)}; ${there}`)
}

async function show(text: string, stdout: Output): Promise<ExitCode> {
  await stdout.write(text)
  return ExitCode.DONE
}

function checkPositionals({ name, positionals, synopsis }: Command, given: readonly string[]): void {
  const [least, most] = positionals
  const usage = `usage: connect-ts ${name} ${synopsis} [OPTIONS]; see connect-ts ${name} --help`
  if (given.length < least) throw usageError(`ADDRESS is missing; ${usage}`)
  const extra = given[most]
  if (extra !== undefined) throw usageError(`unexpected argument '${withoutPassword(extra)}'; ${usage}`)
}
