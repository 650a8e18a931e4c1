import type { ConnectionSettings } from '../options.ts'

/** What a dialled socket and a server's sockets are set to, in Node's words. */
export interface SocketOptions {
  readonly allowHalfOpen: true
  readonly noDelay: boolean
  readonly keepAlive: boolean
  readonly keepAliveInitialDelay: number
}

export function socketOptions(settings: ConnectionSettings): SocketOptions {
  return {
    allowHalfOpen: true,
    noDelay: settings.noDelay,
    keepAlive: settings.keepAlive,
    // Node cuts to whole seconds, and takes 0 for the system's own delay of two hours.
    keepAliveInitialDelay: Math.ceil(settings.keepAliveDelayMs / 1000) * 1000,
  }
}
