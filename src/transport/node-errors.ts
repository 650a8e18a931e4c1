import { ConnectError, ConnectErrorCode, rejectionOf } from '../errors.ts'
import { handshakeWords, type Peer } from './handshake-words.ts'

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

/**
 * OpenSSL's alerts that refuse a certificate, as Node names them, and its reasons for refusing one itself. `UNSPECIFIED`
 * is a reason that Node has no name for.
 */
const certificateCode =
  /^ERR_SSL_.*(CERTIFICATE|UNKNOWN_CA|CERT_|_KEY_TOO_SMALL|_MD_TOO_WEAK)|^ERR_TLS_CERT_|^(CERT|CRL|UNABLE_TO|ERROR_IN_CERT|ERROR_IN_CRL|DEPTH_ZERO|SELF_SIGNED|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|HOSTNAME_MISMATCH|IP_ADDRESS_MISMATCH|UNSPECIFIED$)/

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
  if (certificateCode.test(code)) {
    return failedHandshake(cause, { address: 'the peer', peer: 'peer', protocol: 'TLS' })
  }
  return new ConnectError(ConnectErrorCode.CONNECTION_FAILED, `connection failed: ${reasonOf(cause)}`, {
    cause,
  })
}

/** An error before the handshake with a server was done. */
export function handshakeError(cause: Error, server: string, protocol = 'TLS'): ConnectError {
  return failedHandshake(cause, { address: server, peer: 'server', protocol })
}

/** An error before the handshake with a client was done, for `onRejected`; `client` is its address, if it is known. */
export function rejectedHandshake(cause: Error, client: string | undefined, protocol = 'TLS'): ConnectError {
  const error = failedHandshake(cause, { address: client ?? 'a client', peer: 'client', protocol })
  return client === undefined ? error : rejectionOf(error, client)
}

interface Handshake {
  readonly address: string
  readonly peer: Peer
  readonly protocol: string
}

/** A certificate may have been refused by either end: OpenSSL's reasons of this end are no errors of `ERR_SSL_`. */
function failedHandshake(cause: Error, { address, peer, protocol }: Handshake): ConnectError {
  const code = codeOf(cause)
  const isOverCertificate = certificateCode.test(code)
  const whose = code.startsWith('ERR_SSL_') ? 'a' : `the ${peer}'s`
  const failed = isOverCertificate ? `failed over ${whose} certificate` : 'failed'
  const words = handshakeWords(code, peer)
  const why = words === undefined ? reasonOf(cause) : `${words} (${reasonOf(cause)})`
  return new ConnectError(
    isOverCertificate ? ConnectErrorCode.CERTIFICATE_REJECTED : ConnectErrorCode.HANDSHAKE_FAILED,
    `${protocol} handshake with ${address} ${failed}: ${why}`,
    { cause },
  )
}

/** OpenSSL's words without its numbers and source lines, where Node has set them apart. */
export function reasonOf(error: Error): string {
  const reason = (error as { reason?: unknown }).reason
  return typeof reason === 'string' ? reason : error.message
}

/**
 * The error of a socket that is connected to itself. Where nobody listens on a local port, and the operating system
 * picks the same one for this end, a TCP socket meets its own SYN (simultaneous open, RFC 9293, section 3.5).
 */
export function selfError(port: number): Error {
  return new Error(`nobody listens on port ${port}: the socket was connected to itself`)
}
