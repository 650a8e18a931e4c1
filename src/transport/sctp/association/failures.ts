import { ConnectError, ConnectErrorCode } from '../../../errors.ts'
import { type Cause, describeCauses } from '../wire/causes.ts'

/** How an association fails, in the words of the user's errors. */

/** What an ABORT without a cause means, by when it comes. */
const silentAborts = {
  /** As the answer to INIT. */
  beginning: 'the peer refused the association and gave no reason; mostly, nobody listens on its SCTP port',
  /** The tag of the ABORT is that of what it answers (RFC 9260, section 8.4). */
  unknown: 'the peer knows nothing of the association; it may have been restarted',
  established: 'the peer aborted the association and gave no reason',
} as const

export function abortedByPeer(causes: readonly Cause[], when: keyof typeof silentAborts): ConnectError {
  const message =
    causes.length === 0 ? silentAborts[when] : `the peer aborted the association: ${describeCauses(causes)}`
  return new ConnectError(ConnectErrorCode.CONNECTION_RESET, message)
}

export function staleCookies(): ConnectError {
  const message = 'the peer finds each of its cookies too old'
  return new ConnectError(ConnectErrorCode.CONNECTION_RESET, message)
}

export function refused(cause: Error): ConnectError {
  const message = `nobody answers at the peer's UDP port: ${cause.message}`
  return new ConnectError(ConnectErrorCode.CONNECTION_RESET, message, { cause })
}

export function peerRestarted(): ConnectError {
  return new ConnectError(
    ConnectErrorCode.CONNECTION_RESET,
    'the peer has restarted and lost the association',
  )
}

export function unreachable(attempts: number): ConnectError {
  const message = `the peer is unreachable: ${attempts} ${attempts === 1 ? 'packet' : 'packets in a row'} without an answer`
  return new ConnectError(ConnectErrorCode.CONNECTION_RESET, message)
}

/** The user has given memory away that was still to be sent, or sent again. */
export function transferred(): ConnectError {
  return new ConnectError(
    ConnectErrorCode.INVALID_ARGUMENT,
    'data was transferred away before it was flushed',
  )
}

export function violation(what: string): ConnectError {
  const message = `the peer broke the rules of SCTP: ${what}`
  return new ConnectError(ConnectErrorCode.PROTOCOL_VIOLATION, message)
}

/** The peer has ended its direction for good, and no longer takes data. */
export function notAnswered(): ConnectError {
  const message = 'the peer never confirmed the end of the association'
  return new ConnectError(ConnectErrorCode.CONNECTION_RESET, message)
}
