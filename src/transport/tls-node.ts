import type { Socket } from 'node:net'
import {
  createSecureContext,
  type PeerCertificate as NodeCertificate,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls'
import { ConnectError, ConnectErrorCode } from '../errors.ts'
import { optionError } from '../option-rules.ts'
import type { ConnectionSettings, Pem, TlsConnectOptions, TlsListenOptions } from '../options.ts'
import type { ByteStream } from './byte-stream.ts'
import { reasonOf } from './node-errors.ts'
import { addressesOf, type SocketAddresses } from './socket-addresses.ts'
import { resetSocket, watchHalfOpen } from './socket-reset.ts'
import { type SocketManners, SocketStream } from './socket-stream.ts'
import type { PeerCertificate, TlsInfo } from './tls-info.ts'
import { TlsReads } from './tls-reads.ts'

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

/** A socket that TLS is to be spoken over: unread, because Node's TLS layer reads its handle itself. */
export interface TlsCarrier extends SocketAddresses {
  readonly socket: Socket
  /** Whether an end of the TLS stream without `close_notify` is an error. */
  readonly requireCloseNotify: boolean
  /** The handshake is done: from now on, destroying the socket is what follows an end, and no longer a refusal. */
  handshakeDone(): void
}

/**
 * Until its handshake is done, whoever destroys the socket refuses the peer, and does it by a reset: a client of TLS 1.3
 * may by then believe that it is connected.
 *
 * @throws ConnectError `CONNECTION_RESET` if the peer has broken the connection already
 */
export function carryTls(socket: Socket, requireCloseNotify: boolean): TlsCarrier {
  const addresses = addressesOf('tls:', socket)
  socket.on('error', ignore)
  // The TLS socket takes this over. A peer that ends in the middle of its handshake has hung up.
  socket.allowHalfOpen = false
  const handshakeDone = (): void => void Reflect.deleteProperty(socket, 'destroy')
  socket.destroy = () => {
    handshakeDone()
    resetSocket(socket)
    return socket
  }
  return { socket, ...addresses, requireCloseNotify, handshakeDone }
}

/** A byte stream over a TLS socket whose handshake is done. */
export function secureStream(
  tlsSocket: TLSSocket,
  carrier: TlsCarrier,
  settings: ConnectionSettings,
): ByteStream {
  const { socket, requireCloseNotify } = carrier
  const reads = new TlsReads(tlsSocket, requireCloseNotify ? socket : undefined)
  carrier.handshakeDone()
  tlsSocket.allowHalfOpen = true
  socket.on('error', error => tlsSocket.destroy(error))
  const manners: SocketManners = {
    reset: () => resetSocket(socket, tlsSocket),
    onEnd(_, settings, confirmed) {
      if (reads.truncated) {
        tlsSocket.destroy(truncatedError())
        return
      }
      confirmed()
      watchHalfOpen(socket, settings, tlsSocket)
    },
  }
  return new SocketStream(reads, carrier, settings, manners, tlsInfoOf(tlsSocket))
}

function truncatedError(): ConnectError {
  return new ConnectError(
    ConnectErrorCode.STREAM_TRUNCATED,
    'TLS stream was cut: it ended without a close_notify',
  )
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

function ignore(): void {}
