import {
  createSecureContext,
  type PeerCertificate as NodeCertificate,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls'
import { optionError } from '../option-rules.ts'
import type { ConnectionSettings, Pem, TlsConnectOptions, TlsListenOptions } from '../options.ts'
import type { ByteStream } from './byte-stream.ts'
import { reasonOf } from './node-errors.ts'
import { EventReads } from './socket-reads.ts'
import { resetSocket, watchHalfOpen } from './socket-reset.ts'
import { SocketStream } from './socket-stream.ts'
import { failWithoutCloseNotify, type TlsCarrier } from './tls-carrier.ts'
import type { PeerCertificate, TlsInfo } from './tls-info.ts'

/** TLS options in Node's words. */
export interface NodeTlsOptions extends SecureContextOptions {
  ALPNProtocols?: string[]
}

/**
 * Puts the options into Node's words.
 *
 * @throws ConnectError `INVALID_OPTION` if OpenSSL cannot read a certificate or a key, or they do not belong together
 */
export function nodeTlsOptions(tls: TlsConnectOptions | TlsListenOptions): NodeTlsOptions {
  const options: NodeTlsOptions = { minVersion: tls.minVersion ?? 'TLSv1.2' }
  if (tls.ca !== undefined) options.ca = nodePem(tls.ca)
  // One text: Node would take a list for several certificates, each with a key of its own.
  if (tls.cert !== undefined) options.cert = nodePem(tls.cert).join('\n')
  if (tls.key !== undefined) options.key = nodePem(tls.key)
  if (tls.passphrase !== undefined) options.passphrase = tls.passphrase
  try {
    createSecureContext(options)
  } catch (cause) {
    throw optionError(culprit(options), `cannot be used: ${reasonOf(cause as Error)}`, cause)
  }
  if (tls.alpnProtocols !== undefined) options.ALPNProtocols = [...tls.alpnProtocols]
  return options
}

/** Which option it is that OpenSSL does not take. */
function culprit({ ca, cert, key, passphrase }: SecureContextOptions): string {
  if (!usable({ ca })) return 'tls.ca'
  if (!usable({ cert })) return 'tls.cert'
  return usable({ key, passphrase }) ? 'tls.key (it does not belong to tls.cert)' : 'tls.key'
}

function usable(options: SecureContextOptions): boolean {
  try {
    createSecureContext(options)
    return true
  } catch {
    return false
  }
}

/** A byte stream over a TLS socket whose handshake is done. */
export function secureStream(
  tlsSocket: TLSSocket,
  carrier: TlsCarrier,
  settings: ConnectionSettings,
): ByteStream {
  const { socket } = carrier
  carrier.handshakeDone()
  failWithoutCloseNotify(tlsSocket, carrier)
  return new SocketStream({
    reads: new EventReads(tlsSocket),
    ...carrier.addresses,
    tls: tlsInfoOf(tlsSocket),
    reset: () => resetSocket(socket),
    onEnd(confirmed) {
      confirmed()
      watchHalfOpen(socket, settings)
    },
  })
}

function nodePem(pem: Pem): string[] {
  const parts = typeof pem === 'string' || pem instanceof Uint8Array ? [pem] : pem
  return parts.map(part => (typeof part === 'string' ? part : new TextDecoder().decode(part)))
}

function tlsInfoOf(tlsSocket: TLSSocket): TlsInfo {
  const certificate = tlsSocket.getPeerCertificate(false)
  return {
    protocol: tlsSocket.getProtocol() ?? '',
    cipher: tlsSocket.getCipher().standardName,
    alpnProtocol: tlsSocket.alpnProtocol || undefined,
    peerCertificate: certificate?.raw === undefined ? undefined : toPeerCertificate(certificate),
  }
}

function toPeerCertificate(certificate: NodeCertificate): PeerCertificate {
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
