import { ConnectError, ConnectErrorCode } from '../index.ts'
import { ExitCode } from './exit-codes.ts'

/** Codes of failures that are the program's own; all others are those of `ConnectError`. */
export const CliErrorCode = {
  /** The command line cannot be understood. */
  USAGE: 'USAGE',
  /** A file that was named cannot be read or written. */
  FILE_FAILED: 'FILE_FAILED',
  /** `send`: the receiver has ended the connection and something was left to send. */
  PEER_ENDED: 'PEER_ENDED',
  /** `listen`: a peer has sent more than `--count` takes; `echo`: more than was sent back before it was stopped. */
  NOT_TAKEN: 'NOT_TAKEN',
  /** `ping`: nothing came back in time. */
  NO_ANSWER: 'NO_ANSWER',
  /** `ping`: what came back is not what was sent. */
  WRONG_ANSWER: 'WRONG_ANSWER',
  /** Whoever read the program's output has gone, as `head` does. Never reported. */
  OUTPUT_CLOSED: 'OUTPUT_CLOSED',
} as const

export type CliErrorCode = (typeof CliErrorCode)[keyof typeof CliErrorCode]

export class CliError extends Error {
  readonly code: CliErrorCode

  constructor(code: CliErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

export function usageError(message: string): CliError {
  return new CliError(CliErrorCode.USAGE, message)
}

/** @param missing what the error means if it is `ENOENT`, in words */
export function fileError(what: string, cause: unknown, missing = 'there is no such file'): CliError {
  const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
  const why = isMissing ? missing : messageOf(cause)
  return new CliError(CliErrorCode.FILE_FAILED, `${what}: ${why}`, { cause })
}

/** Codes that mean that the caller, not the network, has to change something. */
const wrongUsage: ReadonlySet<string> = new Set([
  CliErrorCode.USAGE,
  ConnectErrorCode.INVALID_ARGUMENT,
  ConnectErrorCode.INVALID_OPTION,
  ConnectErrorCode.INVALID_ADDRESS,
])

export function exitCodeOf(error: unknown): ExitCode {
  const code = codeOf(error)
  if (code === CliErrorCode.OUTPUT_CLOSED) return ExitCode.DONE
  return wrongUsage.has(code) ? ExitCode.USAGE : ExitCode.FAILED
}

export function codeOf(error: unknown): string {
  return error instanceof CliError || error instanceof ConnectError ? error.code : 'UNEXPECTED'
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
