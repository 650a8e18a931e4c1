import { connect, type NetConnectOpts, type Socket } from 'node:net'
import { ConnectError, ConnectErrorCode } from '../errors.ts'
import type { ConnectSettings } from '../options.ts'
import type { Address } from './address.ts'
import { attempt } from './attempt.ts'

/** Connects a socket, within `connectTimeoutMs`. */
export function dialSocket(
  target: NetConnectOpts,
  address: Address,
  settings: ConnectSettings,
): Promise<Socket> {
  const { connectTimeoutMs, signal, noDelay, keepAlive, keepAliveDelayMs } = settings
  const what = `connecting to ${address.text}`
  let socket: Socket | undefined
  return attempt({
    what,
    signal,
    timeoutMs: connectTimeoutMs,
    onTimeout: () =>
      new ConnectError(ConnectErrorCode.CONNECT_TIMEOUT, `${what} took longer than ${connectTimeoutMs} ms`),
    giveUp: () => socket?.destroy(),
    begin(succeed, fail) {
      socket = connect({
        ...target,
        allowHalfOpen: true,
        noDelay,
        keepAlive,
        keepAliveInitialDelay: keepAliveDelayMs,
      })
      socket.on('error', cause => {
        const error = new ConnectError(
          ConnectErrorCode.CONNECT_FAILED,
          `${what} failed: ${describe(cause)}`,
          { cause },
        )
        fail(error)
      })
      socket.once('connect', () => {
        socket!.removeAllListeners('error')
        succeed(socket!)
      })
    },
  })
}

/** A host name with several addresses fails with one error for each of them, and no message of its own. */
function describe(error: Error): string {
  if (!(error instanceof AggregateError)) return error.message
  return error.errors.map(each => String(each.message)).join('; ')
}
