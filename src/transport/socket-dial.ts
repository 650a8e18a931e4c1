import type { NetConnectOpts, Socket } from 'node:net'
import type { ConnectSettings } from '../options.ts'
import type { AddressAttempt } from './address-race.ts'
import { selfError } from './node-errors.ts'
import { socketOptions } from './socket-options.ts'
import { connectSocket, type SocketReads } from './socket-reads.ts'

export interface SocketAttemptParts<T> {
  /** A path, or an address that nothing need be looked up for. */
  readonly target: NetConnectOpts
  readonly settings: ConnectSettings
  /** From then on, what is made has to listen to the socket's errors. */
  readonly make: (reads: SocketReads) => T
  readonly open?: (target: NetConnectOpts) => SocketReads
}

/**
 * An attempt to connect a socket that is not read yet, and to make something of it in the very moment in which it is
 * connected.
 */
export class SocketAttempt<T> implements AddressAttempt<T> {
  readonly #parts: SocketAttemptParts<T>
  #reads: SocketReads | undefined

  constructor(parts: SocketAttemptParts<T>) {
    this.#parts = parts
  }

  begin(succeed: (value: T) => void, fail: (cause: Error) => void): void {
    const { target, settings, make, open = connectSocket } = this.#parts
    const reads = open({ ...target, ...socketOptions(settings) })
    const { socket } = reads
    this.#reads = reads
    socket.on('error', fail)
    socket.once('connect', () => {
      if (isConnectedToItself(socket)) {
        const error = selfError(socket.localPort!)
        // With an end in place of the reset, its port would stay behind in TIME_WAIT.
        socket.resetAndDestroy()
        fail(error)
        return
      }
      try {
        succeed(make(reads))
        // What was made listens now. With this listener, the socket would keep the whole attempt.
        socket.off('error', fail)
      } catch (error) {
        fail(error as Error)
      }
    })
  }

  giveUp(): void {
    this.#reads?.socket.destroy()
  }
}

function isConnectedToItself({ localAddress, localPort, remoteAddress, remotePort }: Socket): boolean {
  return localPort !== undefined && localPort === remotePort && localAddress === remoteAddress
}
