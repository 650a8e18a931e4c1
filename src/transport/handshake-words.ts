/** Who is at the other end. */
export type Peer = 'client' | 'server' | 'peer'

/** What the peer says by an alert (RFC 8446, section 6.2), by OpenSSL's name of it. */
const alerts: Readonly<Record<string, string>> = {
  BAD_CERTIFICATE: 'refused our certificate: not readable, not for the name, or wrongly signed',
  UNSUPPORTED_CERTIFICATE: 'refused our certificate: of a kind that it does not take',
  CERTIFICATE_REVOKED: 'refused our certificate: revoked',
  CERTIFICATE_EXPIRED: 'refused our certificate: certificate expired, or not valid yet',
  CERTIFICATE_UNKNOWN: 'refused our certificate for a reason that it does not name',
  UNKNOWN_CA: 'refused our certificate: unknown authority',
  ACCESS_DENIED: 'refused our certificate: access denied',
  CERTIFICATE_REQUIRED: 'asks for a certificate, and got none',
  NO_CERTIFICATE: 'has no certificate to show',
  HANDSHAKE_FAILURE: 'finds nothing acceptable in what this end offers, or misses a certificate',
  PROTOCOL_VERSION: 'takes none of the protocol versions of this end',
  INSUFFICIENT_SECURITY: 'asks for stronger cipher suites than this end has',
  NO_APPLICATION_PROTOCOL: 'takes none of the application protocols (ALPN) of this end',
  UNRECOGNIZED_NAME: 'does not know the server name that it was asked for',
  DECRYPT_ERROR: 'could not verify what this end has signed',
  INTERNAL_ERROR: 'has failed inside',
  USER_CANCELLED: 'has given up the handshake',
}

/** What this end finds, by OpenSSL's name of it. */
const findings: Readonly<Record<string, string>> = {
  PEER_DID_NOT_RETURN_A_CERTIFICATE: 'showed no certificate',
  HTTP_REQUEST: 'speaks HTTP without TLS',
  HTTPS_PROXY_REQUEST: 'speaks HTTP without TLS',
  WRONG_VERSION_NUMBER: 'does not speak TLS: is it a plain tcp: peer?',
  UNSUPPORTED_PROTOCOL: 'offers none of the protocol versions of this end',
  NO_SHARED_CIPHER: 'offers none of the cipher suites of this end',
  NO_APPLICATION_PROTOCOL: 'offers none of the application protocols (ALPN) of this end',
}

const ALERT = /^(?:SSLV3|TLSV1|TLSV13|SSL\/TLS)_(?:ALERT_)?(\w+)$/

/**
 * Why a handshake has failed, in words; undefined if OpenSSL's say it as well.
 *
 * @param code of the error, such as `ERR_SSL_TLSV1_ALERT_UNKNOWN_CA`
 */
export function handshakeWords(code: string, peer: Peer): string | undefined {
  const name = code.replace(/^ERR_SSL_/, '')
  const alert = ALERT.exec(name)?.[1]
  const words = alert === undefined ? findings[name] : alerts[alert]
  return words && `the ${peer} ${words}`
}
