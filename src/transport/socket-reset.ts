import type { Socket } from 'node:net'

/**
 * Breaks a TCP connection with a reset (RFC 9293, section 3.10.7), so that the peer gets an error and not an end.
 *
 * While the end of this direction is on its way to the operating system, libuv refuses to reset, and Node then never
 * closes the socket. That takes a turn of the event loop at most, so we wait for it.
 */
export function resetSocket(socket: Socket): void {
  const ending = socket.writableEnded && !socket.writableFinished && socket.writableLength === 0
  if (ending && !socket.destroyed) socket.once('finish', () => socket.resetAndDestroy())
  else socket.resetAndDestroy()
}
