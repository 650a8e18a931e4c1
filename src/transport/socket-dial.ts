import type { NetConnectOpts } from 'node:net'
import { ConnectError, ConnectErrorCode } from '../errors.ts'
import type { ConnectSettings } from '../options.ts'
import type { Address } from './address.ts'
import { attempt } from './attempt.ts'
import { socketOptions } from './socket-options.ts'
import { connectSocket, type SocketReads } from './socket-reads.ts'

/**
 * Connects a socket that is not read yet, within `connectTimeoutMs`, and makes something of it in the very moment it is
 * connected: from then on, what is made has to listen to its errors.
 */
export function dialSocket<T>(
  target: NetConnectOpts,
  address: Address,
  settings: ConnectSettings,
  make: (reads: SocketReads) => T,
  open: (target: NetConnectOpts) => SocketReads = connectSocket,
): Promise<T> {
  const { connectTimeoutMs, signal } = settings
  const what = `connecting to ${address.text}`
  let reads: SocketReads | undefined
  return attempt({
    what,
    signal,
    timeoutMs: connectTimeoutMs,
    onTimeout: () =>
      new ConnectError(ConnectErrorCode.CONNECT_TIMEOUT, `${what} took longer than ${connectTimeoutMs} ms`),
    giveUp: () => reads?.socket.destroy(),
    begin(succeed, fail) {
      const onError = (cause: Error): void =>
        fail(
          new ConnectError(ConnectErrorCode.CONNECT_FAILED, `${what} failed: ${describe(cause)}`, { cause }),
        )
      reads = open({ ...target, ...socketOptions(settings) })
      reads.socket.on('error', onError)
      reads.socket.once('connect', () => {
        try {
          succeed(make(reads!))
          // What was made listens now. With this listener, the socket would keep the whole attempt.
          reads!.socket.off('error', onError)
        } catch (error) {
          onError(error as Error)
        }
      })
    },
  })
}

/** A host name with several addresses fails with one error for each of them, and no message of its own. */
function describe(error: Error): string {
  if (!(error instanceof AggregateError)) return error.message
  return error.errors.map(each => String(each.message)).join('; ')
}
