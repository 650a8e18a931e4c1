import {
  type Connection,
  type ConnectionReader,
  type ConnectOptions,
  connect,
  type TlsConnectOptions,
} from '../index.ts'
import { addressOf } from './address.ts'
import type { Context } from './command.ts'
import { tlsOptions } from './tls-options.ts'

/** Connects as the arguments say. Ctrl-C gives up. */
export async function connectBy({ args, interrupt }: Context, options?: ConnectOptions): Promise<Connection> {
  return connect(addressOf(args), {
    ...options,
    ...(await tlsOptions<TlsConnectOptions>(args)),
    connectTimeoutMs: args.number('connect-timeout-ms'),
    closeTimeoutMs: args.number('close-timeout-ms'),
    ...(args.flag('session') ? { session: true } : {}),
    signal: interrupt.signal,
  })
}

/** Reads to the end and throws everything away: a full receive queue would hide the peer's end. */
export async function drain(reader: ConnectionReader): Promise<void> {
  for await (const _ of reader.batches()) {
    // nothing
  }
}

/** Closes, whatever the peer still sends. */
export async function closeDraining(connection: Connection): Promise<void> {
  drain(connection.reader).catch(() => {}) // close() reports it
  await connection.close()
}
