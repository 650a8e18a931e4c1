import type { ConnectDatagram } from '../index.ts'
import type { Arguments } from './arguments.ts'
import { datagramJson, datagramLine } from './datagram-line.ts'
import { fileOutput, type Output } from './output.ts'
import { terminalText } from './terminal-text.ts'

/** Where `listen` puts what arrives. */
export interface Store {
  /** Fires when nothing more can be taken; its reason is the CliError. */
  readonly broken: AbortSignal
  /** @throws CliError what broke the output */
  take(connection: number, datagram: ConnectDatagram): Promise<void>
  /** Everything is where it belongs. */
  end(): Promise<void>
}

/** @throws CliError `FILE_FAILED` */
export async function openStore(args: Arguments, stdout: Output): Promise<Store> {
  const path = args.text('output')
  if (path === '-' && stdout.isTerminal) return terminalStore(stdout)
  if (path === '-') return rawStore(stdout, async () => {})
  if (path === undefined) return lineStore(stdout, args.flag('json'))
  const file = await fileOutput(path)
  return rawStore(file, () => file.end())
}

/** The data, one after the other. */
function rawStore(output: Output, end: () => Promise<void>): Store {
  return {
    broken: output.broken,
    take: (_, datagram) => output.write(datagram.data),
    end,
  }
}

/** The data as text, on a terminal: what would be a command to it is escaped. */
function terminalStore(output: Output): Store {
  const decoder = new TextDecoder()
  return {
    broken: output.broken,
    take: (_, { data }) => output.write(terminalText(decoder.decode(data, { stream: true }))),
    async end() {},
  }
}

/** A line for each datagram. */
function lineStore(output: Output, json: boolean): Store {
  return {
    broken: output.broken,
    take: (connection, datagram) =>
      output.line(json ? datagramJson(connection, datagram) : datagramLine(datagram)),
    async end() {},
  }
}
