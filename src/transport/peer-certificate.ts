import type { PeerCertificate as NodeCertificate } from 'node:tls'
import type { PeerCertificate } from './tls-info.ts'

/** A certificate as Node describes it, in our words. */
export function toPeerCertificate(certificate: NodeCertificate): PeerCertificate {
  return {
    subject: { ...certificate.subject } as unknown as PeerCertificate['subject'],
    issuer: { ...certificate.issuer } as unknown as PeerCertificate['issuer'],
    subjectAltName: certificate.subjectaltname,
    validFrom: new Date(certificate.valid_from),
    validTo: new Date(certificate.valid_to),
    fingerprint256: certificate.fingerprint256,
    serialNumber: certificate.serialNumber,
    raw: new Uint8Array(certificate.raw),
  }
}
