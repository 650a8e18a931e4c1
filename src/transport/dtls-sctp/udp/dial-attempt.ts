import type { ConnectSettings } from '../../../options.ts'
import { systemPlatform } from '../../../platform.ts'
import { printable } from '../../printable.ts'
import { Association } from '../../sctp/association/association.ts'
import type { AssociationStream } from '../../sctp/stream/association-stream.ts'
import { heartbeatIntervalMs } from '../../sctp/udp/heartbeat-interval.ts'
import type { UdpSocket } from '../../sctp/udp/udp-socket.ts'
import { checkIdentity, WRONG_NAME } from '../../tls-identity.ts'
import { type DtlsConnection, DtlsFailure, type DtlsInfo } from '../engine/dtls-engine.ts'
import { tlsInfoOf } from '../peer/dtls-tls-info.ts'
import type { SecureEndpoint, SecureEndpointOwner } from '../peer/secure-endpoint.ts'
import { type DtlsSctpAddress, formatDtlsSctpAddress } from './dtls-sctp-address.ts'
import { startLingering } from './linger.ts'
import { secureEndpoint } from './over-udp.ts'

/** What whoever dials is told; `onFailed` at most once, and not after `onOpened`. */
export interface DialUser {
  /** Somebody has answered. */
  onReached(): void
  onOpened(stream: AssociationStream): void
  onFailed(cause: Error): void
}

/**
 * An attempt to reach a peer at one IP address. It has a UDP socket of its own, connected to the peer, so that the
 * operating system tells when nobody is there.
 */
export class DialAttempt implements SecureEndpointOwner {
  readonly #socket: UdpSocket
  readonly #target: DtlsSctpAddress
  /** The name that the certificate must carry. */
  readonly #name: string
  readonly #settings: ConnectSettings
  readonly #user: DialUser
  readonly #endpoint: SecureEndpoint
  #stream: AssociationStream | undefined
  #isSettled = false
  #stopLingering: (() => void) | undefined

  constructor(
    socket: UdpSocket,
    connection: DtlsConnection,
    target: DtlsSctpAddress,
    name: string,
    settings: ConnectSettings,
    user: DialUser,
  ) {
    this.#socket = socket
    this.#target = target
    this.#name = name
    this.#settings = settings
    this.#user = user
    this.#endpoint = secureEndpoint(socket, socket.remoteAddress, connection, this)
    socket.onError = cause => afterReading(() => this.#onRefused(cause))
    socket.onDatagram = datagram => {
      this.#user.onReached()
      this.#endpoint.receive(datagram)
    }
    this.#endpoint.start()
  }

  /** Whether the handshake of DTLS is done. */
  get isUp(): boolean {
    return this.#endpoint.isUp
  }

  giveUp(): void {
    this.#isSettled = true
    if (this.#stream === undefined) this.#endpoint.close()
    else this.#stream.reset()
  }

  onUp(info: DtlsInfo): void {
    const error = this.#identityError(info)
    if (error === undefined) this.#associate(info)
    else {
      this.#fail(error)
      this.#endpoint.close()
    }
  }

  onFailed(failure: DtlsFailure): void {
    const { code, message } = failure
    const isForAnother = code === 'HOSTNAME_MISMATCH' || code === 'IP_ADDRESS_MISMATCH'
    const reason = `${message}: the certificate is not for ${printable(this.#name)}`
    this.#fail(isForAnother ? new DtlsFailure(WRONG_NAME, reason) : failure)
  }

  onLingering(): void {
    this.#socket.unref()
    this.#stopLingering = startLingering(() => this.#endpoint.close())
  }

  onGone(): void {
    this.#stopLingering?.()
    this.#socket.close()
    if (this.#stream === undefined) this.#fail(new DtlsFailure('', 'the server hung up'))
  }

  /** OpenSSL has checked the name already; this is what a TLS connection asks of it. */
  #identityError({ certificate }: DtlsInfo): DtlsFailure | undefined {
    const error = checkIdentity(this.#name, certificate)
    return error && new DtlsFailure(WRONG_NAME, error.message)
  }

  #associate(info: DtlsInfo): void {
    const { host, port, sctpPort } = this.#target
    const local = this.#socket.address
    const stream = this.#endpoint.makeStream(
      {
        localAddress: formatDtlsSctpAddress(local.address, local.port, sctpPort),
        remoteAddress: formatDtlsSctpAddress(host, port, sctpPort),
        tls: tlsInfoOf(info),
      },
      Association.initiate,
      {
        localPort: sctpPort,
        peerPort: sctpPort,
        heartbeatIntervalMs: heartbeatIntervalMs(this.#settings),
      },
    )
    this.#stream = stream
    stream.onOpened = error => {
      if (error !== undefined) this.#fail(error)
      else if (!this.#isSettled) {
        this.#isSettled = true
        this.#user.onOpened(stream)
      }
    }
    this.#endpoint.add(stream)
    stream.flush()
  }

  #onRefused(cause: Error): void {
    if (this.#stream !== undefined) {
      this.#stream.onRefused(cause)
      return
    }
    this.#fail(cause)
    this.#endpoint.close()
  }

  #fail(cause: Error): void {
    if (this.#isSettled) return
    this.#isSettled = true
    this.#user.onFailed(cause)
  }
}

/**
 * The operating system tells that nobody has the peer's port before it gives what the peer has sent: an alert perhaps,
 * which says more. The next turn begins before that is read, and the one behind it after.
 */
function afterReading(callback: () => void): void {
  systemPlatform.nextTurn(() => systemPlatform.nextTurn(callback))
}
