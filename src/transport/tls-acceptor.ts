import { createServer, type Server, type TLSSocket } from 'node:tls'
import { ConnectError, ConnectErrorCode } from '../errors.ts'
import { optionError } from '../option-rules.ts'
import type { ListenSettings, TlsIdentity } from '../options.ts'
import type { ByteStreamListenerSink } from './byte-stream.ts'
import { certificateError, codeOf, handshakeError } from './node-errors.ts'
import type { SocketReads } from './socket-reads.ts'
import { TlsCarrier } from './tls-carrier.ts'
import { nodeTlsOptions, secureStream } from './tls-node.ts'

/** Our own deadline is the one that counts; Node's is only put out of its way. */
const NODE_TIMEOUT_FACTOR = 10

/** A peer whose handshake is under way. */
interface Handshake {
  readonly carrier: TlsCarrier
  readonly timer: NodeJS.Timeout
}

/**
 * The server's side of the handshakes: each on its own, within `handshakeTimeoutMs`.
 *
 * A `tls.Server` that does not listen is given a carrier for each accepted socket, as its `connection` event allows.
 * It does the handshake and verifies the client.
 */
export class TlsAcceptor {
  readonly #server: Server
  readonly #sink: ByteStreamListenerSink
  readonly #settings: ListenSettings
  readonly #timeoutMs: number
  readonly #mutual: boolean
  readonly #requireCloseNotify: boolean
  readonly #handshakes = new Set<Handshake>()
  /** Handshakes that were cut for taking too long and that the server has not reported as failed yet. */
  #timedOut = 0
  /** The one whose bytes are being read: a handshake that is done meanwhile is this one. */
  #current: Handshake | undefined

  /** @throws ConnectError `INVALID_OPTION` if the certificate or the key is missing or cannot be used */
  constructor(settings: ListenSettings, sink: ByteStreamListenerSink) {
    const { tls } = settings
    if (tls === undefined) throw optionError('tls', 'with cert and key is required to listen on tls:')
    this.#sink = sink
    this.#settings = settings
    this.#timeoutMs = settings.handshakeTimeoutMs
    this.#mutual = tls.ca !== undefined
    this.#requireCloseNotify = tls.requireCloseNotify ?? true
    this.#server = createServer({
      ...nodeTlsOptions(tls),
      requestCert: this.#mutual,
      rejectUnauthorized: true,
      handshakeTimeout: this.#timeoutMs * NODE_TIMEOUT_FACTOR,
    })
    this.#server.on('secureConnection', tlsSocket => this.#onSecure(tlsSocket))
    this.#server.on('tlsClientError', (error, tlsSocket) => this.#onFailed(error, tlsSocket))
  }

  /** Begins the handshake with a peer that has connected. */
  accept(reads: SocketReads): void {
    const carrier = new TlsCarrier(reads, !this.#requireCloseNotify)
    const timer = setTimeout(() => this.#onTimeout(handshake), this.#timeoutMs)
    const handshake: Handshake = { carrier, timer }
    this.#handshakes.add(handshake)
    carrier.once('close', () => this.#onGone(handshake))
    carrier.once('carrierEnd', () => this.#onEnd(handshake))
    carrier.deliver = emit => this.#during(handshake, emit)
    this.#server.emit('connection', carrier)
  }

  /**
   * Uses another certificate from the next handshake on.
   *
   * @throws ConnectError `INVALID_OPTION` if it cannot be used, or would change whether clients need a certificate
   */
  update(tls: TlsIdentity): void {
    if ((tls.ca !== undefined) !== this.#mutual) {
      throw optionError(
        'tls.ca',
        'cannot be added or dropped while listening: it decides whether clients need a certificate',
      )
    }
    this.#server.setSecureContext(nodeTlsOptions({ ...tls, minVersion: this.#settings.tls?.minVersion }))
  }

  /** Breaks off every handshake that is under way. */
  close(): void {
    for (const { carrier } of this.#handshakes) carrier.destroy()
  }

  #during(handshake: Handshake, emit: () => void): void {
    this.#current = handshake
    try {
      emit()
    } finally {
      this.#current = undefined
    }
  }

  #onSecure(tlsSocket: TLSSocket): void {
    const handshake = this.#current
    if (handshake === undefined || !this.#handshakes.delete(handshake)) {
      tlsSocket.on('error', ignore).destroy()
      return
    }
    clearTimeout(handshake.timer)
    this.#sink.onStream(secureStream(tlsSocket, handshake.carrier, this.#settings))
  }

  /** Called once for every handshake that fails, without a word on which it was. */
  #onFailed(error: Error, tlsSocket: TLSSocket): void {
    tlsSocket.on('error', ignore)
    this.#sink.onRejected(this.#reasonOf(error, tlsSocket))
  }

  #reasonOf(error: Error, { authorizationError }: TLSSocket): ConnectError {
    if (authorizationError) {
      // Node names the reason there and then just hangs up.
      const reason = String(authorizationError)
      const cause = Object.assign(new Error(reason, { cause: error }), { code: reason })
      return certificateError(cause, 'a client')
    }
    if (this.#timedOut === 0 || codeOf(error) !== 'ECONNRESET') return handshakeError(error, 'a client')
    this.#timedOut--
    return new ConnectError(
      ConnectErrorCode.HANDSHAKE_TIMEOUT,
      `TLS handshake with a client took longer than ${this.#timeoutMs} ms`,
      { cause: error },
    )
  }

  #onTimeout(handshake: Handshake): void {
    this.#timedOut++
    handshake.carrier.destroy()
  }

  #onEnd(handshake: Handshake): void {
    if (this.#handshakes.has(handshake)) handshake.carrier.destroy()
  }

  #onGone(handshake: Handshake): void {
    clearTimeout(handshake.timer)
    this.#handshakes.delete(handshake)
  }
}

function ignore(): void {}
