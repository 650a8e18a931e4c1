import type { Command } from './command.ts'
import { exitCodeTexts } from './exit-codes.ts'
import { commonOptions, type Option, type OptionTable } from './option-table.ts'

const LINE_WIDTH = 80

/** Width of the longest option with its value. */
const OPTION_COLUMN = 27

const addresses = `Addresses:
  tcp://HOST:PORT         TCP; also HOST:PORT. HOST is a name, an IPv4 address,
                          or an IPv6 address in brackets. To listen: port 0 is
                          any free port, host 0.0.0.0 or [::] every address.
  tls://HOST:PORT         TLS 1.2 or 1.3; the server's certificate is verified
  sctp://HOST:PORT        SCTP over UDP port 9899; 'sctp://HOST:PORT?udp=N' over
                          another. To listen: udp=0 is any free one.
  dtls-sctp://HOST:PORT   SCTP inside DTLS 1.2 over UDP port PORT, certificates
                          as with tls; it takes the package koffi, version 3
  unix:///path/to.sock    a Unix socket`

/** What `connect-ts --help` shows. */
export function programHelp(commands: readonly Command[]): string {
  const rows = commands.map(({ name, synopsis, summary }) => row(`${name} ${synopsis}`, summary, 26))
  return joinSections([
    'connect-ts - ordered, reliable, tagged messages between two programs',
    'Usage: connect-ts COMMAND ADDRESS [OPTIONS]',
    `Commands:\n${rows.join('\n')}`,
    addresses,
    optionSection('Options of every command', commonOptions),
    `Try it, in two terminals:
  connect-ts echo tcp://localhost:5678
  connect-ts ping tcp://localhost:5678`,
    exitCodeSection(),
    'Each command has its own help: connect-ts send --help, or connect-ts help send',
  ])
}

/** What `connect-ts COMMAND --help` shows. */
export function commandHelp(command: Command): string {
  return joinSections([
    `connect-ts ${command.name} - ${command.summary}`,
    `Usage: connect-ts ${command.name} ${command.synopsis} [OPTIONS]`,
    command.description,
    optionSection('Options', { ...command.options, ...commonOptions }),
    `Examples:\n${command.examples.map(example => `  ${example}`).join('\n')}`,
    addresses,
    exitCodeSection(),
  ])
}

function joinSections(sections: readonly string[]): string {
  return `${sections.join('\n\n')}\n`
}

function optionSection(title: string, table: OptionTable): string {
  const rows = Object.entries(table).map(([name, option]) => optionRow(name, option))
  return `${title}:\n${rows.join('\n')}`
}

function optionRow(name: string, option: Option): string {
  const short = option.short === undefined ? '' : `-${option.short}, `
  const value = option.value === undefined ? '' : ` ${option.value}`
  const fallback = option.range === undefined ? '' : ` (default ${option.range.fallback})`
  return row(`${short}--${name}${value}`, option.text + fallback, OPTION_COLUMN)
}

function exitCodeSection(): string {
  const rows = exitCodeTexts.map(([code, text]) => row(String(code), text, 5))
  return `Exit codes:\n${rows.join('\n')}`
}

/** Two columns; what is too long for the right one goes on below it. */
function row(left: string, right: string, width: number): string {
  const indent = ' '.repeat(width + 3)
  const lines = wrapped(right, LINE_WIDTH - indent.length)
  return `  ${left.padEnd(width)} ${lines.join(`\n${indent}`)}`
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(line)
  return lines
}
