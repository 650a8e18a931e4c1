import {
  type ConnectError,
  type Connection,
  type Listener,
  type ListenOptions,
  listen,
  type TlsListenOptions,
} from '../index.ts'
import { addressOf } from './address.ts'
import type { Arguments } from './arguments.ts'
import { CliErrorCode, codeOf, messageOf, usageError } from './cli-error.ts'
import type { Context } from './command.ts'
import { plural } from './format.ts'
import { whenAborted } from './interrupt.ts'
import type { Log } from './log.ts'
import { Tally } from './tally.ts'
import { tlsOptions } from './tls-options.ts'

/** One connection of a server. */
export interface Peer {
  /** 1 for the first. */
  readonly id: number
  readonly connection: Connection
  /** What has come from it. */
  readonly received: Tally
}

/** What a server does with one connection until its end, or until `stopping` fires. */
export type Service = (peer: Peer, stopping: AbortSignal) => Promise<void>

export interface ServeParts {
  readonly listener: Listener
  readonly service: Service
  readonly log: Log
  /** Ends the server. Its reason, if that is a CliError, is why the connections are broken off. */
  readonly stop: AbortSignal
  /** Breaks every connection off. */
  readonly atOnce: AbortSignal
  readonly onOpened?: () => void
  readonly onEnded?: (error: unknown) => void
}

/** Listens as the arguments say. Peers that are turned away are logged. */
export async function listenBy({ args, log, interrupt }: Context): Promise<Listener> {
  const address = addressOf(args)
  const secure = /^(?:tls|dtls-sctp):/i.exec(address)
  if (secure !== null && !(args.given('cert') && args.given('key'))) {
    throw usageError(`to listen on ${secure[0].toLowerCase()}// takes --cert FILE and --key FILE`)
  }
  return listen(address, {
    ...(await tlsOptions<TlsListenOptions>(args)),
    closeTimeoutMs: args.number('close-timeout-ms'),
    ...sessionOption(args),
    signal: interrupt.signal,
    onRejected: error => logRejected(log, error),
  })
}

/** With `--once`, a listener takes one session. */
function sessionOption(args: Arguments): ListenOptions {
  if (!args.flag('session')) return {}
  return { session: args.flag('once') ? { maxSessions: 1 } : true }
}

/** Serves every connection until the server stops and all of them have ended. What goes wrong with one is logged. */
export async function serve(parts: ServeParts): Promise<void> {
  const { listener, stop } = parts
  const open = new Map<AbortController, Promise<void>>()
  whenAborted(stop, () => {
    void listener.close()
    for (const stopping of open.keys()) stopping.abort(stop.reason)
  })
  let id = 0
  for await (const connection of listener) {
    const stopping = new AbortController()
    const peer: Peer = { id: ++id, connection, received: new Tally() }
    open.set(
      stopping,
      attend(peer, parts, stopping.signal).finally(() => open.delete(stopping)),
    )
    if (stop.aborted) stopping.abort(stop.reason)
    parts.onOpened?.()
  }
  await Promise.all(open.values())
}

async function attend(peer: Peer, parts: ServeParts, stopping: AbortSignal): Promise<void> {
  logOpened(parts.log, peer)
  const forget = whenAborted(parts.atOnce, () => peer.connection.abort(parts.atOnce.reason))
  try {
    await parts.service(peer, stopping)
    logClosed(parts.log, peer)
    parts.onEnded?.(undefined)
  } catch (error) {
    peer.connection.abort(error as Error)
    logFailed(parts.log, peer, error)
    parts.onEnded?.(error)
  } finally {
    forget()
  }
}

function logOpened(log: Log, { id, connection }: Peer): void {
  const from = connection.remoteAddress
  log.event(`connection ${id} opened: ${from}`, 'opened', { connection: id, from })
}

function logClosed(log: Log, { id, received }: Peer): void {
  const { datagrams, bytes } = received
  const what = `${plural(datagrams, 'datagram')}, ${plural(bytes, 'byte')}`
  log.event(`connection ${id} closed: ${what}`, 'closed', { connection: id, datagrams, bytes })
}

function logFailed(log: Log, { id }: Peer, error: unknown): void {
  const code = codeOf(error)
  if (code === CliErrorCode.OUTPUT_CLOSED) return
  const message = messageOf(error)
  log.event(`connection ${id} failed: ${code}: ${message}`, 'failed', { connection: id, code, message })
}

function logRejected(log: Log, { code, message }: ConnectError): void {
  log.event(`turned away: ${code}: ${message}`, 'rejected', { code, message })
}
