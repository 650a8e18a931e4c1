import { ConnectError, ConnectErrorCode } from '../errors.ts'

/** The error for a time limit that was passed. */
export function timeout(which: 'FRAME' | 'IDLE' | 'CLOSE', message: string): ConnectError {
  return new ConnectError(ConnectErrorCode[`${which}_TIMEOUT`], message)
}
