import { DtlsFailure } from '../dtls-engine.ts'
import type { OpenSslFunctions } from './functions.ts'

/** `X509_V_ERR_`: why a certificate was refused, by the names that Node gives; it calls all others `UNSPECIFIED`. */
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

/** `ERR_LIB_SSL`, and where the number of a library lies in an error. */
const SSL_LIBRARY = 20n
const LIBRARY_SHIFT = 23n
const LIBRARY_MASK = 0xffn

/**
 * Empties OpenSSL's queue of errors. What the library of TLS says comes before what its helpers, such as RSA, have met
 * with on the way; without it, the oldest counts.
 */
export function takeError(ssl: OpenSslFunctions): DtlsFailure {
  const codes = takeAll(ssl)
  const code = codes.find(each => ((each >> LIBRARY_SHIFT) & LIBRARY_MASK) === SSL_LIBRARY) ?? codes[0]
  const reason = code === undefined ? null : (ssl.ERR_reason_error_string(code) as string | null)
  const text = reason ?? 'OpenSSL gives no reason'
  return new DtlsFailure(`ERR_SSL_${text.toUpperCase().replaceAll(' ', '_')}`, text)
}

/** After a call that answers 1 when all is well. @throws DtlsFailure */
export function check(ssl: OpenSslFunctions, result: number): void {
  if (result <= 0) throw takeError(ssl)
}

/** The oldest first; the queue has room for sixteen. */
function takeAll(ssl: OpenSslFunctions): bigint[] {
  const codes: bigint[] = []
  for (;;) {
    const code = BigInt(ssl.ERR_get_error() as number | bigint)
    if (code === 0n) return codes
    codes.push(code)
  }
}

/** Why a certificate of the peer's was refused by this end. */
export function certificateFailure(ssl: OpenSslFunctions, result: number): DtlsFailure {
  const reason = ssl.X509_verify_cert_error_string(result) as string
  return new DtlsFailure(certificateErrors[result] ?? 'UNSPECIFIED', reason)
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
