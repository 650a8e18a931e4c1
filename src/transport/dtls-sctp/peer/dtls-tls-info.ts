import { X509Certificate } from 'node:crypto'
import { toPeerCertificate } from '../../peer-certificate.ts'
import type { TlsInfo } from '../../tls-info.ts'
import type { DtlsInfo } from '../engine/dtls-engine.ts'

/** What the handshake of a DTLS connection has shown. */
export function tlsInfoOf(info: DtlsInfo): TlsInfo {
  const { protocol, cipher, alpnProtocol, certificate } = info
  return {
    protocol,
    cipher,
    alpnProtocol,
    peerCertificate: certificate && toPeerCertificate(new X509Certificate(certificate).toLegacyObject()),
  }
}
