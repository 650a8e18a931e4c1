import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { ConnectError, ConnectErrorCode, rejectionOf } from '../errors.ts'
import { optionError } from '../option-rules.ts'
import type { ListenSettings, TlsIdentity } from '../options.ts'
import type { Place } from './admission.ts'
import type { ByteStream, ByteStreamListenerSink } from './byte-stream.ts'
import { rejectedHandshake } from './node-errors.ts'
import { keepMutual, nodeTlsOptions } from './tls-credentials.ts'
import { checkThatEndsAreTold } from './tls-end.ts'
import { carryTls, secureStream, type TlsCarrier } from './tls-node.ts'

/** Our own deadline is the one that counts; Node's is only put out of its way. */
const NODE_TIMEOUT_FACTOR = 10

/** A peer whose handshake is under way. */
interface Handshake {
  readonly carrier: TlsCarrier
  readonly place: Place
  readonly timer: NodeJS.Timeout
  timedOut: boolean
}

/**
 * The server's side of the handshakes: each on its own, within `handshakeTimeoutMs`.
 *
 * A `tls.Server` that does not listen is given each accepted socket, as its `connection` event allows. It does the
 * handshake and verifies the client.
 */
export class TlsAcceptor {
  readonly #server: Server
  readonly #sink: ByteStreamListenerSink
  readonly #settings: ListenSettings
  readonly #timeoutMs: number
  readonly #requireCloseNotify: boolean
  /** Those that are under way. */
  readonly #handshakes = new Set<Handshake>()
  /** By the socket that the server was given. The server reports a failed one when its socket is long gone. */
  readonly #bySocket = new WeakMap<Socket, Handshake>()

  /** @throws ConnectError `INVALID_OPTION` if the certificate or the key is missing or cannot be used */
  constructor(settings: ListenSettings, sink: ByteStreamListenerSink) {
    const { tls } = settings
    if (tls === undefined) throw optionError('tls', 'with cert and key is required to listen on tls:')
    this.#sink = sink
    this.#settings = settings
    this.#timeoutMs = settings.handshakeTimeoutMs
    this.#requireCloseNotify = tls.requireCloseNotify ?? true
    this.#server = createServer({
      ...nodeTlsOptions(tls),
      requestCert: tls.ca !== undefined,
      rejectUnauthorized: true,
      handshakeTimeout: this.#timeoutMs * NODE_TIMEOUT_FACTOR,
    })
    this.#server.on('secureConnection', tlsSocket => this.#onSecure(tlsSocket))
    this.#server.on('tlsClientError', (error, tlsSocket) => this.#onFailed(error, tlsSocket))
  }

  /**
   * Begins the handshake with a peer that has connected.
   *
   * @throws ConnectError `CONNECTION_RESET` if it is gone already, `HANDSHAKE_FAILED` if this runtime cannot do what
   * `requireCloseNotify` asks for
   */
  accept(socket: Socket, place: Place): void {
    const carrier = carryTls(socket, this.#requireCloseNotify)
    checkThatEndsAreTold(carrier)
    const timer = setTimeout(() => this.#onTimeout(handshake), this.#timeoutMs)
    const handshake: Handshake = { carrier, place, timer, timedOut: false }
    this.#handshakes.add(handshake)
    this.#bySocket.set(socket, handshake)
    socket.once('close', () => this.#onGone(handshake))
    this.#server.emit('connection', socket)
  }

  /**
   * Uses another certificate from the next handshake on.
   *
   * @throws ConnectError `INVALID_OPTION` if it cannot be used, or would change whether clients need a certificate
   */
  update(tls: TlsIdentity): void {
    keepMutual(this.#settings.tls!, tls)
    this.#server.setSecureContext(nodeTlsOptions({ ...tls, minVersion: this.#settings.tls?.minVersion }))
  }

  /** Breaks off every handshake that is under way. */
  close(): void {
    for (const { carrier } of this.#handshakes) carrier.socket.destroy()
  }

  #handshakeOf(tlsSocket: TLSSocket): Handshake | undefined {
    // Not documented, but so on Node 20 to 26: what the TLS socket was made over.
    const { _parent } = tlsSocket as { _parent?: Socket }
    return _parent && this.#bySocket.get(_parent)
  }

  #onSecure(tlsSocket: TLSSocket): void {
    const handshake = this.#handshakeOf(tlsSocket)
    if (handshake === undefined || !this.#handshakes.delete(handshake)) {
      tlsSocket.on('error', ignore).destroy()
      if (handshake === undefined)
        this.#sink.onRejected(rejectedHandshake(new Error('it is not known'), undefined))
      return
    }
    clearTimeout(handshake.timer)
    handshake.place.established()
    const stream = this.#streamOver(tlsSocket, handshake.carrier)
    if (stream !== undefined) this.#sink.onStream(stream)
  }

  /** Node calls from inside its handshake, where nothing may be thrown. */
  #streamOver(tlsSocket: TLSSocket, carrier: TlsCarrier): ByteStream | undefined {
    try {
      return secureStream(tlsSocket, carrier, this.#settings)
    } catch (error) {
      tlsSocket.on('error', ignore).destroy()
      this.#sink.onRejected(rejectedHandshake(error as Error, carrier.remoteAddress))
      return undefined
    }
  }

  #onFailed(error: Error, tlsSocket: TLSSocket): void {
    tlsSocket.on('error', ignore)
    this.#sink.onRejected(this.#reasonOf(error, tlsSocket))
  }

  #reasonOf(error: Error, tlsSocket: TLSSocket): ConnectError {
    const { authorizationError } = tlsSocket
    const handshake = this.#handshakeOf(tlsSocket)
    const client = handshake?.carrier.remoteAddress
    if (authorizationError) {
      // Node names the reason there and then just hangs up.
      const reason = String(authorizationError)
      const cause = Object.assign(new Error(reason, { cause: error }), { code: reason })
      return rejectedHandshake(cause, client)
    }
    return handshake?.timedOut
      ? this.#timeoutError(handshake.carrier.remoteAddress, error)
      : rejectedHandshake(error, client)
  }

  #timeoutError(client: string, cause: Error): ConnectError {
    const message = `TLS handshake with ${client} took longer than ${this.#timeoutMs} ms`
    const error = new ConnectError(ConnectErrorCode.HANDSHAKE_TIMEOUT, message, { cause })
    return rejectionOf(error, client)
  }

  #onTimeout(handshake: Handshake): void {
    handshake.timedOut = true
    handshake.carrier.socket.destroy()
  }

  #onGone(handshake: Handshake): void {
    clearTimeout(handshake.timer)
    this.#handshakes.delete(handshake)
  }
}

function ignore(): void {}
