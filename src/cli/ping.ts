import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectDatagram, type Connection } from '../index.ts'
import type { Arguments } from './arguments.ts'
import { CliError, CliErrorCode } from './cli-error.ts'
import { closeDraining, connectBy } from './client.ts'
import type { Command, Context } from './command.ts'
import { ExitCode } from './exit-codes.ts'
import { plural } from './format.ts'
import { whenAborted } from './interrupt.ts'
import { clientOptions, MAX_DATA_BYTES, MAX_RECIPIENT, milliseconds } from './option-table.ts'
import { answerProblem, LEAST_PAYLOAD_BYTES, payloadOf } from './ping-payload.ts'
import { RoundTrips } from './round-trips.ts'

export const ping: Command = {
  name: 'ping',
  synopsis: 'ADDRESS',
  positionals: [1, 1],
  summary: 'measure round trips against an echo',
  description: `Sends numbered datagrams to an echo (such as "connect-ts echo") on ADDRESS, one
after the other, and tells how long each took to come back, then the least, the
average, the 50th and 99th percentile and the most. A wrong answer, or none in
time, ends it as a failure. Ctrl-C ends it with the statistics so far; before
--count was reached, it breaks the connection off.`,
  options: {
    count: {
      value: 'N',
      range: { least: 0, most: Number.MAX_SAFE_INTEGER, fallback: 4 },
      text: 'number of round trips; 0 goes on until Ctrl-C',
    },
    'interval-ms': {
      value: 'MS',
      range: milliseconds(0, 1000),
      text: 'pause between an answer and the next datagram, in ms',
    },
    bytes: {
      value: 'N',
      range: { least: LEAST_PAYLOAD_BYTES, most: MAX_DATA_BYTES, fallback: 64 },
      text: 'size of the data, in bytes',
    },
    'timeout-ms': {
      value: 'MS',
      range: milliseconds(1, 5000),
      text: 'longest wait for an answer, in ms',
    },
    recipient: {
      value: 'N',
      range: { least: 0, most: MAX_RECIPIENT, fallback: 0 },
      text: 'the tag that each datagram carries, 0 to 65535',
    },
    ...clientOptions,
  },
  examples: [
    'connect-ts ping tcp://localhost:5678',
    'connect-ts ping unix:///tmp/echo.sock --count 10000 --interval-ms 0 --json',
    'connect-ts ping tls://example.org:5679 --ca ca.pem --bytes 65536',
    "connect-ts ping 'sctp://localhost:5678?udp=9900'",
    'connect-ts ping dtls-sctp://example.org:5679 --ca ca.pem',
  ],
  run,
}

async function run(context: Context): Promise<ExitCode> {
  const { args, interrupt } = context
  const connection = await connectBy(context)
  const trips = new RoundTrips()
  const count = args.number('count')
  try {
    await pingAll(context, connection, trips, count)
    if (isDone(trips, count)) await closeDraining(connection)
    else connection.abort(interrupt.signal.reason)
  } catch (error) {
    if (isOutputClosed(error)) await closeDraining(connection)
    else await reportFailed(context, connection, trips, error)
    throw error
  }
  await report(context, connection, trips)
  return isDone(trips, count) ? ExitCode.DONE : interrupt.exitCode
}

function isDone(trips: RoundTrips, count: number): boolean {
  return count === 0 || trips.count === count
}

/** A late answer must not be taken for the next one, so nothing goes on after a failure. */
async function reportFailed(
  context: Context,
  connection: Connection,
  trips: RoundTrips,
  error: unknown,
): Promise<void> {
  connection.abort(error as Error)
  await report(context, connection, trips)
}

async function pingAll(
  context: Context,
  connection: Connection,
  trips: RoundTrips,
  count: number,
): Promise<void> {
  const { args, interrupt } = context
  for (let n = 1; (count === 0 || n <= count) && !interrupt.signal.aborted; n++) {
    if (n > 1) await pause(args.number('interval-ms'), interrupt.signal)
    const ms = await pingOnce(connection, args, n, interrupt.signal)
    if (ms === undefined) return
    trips.add(ms)
    if (!args.flag('json')) await context.stdout.line(tripLine(connection, args, n, ms))
  }
}

/** The round trip in ms; undefined if it was interrupted. */
async function pingOnce(
  connection: Connection,
  args: Arguments,
  n: number,
  interrupt: AbortSignal,
): Promise<number | undefined> {
  const payload = payloadOf(n, args.number('bytes'))
  const recipient = args.number('recipient')
  const timeoutMs = args.number('timeout-ms')
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(), timeoutMs)
  const forget = whenAborted(interrupt, () => stop.abort())
  try {
    const startedAt = performance.now()
    await connection.writer.send(new ConnectDatagram(recipient, payload), { signal: stop.signal })
    const answer = await connection.reader.receive({ signal: stop.signal })
    const ms = performance.now() - startedAt
    const problem = answerProblem(answer, n, recipient, payload)
    if (problem !== undefined) throw new CliError(CliErrorCode.WRONG_ANSWER, `round trip ${n}: ${problem}`)
    return ms
  } catch (error) {
    if (interrupt.aborted) return undefined
    if (stop.signal.aborted) throw noAnswer(n, timeoutMs, error)
    throw error
  } finally {
    clearTimeout(timer)
    forget()
  }
}

function noAnswer(n: number, timeoutMs: number, cause: unknown): CliError {
  const message = `round trip ${n}: no answer within ${timeoutMs} ms; is there an echo at the other end?`
  return new CliError(CliErrorCode.NO_ANSWER, message, { cause })
}

/** Ends early when the user interrupts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => {})
}

function tripLine({ remoteAddress }: Connection, args: Arguments, n: number, ms: number): string {
  return `${plural(args.number('bytes'), 'byte')} from ${remoteAddress}: seq=${n} time=${ms.toFixed(3)} ms`
}

async function report({ args, stdout }: Context, connection: Connection, trips: RoundTrips): Promise<void> {
  const address = connection.remoteAddress
  const bytes = args.number('bytes')
  const summary = trips.summary()
  if (args.flag('json')) {
    await stdout.line(JSON.stringify({ event: 'ping', address, bytes, ...summary }))
    return
  }
  const { minMs, avgMs, p50Ms, p99Ms, maxMs } = summary
  await stdout.line(`${plural(trips.count, 'round trip')} with ${address}, ${plural(bytes, 'byte')} each way`)
  if (trips.count === 0) return
  await stdout.line(`min ${minMs} ms, avg ${avgMs} ms, p50 ${p50Ms} ms, p99 ${p99Ms} ms, max ${maxMs} ms`)
}

function isOutputClosed(error: unknown): boolean {
  return error instanceof CliError && error.code === CliErrorCode.OUTPUT_CLOSED
}
