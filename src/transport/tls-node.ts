import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { ConnectError, ConnectErrorCode } from '../errors.ts'
import type { ConnectionSettings } from '../options.ts'
import type { ByteStream } from './byte-stream.ts'
import { toPeerCertificate } from './peer-certificate.ts'
import { addressesOf, type SocketAddresses } from './socket-addresses.ts'
import { resetSocket, watchHalfOpen } from './socket-reset.ts'
import { type SocketManners, SocketStream } from './socket-stream.ts'
import type { TlsInfo } from './tls-info.ts'
import { TlsReads } from './tls-reads.ts'

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

function tlsInfoOf(tlsSocket: TLSSocket): TlsInfo {
  const certificate = tlsSocket.getPeerCertificate(false)
  return {
    protocol: tlsSocket.getProtocol() ?? '',
    cipher: tlsSocket.getCipher().standardName,
    alpnProtocol: tlsSocket.alpnProtocol || undefined,
    peerCertificate: certificate?.raw === undefined ? undefined : toPeerCertificate(certificate),
  }
}

function ignore(): void {}
