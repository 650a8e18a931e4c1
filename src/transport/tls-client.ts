import { isIP } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'
import { ConnectError, ConnectErrorCode } from '../errors.ts'
import type { ConnectSettings, TlsConnectOptions } from '../options.ts'
import type { Address } from './address.ts'
import { attempt } from './attempt.ts'
import type { ByteStream } from './byte-stream.ts'
import { handshakeError } from './node-errors.ts'
import { nodeTlsOptions } from './tls-credentials.ts'
import { checkThatEndsAreTold } from './tls-end.ts'
import { checkIdentity } from './tls-identity.ts'
import { secureStream, type TlsCarrier } from './tls-node.ts'
import { serverNameOf } from './tls-server-name.ts'

/**
 * The client's options in Node's words. The server's certificate is verified whatever the environment says.
 *
 * @throws ConnectError `INVALID_OPTION` if a certificate, a key or `serverName` cannot be used
 */
export function clientOptions(tls: TlsConnectOptions, host: string): ConnectionOptions {
  const name = serverNameOf(tls, host)
  return {
    ...nodeTlsOptions(tls),
    host: name,
    // An address is not sent as a server name (RFC 6066, section 3); the certificate must still carry it.
    servername: isIP(name) === 0 ? name : '',
    rejectUnauthorized: true,
    checkServerIdentity: (_, certificate) => checkIdentity(name, certificate.raw),
  }
}

/** The client's side of the handshake, within `handshakeTimeoutMs`. */
export function clientHandshake(
  carrier: TlsCarrier,
  options: ConnectionOptions,
  address: Address,
  settings: ConnectSettings,
): Promise<ByteStream> {
  const { handshakeTimeoutMs, signal } = settings
  const peer = address.text
  return attempt<ByteStream>({
    what: `TLS handshake with ${peer}`,
    signal,
    timeoutMs: handshakeTimeoutMs,
    onTimeout: () =>
      new ConnectError(
        ConnectErrorCode.HANDSHAKE_TIMEOUT,
        `TLS handshake with ${peer} took longer than ${handshakeTimeoutMs} ms`,
      ),
    giveUp: () => carrier.socket.destroy(),
    begin(succeed, fail) {
      const onError = (error: Error): void => fail(handshakeError(error, peer))
      const onGone = (): void => fail(handshakeError(new Error('the server hung up'), peer))
      const { socket } = carrier
      if (socket.destroyed) {
        onGone()
        return
      }
      // These listeners stay: once the handshake is done, they find the attempt settled.
      socket.on('error', onError)
      checkThatEndsAreTold(carrier)
      guarded(onError, () => {
        const tlsSocket = connect({ ...options, socket })
        tlsSocket.on('error', onError).once('close', onGone)
        tlsSocket.once('secureConnect', () =>
          guarded(onError, () => succeed(secureStream(tlsSocket, carrier, settings))),
        )
      })
    },
  })
}

/** Takes a step whose errors go to `onError`: in a callback of Node's, they would end the process. */
function guarded(onError: (error: Error) => void, step: () => void): void {
  try {
    step()
  } catch (error) {
    onError(error as Error)
  }
}
