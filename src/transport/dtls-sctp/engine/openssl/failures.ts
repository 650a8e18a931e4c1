import { DtlsFailure } from '../dtls-engine.ts'
import type { OpenSslFunctions } from './functions.ts'

/** `X509_V_ERR_`: why a certificate was refused, by the names that Node gives. */
const certificateErrors: Readonly<Record<number, string>> = {
  2: 'UNABLE_TO_GET_ISSUER_CERT',
  4: 'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
  6: 'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
  7: 'CERT_SIGNATURE_FAILURE',
  9: 'CERT_NOT_YET_VALID',
  10: 'CERT_HAS_EXPIRED',
  13: 'ERROR_IN_CERT_NOT_BEFORE_FIELD',
  14: 'ERROR_IN_CERT_NOT_AFTER_FIELD',
  18: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  19: 'SELF_SIGNED_CERT_IN_CHAIN',
  20: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  21: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  22: 'CERT_CHAIN_TOO_LONG',
  23: 'CERT_REVOKED',
  25: 'PATH_LENGTH_EXCEEDED',
  26: 'INVALID_PURPOSE',
  27: 'CERT_UNTRUSTED',
  28: 'CERT_REJECTED',
  62: 'HOSTNAME_MISMATCH',
  64: 'IP_ADDRESS_MISMATCH',
  79: 'INVALID_CA',
}

/** Takes the oldest error from OpenSSL's queue, and empties it. */
export function takeError(ssl: OpenSslFunctions): DtlsFailure {
  const code: number | bigint = ssl.ERR_get_error()
  ssl.ERR_clear_error()
  const reason = BigInt(code) === 0n ? null : (ssl.ERR_reason_error_string(code) as string | null)
  const text = reason ?? 'OpenSSL gives no reason'
  return new DtlsFailure(`ERR_SSL_${text.toUpperCase().replaceAll(' ', '_')}`, text)
}

/** Why a certificate of the peer's was refused by this end. */
export function certificateFailure(ssl: OpenSslFunctions, result: number): DtlsFailure {
  const reason = ssl.X509_verify_cert_error_string(result) as string
  return new DtlsFailure(certificateErrors[result] ?? `CERT_ERROR_${result}`, reason)
}

/** Whether the peer has said no more than that the handshake has failed. */
export function isHandshakeAlert({ code }: DtlsFailure): boolean {
  return code.endsWith('_ALERT_HANDSHAKE_FAILURE')
}

/** What such an alert means to a client without a certificate; TLS 1.3 has an alert of its own for it. */
export function missingCertificate({ message }: DtlsFailure): DtlsFailure {
  const reason = `${message}: the server asks for a certificate, and tls.cert is not set`
  return new DtlsFailure('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', reason)
}
