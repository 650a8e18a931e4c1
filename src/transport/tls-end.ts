import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { getSystemErrorName } from 'node:util'
import { ConnectError, ConnectErrorCode } from '../errors.ts'

/** What Node's sockets have inside and do not document, as Node 20 to 26 have it. */
interface Handle {
  /** Whether Node's own code has told it to read. */
  reading: boolean
  /** 0, or a negative error number. */
  readStart(): number
  readStop(): number
}

/** A socket that TLS is to be spoken over, and whether its end has to be told. */
interface Checked {
  readonly socket: Socket
  readonly requireCloseNotify: boolean
}

/** @throws ConnectError `HANDSHAKE_FAILED` if this runtime's sockets do not answer as {@link hasEnded} expects */
export function checkThatEndsAreTold({ socket, requireCloseNotify }: Checked): void {
  if (!requireCloseNotify) return
  const handle = handleOf(socket)
  if (handle !== undefined && answersTwice(handle) && answersTwice(handle)) return
  throw new ConnectError(
    ConnectErrorCode.HANDSHAKE_FAILED,
    'this runtime does not tell a TLS stream that was cut from one that has ended; set tls.requireCloseNotify to false to accept that',
  )
}

/**
 * Whether the TCP stream under a TLS socket has ended, asked in the moment in which the TLS socket ends.
 *
 * Node shows the end of the TCP stream and the `close_notify` alert as the same end, though only the alert proves that
 * nothing is missing (RFC 8446, section 6.1). They differ underneath. libuv stops reading at the end of the TCP stream,
 * before it tells anybody; at the alert, which is data to it, it is still reading. A second order to start reading is
 * answered by `EALREADY` in that case, and by 0 in the other. Any other answer counts as the end.
 *
 * @param mayHaveStopped whether Node's stream was full, and this runtime says when it reads
 */
export function hasEnded(socket: Socket, tlsSocket: TLSSocket, mayHaveStopped: boolean): boolean {
  // Where reading was stopped on purpose, the TCP stream cannot have ended: nobody looks.
  if (mayHaveStopped && handleOf(tlsSocket)?.reading === false) return false
  const handle = handleOf(socket)
  if (handle !== undefined && startReading(handle) === 'EALREADY') return false
  handle?.readStop()
  return true
}

/** Whether Node says that a socket is being read. At the end of a handshake, it is. */
export function isReading(socket: Socket): boolean {
  return handleOf(socket)?.reading === true
}

/** Whether a second order to read is told from the first. */
function answersTwice(handle: Handle): boolean {
  const told = startReading(handle) === 0 && startReading(handle) === 'EALREADY'
  handle.readStop()
  return told
}

function startReading(handle: Handle): 0 | string {
  const status = handle.readStart()
  return status === 0 ? 0 : getSystemErrorName(status)
}

function handleOf(socket: Socket): Handle | undefined {
  const handle = (socket as unknown as { _handle?: Partial<Handle> | null })._handle
  return typeof handle?.readStart === 'function' ? (handle as Handle) : undefined
}
