import {
  type AddressInfo,
  createServer,
  type ListenOptions as NetListenOptions,
  type Server,
  type Socket,
} from 'node:net'
import { aborted, asConnectError, ConnectError, ConnectErrorCode, rejectionOf } from '../errors.ts'
import type { ListenSettings } from '../options.ts'
import type { Address } from './address.ts'
import { Admission, type Place } from './admission.ts'
import { type Lookup, lookUpToListen } from './host-lookup.ts'
import { codeOf } from './node-errors.ts'
import { socketOptions } from './socket-options.ts'
import { adoptSocket, type SocketReads } from './socket-reads.ts'

export interface SocketListenerParts {
  /** Host and port, or path. */
  readonly target: NetListenOptions
  readonly address: Address
  readonly settings: ListenSettings
  /** What becomes of a socket of the server's, which is not read yet. */
  readonly open?: (accepted: Socket) => SocketReads
  /** A peer was let in, whose handshake begins. May throw a ConnectError: the peer is then turned away. */
  readonly onSocket: (reads: SocketReads, place: Place) => void
  readonly onRejected: (error: ConnectError) => void
  /** The address of a peer, as a URL; undefined if it is gone already. */
  readonly peerOf: (socket: Socket) => string | undefined
  /** Breaks a connection off so that the peer notices. */
  readonly turnAway: (socket: Socket) => void
}

export interface SocketListener {
  /** The port that was bound; 0 for a path. */
  readonly port: number
  close(): Promise<void>
}

/**
 * Binds an address of the host. Node would look it up as well, but would listen when the look-up is done, though the
 * server was closed by then.
 */
export async function bindHost(
  host: string,
  port: number,
  lookup: Lookup,
  parts: Omit<SocketListenerParts, 'target'>,
): Promise<SocketListener> {
  const { address, settings } = parts
  const what = `listening on ${address.text}`
  const found = await lookUpToListen(host, lookup, settings.signal, what).catch(cause => {
    throw asConnectError(cause, ConnectErrorCode.LISTEN_FAILED, what)
  })
  return bindSockets({ ...parts, target: { host: found, port } })
}

/** Binds a server of Node's, which lets peers in and outlives what goes wrong with any of them. */
export async function bindSockets(parts: SocketListenerParts): Promise<SocketListener> {
  const { settings, address } = parts
  const server = createServer({ ...socketOptions(settings), pauseOnConnect: true })
  admit(server, parts)
  await listening(server, { ...parts.target, backlog: settings.backlog }, address, settings.signal)
  server.on('error', cause => parts.onRejected(acceptError(cause, address)))
  const bound = server.address() as AddressInfo | string | null
  return {
    port: bound !== null && typeof bound === 'object' ? bound.port : 0,
    close: () => closeServer(server),
  }
}

function admit(server: Server, parts: SocketListenerParts): void {
  const { open = adoptSocket, address, settings } = parts
  const admission = new Admission(address.text, settings)
  server.on('connection', accepted => {
    let socket = accepted
    try {
      const reads = open(accepted)
      socket = reads.socket
      const place = admission.enter({ ip: socket.remoteAddress, remoteAddress: parts.peerOf(socket) })
      socket.once('close', () => place.leave())
      parts.onSocket(reads, place)
    } catch (error) {
      socket.on('error', ignore)
      const peer = parts.peerOf(socket)
      parts.turnAway(socket)
      const why = asConnectError(error, ConnectErrorCode.CONNECTION_FAILED, `accepting on ${address.text}`)
      parts.onRejected(peer === undefined ? why : rejectionOf(why, peer))
    }
  })
}

function listening(
  server: Server,
  target: NetListenOptions,
  address: Address,
  signal: AbortSignal | undefined,
): Promise<void> {
  const what = `listening on ${address.text}`
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(aborted(what, signal.reason))
      return
    }
    const onAbort = (): void => {
      // In a worker of a cluster, it may begin to listen after that.
      server.close().once('listening', () => server.close())
      reject(aborted(what, signal?.reason))
    }
    signal?.addEventListener('abort', onAbort)
    const fail = (cause: unknown): void => {
      signal?.removeEventListener('abort', onAbort)
      reject(asConnectError(cause, ConnectErrorCode.LISTEN_FAILED, what))
    }
    server.once('error', fail)
    try {
      server.listen(target, () => {
        signal?.removeEventListener('abort', onAbort)
        server.removeAllListeners('error')
        resolve()
      })
    } catch (error) {
      fail(error)
    }
  })
}

/** An error of `accept` concerns one peer, or the descriptors of the moment; the server goes on. */
function acceptError(cause: Error, address: Address): ConnectError {
  const full = ['EMFILE', 'ENFILE'].includes(codeOf(cause))
  return new ConnectError(
    full ? ConnectErrorCode.LISTENER_FULL : ConnectErrorCode.CONNECTION_FAILED,
    `accepting on ${address.text} failed: ${cause.message}`,
    { cause },
  )
}

/** The address is free as soon as this returns. Node's own callback would wait for every connection to end. */
async function closeServer(server: Server): Promise<void> {
  server.close()
}

function ignore(): void {}
