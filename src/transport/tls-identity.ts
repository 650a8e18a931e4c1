import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'

/** Node's own check, but for addresses, which some versions of it get wrong (IPv6 on Node 22.23). */
export function checkIdentity(name: string, certificate: PeerCertificate): Error | undefined {
  if (isIP(name) === 0) return checkServerIdentity(name, certificate)
  if (new X509Certificate(certificate.raw).checkIP(name) !== undefined) return undefined
  const error = new Error(
    `the certificate is not for ${name}; it is for ${certificate.subjectaltname ?? 'no name'}`,
  )
  return Object.assign(error, { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
}
