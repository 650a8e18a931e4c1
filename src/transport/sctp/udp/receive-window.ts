import { isLoopback } from './link-mtu.ts'

/** What is advertised, where the way to the peer has room for it. */
const WINDOW_BYTES = 1024 * 1024

/**
 * Receive window to advertise to a peer. On loopback nothing but the socket's own buffer holds what is on its way: no
 * more is invited than it has room for, its overhead for each datagram included.
 *
 * @param peerAddress IP address
 */
export function receiveWindowBytes(peerAddress: string, receiveBufferBytes: number): number {
  if (!isLoopback(peerAddress)) return WINDOW_BYTES
  return Math.min(WINDOW_BYTES, Math.max(65_536, receiveBufferBytes / 4))
}
