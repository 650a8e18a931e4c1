import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { printable } from './printable.ts'

/** The code of Node's own check, whose callers know it. */
export const WRONG_NAME = 'ERR_TLS_CERT_ALTNAME_INVALID'

/** The common name is not looked at, and `*` stands for one whole label (RFC 9525, sections 2 and 6.3). */
const CHECK = { subject: 'never', partialWildcards: false } as const

/**
 * Whether a certificate, DER, is for a host name or an IP address. It must be among its alternative names, by RFC 9525:
 * Node's own check takes the common name where there are none, and wildcards such as `f*o.example`.
 *
 * Node calls this inside its handshake, so it never throws.
 */
export function checkIdentity(name: string, certificate: Uint8Array | undefined): Error | undefined {
  try {
    if (certificate === undefined) return wrongName('the server showed no certificate')
    const parsed = new X509Certificate(certificate)
    if (isFor(parsed, name.replace(/\.$/, ''))) return undefined
    const names = printable(parsed.subjectAltName ?? 'no name')
    return wrongName(`the certificate is not for ${printable(name)}; it is for ${names}`)
  } catch (cause) {
    return wrongName(`the certificate cannot be checked for ${printable(name)}`, cause)
  }
}

function isFor(certificate: X509Certificate, name: string): boolean {
  if (isIP(name) !== 0) return certificate.checkIP(name) !== undefined
  // OpenSSL takes a name that begins with a dot for all below it.
  return !name.startsWith('.') && certificate.checkHost(name, CHECK) !== undefined
}

function wrongName(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { code: WRONG_NAME })
}
