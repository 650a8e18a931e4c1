import type { Socket } from 'node:net'
import { ConnectError, ConnectErrorCode } from '../errors.ts'
import { formatAddress } from './address.ts'

export interface SocketAddresses {
  readonly localAddress: string
  readonly remoteAddress: string
}

/**
 * The addresses of a socket that is connected.
 *
 * @throws ConnectError `CONNECTION_RESET` if the peer has broken the connection already: it then has none
 */
export function addressesOf(scheme: string, socket: Socket): SocketAddresses {
  const { localAddress, localPort, remoteAddress, remotePort } = socket
  if (
    localAddress === undefined ||
    localPort === undefined ||
    remoteAddress === undefined ||
    remotePort === undefined
  ) {
    throw new ConnectError(
      ConnectErrorCode.CONNECTION_RESET,
      'the peer broke the connection before it was accepted',
    )
  }
  return {
    localAddress: formatAddress(scheme, localAddress, localPort),
    remoteAddress: formatAddress(scheme, remoteAddress, remotePort),
  }
}

/** Who is at the other end; undefined if the peer has broken the connection already. */
export function peerOf(scheme: string, { remoteAddress, remotePort }: Socket): string | undefined {
  if (remoteAddress === undefined || remotePort === undefined) return undefined
  return formatAddress(scheme, remoteAddress, remotePort)
}
