import type { Connection } from '../index.ts'
import type { Arguments } from './arguments.ts'
import { CliError, CliErrorCode, usageError } from './cli-error.ts'
import { connectBy } from './client.ts'
import type { Command, Context } from './command.ts'
import { cutEvenly, cutLines } from './cut.ts'
import { ExitCode } from './exit-codes.ts'
import { formatBytes, formatRate, plural } from './format.ts'
import { fileInput, type Input, standardInput, textInput } from './input.ts'
import { whenAborted } from './interrupt.ts'
import { clientOptions, MAX_DATA_BYTES, MAX_RECIPIENT } from './option-table.ts'
import { progressOnTerminal } from './progress.ts'
import { Sending } from './sending.ts'

export const send: Command = {
  name: 'send',
  synopsis: 'ADDRESS [TEXT]',
  positionals: [1, 2],
  summary: 'send a text, a file or standard input',
  description: `Sends TEXT as one datagram, or else a file or standard input ('-', or nothing),
cut into datagrams, to whoever listens on ADDRESS. What comes back is thrown
away.

On a terminal it shows how far it is. It ends when the receiver has read
everything and ended too, and says how much was sent. An empty input sends
nothing.

What stops it before that, be it Ctrl-C, an input that cannot be read to its end
or a receiver that ends, breaks the connection off: the receiver gets an error
and no clean end. (Where a pipe ends early, only your shell knows: pipefail.)`,
  options: {
    file: { value: 'FILE', text: 'send the content of FILE' },
    lines: { text: 'send each line as a datagram, without its line feed; empty lines are skipped' },
    'chunk-bytes': {
      value: 'N',
      range: { least: 1, most: MAX_DATA_BYTES, fallback: 65_536 },
      text: 'size of the datagrams that a file or standard input is cut into, in bytes',
    },
    recipient: {
      value: 'N',
      range: { least: 0, most: MAX_RECIPIENT, fallback: 0 },
      text: 'the tag that each datagram carries, 0 to 65535',
    },
    ...clientOptions,
  },
  examples: [
    "connect-ts send tcp://localhost:5678 'Hello world!' --recipient 7",
    'connect-ts send tcp://localhost:5678 --file big.iso',
    'journalctl --follow | connect-ts send unix:///tmp/in.sock --lines',
  ],
  run,
}

async function run(context: Context): Promise<ExitCode> {
  const { args } = context
  const input = await inputOf(args)
  try {
    return await sendInput(context, input)
  } finally {
    input.dispose()
  }
}

/** @throws CliError `USAGE` for a combination of arguments that has no meaning; `FILE_FAILED` */
async function inputOf(args: Arguments): Promise<Input> {
  const text = args.positionals[1]
  const file = args.text('file')
  if (args.given('lines') && args.given('chunk-bytes')) {
    throw usageError('--lines and --chunk-bytes exclude each other')
  }
  if (text === undefined || text === '-') {
    return file === undefined || file === '-' ? standardInput() : fileInput(file)
  }
  if (text === '') throw usageError('TEXT is empty; a datagram carries at least 1 byte')
  for (const option of ['file', 'lines', 'chunk-bytes']) {
    if (args.given(option))
      throw usageError(`--${option} has no meaning with TEXT, which is sent as one datagram`)
  }
  return textInput(text)
}

async function sendInput(context: Context, input: Input): Promise<ExitCode> {
  const { args, interrupt, log } = context
  // Half-open: the library would end what is not complete, and the receiver would take it for the whole.
  const connection = await connectBy(context, { allowHalfOpen: true })
  if (input.interactive) log.note('sending what you type; Ctrl-D on an empty line ends it')
  const sending = new Sending(connection, args.number('recipient'))
  const outcome = await deliver(context, connection, input, sending)
  await report(context, input, sending, outcome === 'complete')
  if (outcome === 'peer ended') throw peerEnded(sending)
  return outcome === 'complete' ? ExitCode.DONE : interrupt.exitCode
}

/** Ends the connection cleanly if all was sent, and breaks it off otherwise. */
async function deliver(
  { args, interrupt }: Context,
  connection: Connection,
  input: Input,
  sending: Sending,
): Promise<'complete' | 'peer ended' | 'interrupted'> {
  const progress = input.interactive ? undefined : progressOnTerminal(totalOf(input, args))
  const forget = whenAborted(interrupt.signal, () => connection.abort(interrupt.signal.reason))
  try {
    await sending.pump(stop => piecesOf(input, args, stop), progress)
    if (isComplete(input, sending)) {
      await connection.close()
      return 'complete'
    }
    connection.abort()
    return 'peer ended'
  } catch (error) {
    connection.abort(error as Error)
    if (interrupt.signal.aborted) return 'interrupted'
    throw error
  } finally {
    forget()
    progress?.stop()
  }
}

/** A receiver may end, in the knowledge of how much comes, before the end of the input was read. */
function isComplete(input: Input, { complete, sent }: Sending): boolean {
  return (complete && input.exhausted) || sent.bytes === input.totalBytes
}

function peerEnded({ sent }: Sending): CliError {
  const before = `${plural(sent.datagrams, 'datagram')} (${plural(sent.bytes, 'byte')}) went out before`
  return new CliError(CliErrorCode.PEER_ENDED, `the receiver ended the connection; ${before}`)
}

function piecesOf(input: Input, args: Arguments, stop: AbortSignal): AsyncIterable<Uint8Array> {
  if (args.positionals[1] !== undefined && args.positionals[1] !== '-') return input.chunks(stop)
  return args.flag('lines')
    ? cutLines(input.chunks(stop))
    : cutEvenly(input.chunks(stop), args.number('chunk-bytes'))
}

/** Line feeds are not sent, so the size of a file says too much. */
function totalOf(input: Input, args: Arguments): number | undefined {
  return args.flag('lines') ? undefined : input.totalBytes
}

async function report(context: Context, input: Input, sending: Sending, complete: boolean): Promise<void> {
  const { sent, seconds, skipped } = sending
  if (context.args.flag('json')) {
    const { datagrams, bytes } = sent
    const summary = { event: 'sent', datagrams, bytes, seconds, emptyLinesSkipped: skipped, complete }
    await context.stdout.line(JSON.stringify(summary))
    return
  }
  if (skipped > 0) context.log.note(`skipped ${plural(skipped, 'empty line')}: a datagram cannot be empty`)
  if (sent.datagrams === 0 && complete) {
    await context.stdout.line(`sent nothing: ${input.name} is empty`)
    return
  }
  await context.stdout.line(complete ? summaryLine(sending) : stoppedLine(sending))
}

function summaryLine(sending: Sending): string {
  const rate = formatRate(sending.sent.bytes / Math.max(sending.seconds, 0.000_001))
  return `sent ${amountOf(sending)} in ${sending.seconds.toFixed(3)} s, ${rate}`
}

/** What was taken need not have arrived. */
function stoppedLine(sending: Sending): string {
  return `stopped: at most ${amountOf(sending)} went out, and the receiver is told that this is not all`
}

function amountOf({ sent: { datagrams, bytes } }: Sending): string {
  return `${plural(datagrams, 'datagram')}, ${plural(bytes, 'byte')} (${formatBytes(bytes)})`
}
