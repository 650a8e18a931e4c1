import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ConnectDatagram, Connection, ConnectionReader } from '../index.ts'
import { CliError, CliErrorCode } from './cli-error.ts'
import type { Command, Context } from './command.ts'
import { ExitCode } from './exit-codes.ts'
import { serverOptions } from './option-table.ts'
import { listenBy, type Peer, serve } from './server.ts'

export const echo: Command = {
  name: 'echo',
  synopsis: 'ADDRESS',
  positionals: [1, 1],
  summary: 'send every datagram back to its sender',
  description: `Listens on ADDRESS and sends every datagram back to its sender.

The first line on standard output is "listening on" and the address to connect
to; with port 0 the system picks a free port. What happens to connections is
told on standard error; a bad one stops nothing. Ctrl-C ends the program: what
has arrived is still sent back, and a client that sends more is broken off.`,
  options: serverOptions,
  examples: [
    'connect-ts echo tcp://localhost:5678',
    'connect-ts echo unix:///tmp/echo.sock',
    'connect-ts echo tls://0.0.0.0:5679 --cert server.pem --key server.key',
    "connect-ts echo 'sctp://localhost:5678?udp=9900'",
    'connect-ts echo dtls-sctp://0.0.0.0:5679 --cert server.pem --key server.key',
  ],
  run,
}

async function run(context: Context): Promise<ExitCode> {
  const { args, stdout, log, interrupt } = context
  const listener = await listenBy(context)
  await stdout.line(listeningLine(listener.address, args.flag('json'))).catch(() => {}) // as `| true` does
  await serve({ listener, service: echoBack, log, stop: interrupt.signal, atOnce: interrupt.atOnce })
  return ExitCode.DONE
}

/** The first line of a server's output. */
export function listeningLine(address: string, json: boolean): string {
  return json ? JSON.stringify({ event: 'listening', address }) : `listening on ${address}`
}

async function echoBack(peer: Peer, stopping: AbortSignal): Promise<void> {
  const { connection, received } = peer
  for (let next = await nextOrStop(connection.reader, stopping); next !== undefined; ) {
    received.add(next.byteLength)
    await connection.writer.send(next)
    next = await nextOrStop(connection.reader, stopping)
  }
  for (const datagram of await arrived(connection.reader)) {
    received.add(datagram.byteLength)
    await connection.writer.send(datagram)
  }
  await closeRefusing(connection)
}

/** Closes; a peer that still sends is broken off, because it gets no echo of that. */
async function closeRefusing(connection: Connection): Promise<void> {
  const closed = connection.close()
  closed.catch(() => {}) // awaited below
  if ((await connection.reader.receive()) !== undefined) {
    throw new CliError(CliErrorCode.NOT_TAKEN, 'more came than was sent back before this end stopped')
  }
  await closed
}

/** The next datagram; undefined at the peer's end and when the server stops. */
async function nextOrStop(
  reader: ConnectionReader,
  stopping: AbortSignal,
): Promise<ConnectDatagram | undefined> {
  try {
    return await reader.receive({ signal: stopping })
  } catch (error) {
    if (stopping.aborted) return undefined
    throw error
  }
}

/** What has arrived and nobody has read yet; nothing of a connection that failed, which the next read tells. */
async function arrived(reader: ConnectionReader): Promise<readonly ConnectDatagram[]> {
  const enough = new AbortController()
  const next = reader.batches({ signal: enough.signal })[Symbol.asyncIterator]().next()
  const batch = next.then(
    ({ value }) => value ?? [],
    () => [],
  )
  await Promise.race([batch, nextTurn()])
  enough.abort()
  return batch
}
