import { ConnectError, ConnectErrorCode } from '../errors.ts'

/** Errors of the operating system that mean: the peer, or the way to it, is gone. */
const broken = new Set([
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
])

/** OpenSSL's alerts that refuse a certificate, as Node names them, and its reasons for refusing one itself. */
const certificateCode =
  /^ERR_SSL_.*(CERTIFICATE|UNKNOWN_CA|CERT_)|^ERR_TLS_CERT_|^(CERT|CRL|UNABLE_TO|ERROR_IN_CERT|ERROR_IN_CRL|DEPTH_ZERO|SELF_SIGNED|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|HOSTNAME_MISMATCH|IP_ADDRESS_MISMATCH)/

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

/** An error of a connection that was up. */
export function streamError(cause: Error): ConnectError {
  if (cause instanceof ConnectError) return cause
  const code = codeOf(cause)
  if (broken.has(code)) {
    return new ConnectError(ConnectErrorCode.CONNECTION_RESET, `connection was broken: ${cause.message}`, {
      cause,
    })
  }
  // In TLS 1.3 a server refuses the client's certificate only after the client has finished (RFC 8446, section 4.4.2.4).
  if (certificateCode.test(code)) return certificateError(cause, 'the peer')
  return new ConnectError(ConnectErrorCode.CONNECTION_FAILED, `connection failed: ${cause.message}`, {
    cause,
  })
}

/** An error before the handshake was done; `peer` names whom it was done with. */
export function handshakeError(cause: Error, peer: string, protocol = 'TLS'): ConnectError {
  if (certificateCode.test(codeOf(cause))) return certificateError(cause, peer, protocol)
  return new ConnectError(
    ConnectErrorCode.HANDSHAKE_FAILED,
    `${protocol} handshake with ${peer} failed: ${reasonOf(cause)}`,
    { cause },
  )
}

/** A certificate was refused, by either end. */
export function certificateError(cause: Error, peer: string, protocol = 'TLS'): ConnectError {
  return new ConnectError(
    ConnectErrorCode.CERTIFICATE_REJECTED,
    `${protocol} handshake with ${peer} failed over a certificate: ${reasonOf(cause)}`,
    { cause },
  )
}

/** OpenSSL's words without its numbers and source lines, where Node has set them apart. */
export function reasonOf(error: Error): string {
  const reason = (error as { reason?: unknown }).reason
  return typeof reason === 'string' ? reason : error.message
}
