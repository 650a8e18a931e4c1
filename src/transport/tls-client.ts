import { isIP, type Socket } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { ConnectError, ConnectErrorCode } from '../errors.ts'
import type { ConnectSettings, TlsConnectOptions } from '../options.ts'
import type { Address } from './address.ts'
import { attempt } from './attempt.ts'
import type { ByteStream } from './byte-stream.ts'
import { handshakeError } from './node-errors.ts'
import { TlsCarrier } from './tls-carrier.ts'
import { nodeTlsOptions, secureStream } from './tls-node.ts'

/**
 * The client's side of the handshake over a connected socket, within `handshakeTimeoutMs`. The server's certificate
 * is verified whatever the environment says.
 */
export async function clientHandshake(
  socket: Socket,
  host: string,
  address: Address,
  settings: ConnectSettings,
): Promise<ByteStream> {
  const { handshakeTimeoutMs, signal, tls = {} } = settings
  const peer = address.text
  const carrier = new TlsCarrier(socket, tls.requireCloseNotify === false)
  return attempt<ByteStream>({
    what: `TLS handshake with ${peer}`,
    signal,
    timeoutMs: handshakeTimeoutMs,
    onTimeout: () =>
      new ConnectError(
        ConnectErrorCode.HANDSHAKE_TIMEOUT,
        `TLS handshake with ${peer} took longer than ${handshakeTimeoutMs} ms`,
      ),
    giveUp: () => carrier.destroy(),
    begin(succeed, fail) {
      const tlsSocket = startTls(carrier, host, tls)
      const onError = (error: Error): void => fail(handshakeError(error, peer))
      const onGone = (): void => fail(handshakeError(new Error('the server hung up'), peer))
      carrier.on('error', onError).once('carrierEnd', onGone)
      tlsSocket.on('error', onError).once('close', onGone)
      tlsSocket.once('secureConnect', () => {
        carrier.off('error', onError).off('carrierEnd', onGone).on('error', ignore)
        tlsSocket.off('error', onError).off('close', onGone)
        succeed(secureStream(tlsSocket, carrier, settings))
      })
    },
  })
}

function startTls(carrier: TlsCarrier, host: string, tls: TlsConnectOptions): TLSSocket {
  const name = tls.serverName ?? host
  return connect({
    ...nodeTlsOptions(tls),
    socket: carrier,
    host: name,
    // An address is not sent as a server name (RFC 6066, section 3); the certificate must still carry it.
    servername: isIP(name) === 0 ? name : '',
    rejectUnauthorized: true,
  })
}

function ignore(): void {}
