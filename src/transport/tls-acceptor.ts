import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { ConnectError, ConnectErrorCode } from '../errors.ts'
import { optionError } from '../option-rules.ts'
import type { ListenSettings, TlsListenOptions } from '../options.ts'
import type { ByteStreamListenerSink } from './byte-stream.ts'
import { codeOf, handshakeError } from './node-errors.ts'
import { nodeTlsOptions, secureStream } from './tls-node.ts'

/** Our own deadline is the one that counts; Node's is only put out of its way. */
const NODE_TIMEOUT_FACTOR = 10

/** A peer whose handshake is under way. */
interface Handshake {
  readonly socket: Socket
  readonly timer: NodeJS.Timeout
}

/**
 * The server's side of the handshakes: each on its own, within `handshakeTimeoutMs`.
 *
 * A `tls.Server` that does not listen is given the accepted sockets, as its `connection` event allows. It does the
 * handshake and verifies the client; we keep hold of the TCP socket, because only that can be reset.
 */
export class TlsAcceptor {
  readonly #server: Server
  readonly #sink: ByteStreamListenerSink
  readonly #timeoutMs: number
  readonly #mutual: boolean
  /** By the endpoints, the one thing that Node's TLS socket is known to share with its TCP socket. */
  readonly #handshakes = new Map<string, Handshake>()
  /** Handshakes that were cut for taking too long and that the server has not yet reported as failed. */
  #timedOut = 0

  /** @throws ConnectError `INVALID_OPTION` if the certificate or the key is missing or cannot be used */
  constructor(settings: ListenSettings, sink: ByteStreamListenerSink) {
    if (settings.tls === undefined)
      throw optionError('tls', 'with cert and key is required to listen on tls:')
    this.#sink = sink
    this.#timeoutMs = settings.handshakeTimeoutMs
    this.#mutual = settings.tls.ca !== undefined
    this.#server = createServer({
      ...nodeTlsOptions(settings.tls),
      requestCert: this.#mutual,
      rejectUnauthorized: true,
      handshakeTimeout: this.#timeoutMs * NODE_TIMEOUT_FACTOR,
    })
    this.#server.on('secureConnection', tlsSocket => this.#onSecure(tlsSocket))
    this.#server.on('tlsClientError', (error, tlsSocket) => this.#onFailed(error, tlsSocket))
  }

  /** Begins the handshake with a peer that has connected. */
  accept(socket: Socket): void {
    const key = endpointsOf(socket)
    const timer = setTimeout(() => {
      this.#timedOut++
      socket.resetAndDestroy()
    }, this.#timeoutMs)
    this.#handshakes.set(key, { socket, timer })
    socket.once('close', () => {
      clearTimeout(timer)
      this.#handshakes.delete(key)
    })
    refuseByReset(socket)
    this.#server.emit('connection', socket)
  }

  /**
   * Uses another certificate from the next handshake on.
   *
   * @throws ConnectError `INVALID_OPTION` if it cannot be used, or would change whether clients need a certificate
   */
  update(tls: TlsListenOptions): void {
    if ((tls.ca !== undefined) !== this.#mutual) {
      throw optionError(
        'tls.ca',
        'cannot be added or dropped while listening: it decides whether clients need a certificate',
      )
    }
    this.#server.setSecureContext(nodeTlsOptions(tls))
  }

  /** Breaks off every handshake that is under way. */
  close(): void {
    for (const { socket } of this.#handshakes.values()) socket.resetAndDestroy()
  }

  #onSecure(tlsSocket: TLSSocket): void {
    const key = endpointsOf(tlsSocket)
    const handshake = this.#handshakes.get(key)
    if (handshake === undefined) {
      // The peer has gone in the very moment its handshake was done.
      tlsSocket.on('error', ignore).destroy()
      return
    }
    clearTimeout(handshake.timer)
    this.#handshakes.delete(key)
    endByDestroy(handshake.socket)
    this.#sink.onStream(secureStream(tlsSocket, handshake.socket))
  }

  #onFailed(error: Error, tlsSocket: TLSSocket): void {
    tlsSocket.on('error', ignore)
    this.#sink.onRejected(this.#rejection(error, tlsSocket))
  }

  #rejection(error: Error, tlsSocket: TLSSocket): ConnectError {
    if (tlsSocket.authorizationError) {
      // Node names the reason there and then just hangs up.
      const reason = String(tlsSocket.authorizationError)
      return handshakeError(
        Object.assign(new Error(reason, { cause: error }), { code: `CERT_${reason}` }),
        'a client',
      )
    }
    if (codeOf(error) === 'ECONNRESET' && this.#timedOut > 0) {
      this.#timedOut--
      return new ConnectError(
        ConnectErrorCode.HANDSHAKE_TIMEOUT,
        `TLS handshake with a client took longer than ${this.#timeoutMs} ms`,
        { cause: error },
      )
    }
    return handshakeError(error, 'a client')
  }
}

/**
 * Until the handshake is done, whatever destroys the socket refuses the peer. A client of TLS 1.3 may by then believe
 * that it is connected, so it gets a reset, which it cannot take for a clean end.
 */
function refuseByReset(socket: Socket): void {
  socket.destroy = () => {
    endByDestroy(socket)
    return socket.resetAndDestroy()
  }
}

function endByDestroy(socket: Socket): void {
  delete (socket as Partial<Pick<Socket, 'destroy'>>).destroy
}

function endpointsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`
}

function ignore(): void {}
