import { ConnectError, ConnectErrorCode } from '../../../errors.ts'
import { type Cause, describeCauses } from '../wire/causes.ts'

/** How an association fails, in the words of the user's errors. */

export function abortedByPeer(causes: readonly Cause[]): ConnectError {
  const why = describeCauses(causes)
  return new ConnectError(ConnectErrorCode.CONNECTION_RESET, `the peer aborted the association: ${why}`)
}

export function peerRestarted(): ConnectError {
  return new ConnectError(
    ConnectErrorCode.CONNECTION_RESET,
    'the peer has restarted and lost the association',
  )
}

export function unreachable(attempts: number): ConnectError {
  const message = `the peer is unreachable: ${attempts} transmissions in a row were not answered`
  return new ConnectError(ConnectErrorCode.CONNECTION_RESET, message)
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
