import { ConnectError, ConnectErrorCode } from '../errors.ts'
import { SIZE_BYTES, SIZE_OVERHEAD, VERSION, VERSION_BYTES } from './format.ts'
import { otherProtocolAt } from './other-protocols.ts'

/** What the control frames of sessions have, which no plain connection takes. */
const SESSION_VERSION = 2

/** Writes the 8 header bytes of a frame to `target[at...]`. */
export function writeHeader(target: Uint8Array, at: number, recipient: number, dataBytes: number): void {
  const size = dataBytes + SIZE_OVERHEAD
  target[at] = size >>> 24
  target[at + 1] = size >>> 16
  target[at + 2] = size >>> 8
  target[at + 3] = size
  target[at + 4] = VERSION >>> 8
  target[at + 5] = VERSION
  target[at + 6] = recipient >>> 8
  target[at + 7] = recipient
}

/**
 * Checks the 8 header bytes at `bytes[at...]`; returns the number of data bytes that they announce.
 *
 * @throws ConnectError `FRAME_SIZE_INVALID` if that is none, or more than `maxDataBytes`; `VERSION_UNSUPPORTED`
 */
export function checkHeader(bytes: Uint8Array, at: number, maxDataBytes: number): number {
  const dataBytes = checkedDataBytes(bytes, at, maxDataBytes)
  checkVersion(bytes, at)
  return dataBytes
}

/** Checks as much of a header as its first `length` bytes hold, from 0 to 8. */
export function checkPartialHeader(header: Uint8Array, length: number, maxDataBytes: number): void {
  if (length >= SIZE_BYTES) checkedDataBytes(header, 0, maxDataBytes)
  if (length >= SIZE_BYTES + VERSION_BYTES) checkVersion(header, 0)
}

function checkedDataBytes(bytes: Uint8Array, at: number, maxDataBytes: number): number {
  const size = readSize(bytes, at)
  const dataBytes = size - SIZE_OVERHEAD
  if (dataBytes < 1 || dataBytes > maxDataBytes)
    throw sizeError(size, maxDataBytes, otherProtocolAt(bytes, at))
  return dataBytes
}

function checkVersion(bytes: Uint8Array, at: number): void {
  const version = (bytes[at + 4]! << 8) | bytes[at + 5]!
  if (version !== VERSION) throw versionError(version)
}

export function readRecipient(bytes: Uint8Array, at: number): number {
  return (bytes[at + 6]! << 8) | bytes[at + 7]!
}

function readSize(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

function sizeError(size: number, maxDataBytes: number, other: string | undefined): ConnectError {
  const message =
    size <= SIZE_OVERHEAD
      ? `frame size is ${size}; the least is ${SIZE_OVERHEAD + 1}`
      : `frame announces ${size - SIZE_OVERHEAD} bytes of data (size ${size}); the limit is ${maxDataBytes}`
  return new ConnectError(
    ConnectErrorCode.FRAME_SIZE_INVALID,
    other === undefined ? message : `${message}; ${other}`,
  )
}

function versionError(version: number): ConnectError {
  const message = `frame version is ${version}; only ${VERSION} is supported`
  return new ConnectError(
    ConnectErrorCode.VERSION_UNSUPPORTED,
    version === SESSION_VERSION ? `${message}. The peer may have set session; set it at both ends` : message,
  )
}
