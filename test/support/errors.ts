import assert from 'node:assert/strict'
import { ConnectError, type ConnectErrorCode } from '../../src/index.ts'
import { within } from './waiting.ts'

/** The rejection of the promise, which must be a ConnectError with one of these codes. */
export async function failure(
  promise: Promise<unknown>,
  ...codes: ConnectErrorCode[]
): Promise<ConnectError> {
  try {
    await within(promise, `a rejection with ${codes.join(' or ')}`)
  } catch (error) {
    return connectError(error, ...codes)
  }
  assert.fail(`fulfilled instead of rejecting with ${codes.join(' or ')}`)
}

/** The error, which must be a ConnectError with one of these codes, or with any if none is given. */
export function connectError(error: unknown, ...codes: ConnectErrorCode[]): ConnectError {
  if (!(error instanceof ConnectError)) throw error
  if (codes.length === 0 || codes.includes(error.code)) return error
  assert.fail(`${error.code} instead of ${codes.join(' or ')}: ${error.message}`)
}

/** The error that the call throws, which must be a ConnectError with this code. */
export function thrown(call: () => unknown, code: ConnectErrorCode): ConnectError {
  try {
    call()
  } catch (error) {
    return connectError(error, code)
  }
  assert.fail(`returned instead of throwing ${code}`)
}

/** What a reader may throw when the peer broke the connection off, without sessions. */
export const BROKEN = ['CONNECTION_RESET', 'STREAM_TRUNCATED'] as const

/** That `actual` tells of the failure that `expected` tells of: each call that fails has an error of its own. */
export function assertAgain(actual: unknown, expected: ConnectError): void {
  const error = connectError(actual, expected.code)
  assert.equal(Object.getPrototypeOf(error), Object.getPrototypeOf(expected))
  assert.equal(error.message, expected.message)
  assert.equal(error.cause, expected.cause)
}

/** The same, for `assert.rejects` and `assert.throws`. */
export function again(expected: ConnectError): (actual: unknown) => true {
  return actual => {
    assertAgain(actual, expected)
    return true
  }
}
