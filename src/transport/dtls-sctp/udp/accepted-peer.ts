import { ConnectError, ConnectErrorCode, rejectionOf } from '../../../errors.ts'
import type { ListenSettings } from '../../../options.ts'
import type { Place } from '../../admission.ts'
import type { ByteStreamListenerSink } from '../../byte-stream.ts'
import { rejectedHandshake } from '../../node-errors.ts'
import { Association } from '../../sctp/association/association.ts'
import type { CookieState } from '../../sctp/association/cookie.ts'
import type { Acceptor } from '../../sctp/endpoint/endpoint.ts'
import type { PeerAddress } from '../../sctp/endpoint/peer-address.ts'
import type { AssociationStream } from '../../sctp/stream/association-stream.ts'
import { heartbeatIntervalMs } from '../../sctp/udp/heartbeat-interval.ts'
import type { UdpSocket } from '../../sctp/udp/udp-socket.ts'
import type { TlsInfo } from '../../tls-info.ts'
import type { DtlsConnection, DtlsFailure, DtlsInfo } from '../engine/dtls-engine.ts'
import { tlsInfoOf } from '../peer/dtls-tls-info.ts'
import type { SecureEndpoint, SecureEndpointOwner } from '../peer/secure-endpoint.ts'
import { type DtlsSctpAddress, formatDtlsSctpAddress } from './dtls-sctp-address.ts'
import { startLingering } from './linger.ts'
import { secureEndpoint } from './over-udp.ts'

export interface AcceptedPeerParts {
  readonly socket: UdpSocket
  readonly peer: PeerAddress
  readonly connection: DtlsConnection
  /** What it occupies at the listener, until its association is gone, or it is clear that it will have none. */
  readonly place: Place
  /** Of the ClientHello that it began with. */
  readonly clientRandom: string
  readonly target: DtlsSctpAddress
  /** The listener's, for messages and connections. */
  readonly localAddress: string
  readonly settings: ListenSettings
  readonly sink: ByteStreamListenerSink
  /** Its handshake is done. */
  readonly onUp: (accepted: AcceptedPeer) => void
  /** Both handshakes are done. */
  readonly onAssociated: (accepted: AcceptedPeer) => void
  /** It only stays to answer once more. */
  readonly onLingering: () => void
  /** It counts no longer: its association is gone, or it never had one. */
  readonly onLeft: (accepted: AcceptedPeer) => void
  /** Its connection is gone. */
  readonly onGone: (accepted: AcceptedPeer) => void
}

/** A peer that has begun a handshake, and proved by its cookie that it is where it says. */
export class AcceptedPeer implements SecureEndpointOwner, Acceptor {
  readonly clientRandom: string
  readonly peer: PeerAddress
  /** As a URL. */
  readonly #name: string
  readonly #parts: AcceptedPeerParts
  readonly #endpoint: SecureEndpoint
  readonly #timer: NodeJS.Timeout
  #tls: TlsInfo | undefined
  #isRejected = false
  #hasLeft = false
  #isLingering = false
  #stopLingering: (() => void) | undefined

  constructor(parts: AcceptedPeerParts) {
    this.clientRandom = parts.clientRandom
    this.peer = parts.peer
    this.#name = formatDtlsSctpAddress(parts.peer.address, parts.peer.port, parts.target.sctpPort)
    this.#parts = parts
    this.#timer = setTimeout(() => this.#onTimeout(), parts.settings.handshakeTimeoutMs)
    this.#endpoint = secureEndpoint(parts.socket, parts.peer, parts.connection, this)
    this.#endpoint.start()
  }

  /** Whether it only stays to answer once more. */
  get isLingering(): boolean {
    return this.#isLingering
  }

  get place(): Place {
    return this.#parts.place
  }

  receive(datagram: Uint8Array): void {
    this.#endpoint.receive(datagram)
  }

  /** The listener is closed: whoever has no association yet gets none. */
  onListenerClosed(): void {
    if (this.#endpoint.hasStream) return
    this.#isRejected = true
    this.#endpoint.close()
  }

  /** Its handshake has to make room for another. */
  giveWay(error: ConnectError): void {
    this.#reject(rejectionOf(error, this.#name))
    this.#endpoint.close()
  }

  /** The peer has done another handshake, from the same address. */
  onReplaced(): void {
    if (!this.#endpoint.hasStream) this.#rejectBecause('the client has begun another')
    const message = 'the peer has begun anew, and has lost what it knew of this connection'
    this.#endpoint.close(new ConnectError(ConnectErrorCode.CONNECTION_RESET, message))
  }

  onUp(info: DtlsInfo): void {
    this.#tls = tlsInfoOf(info)
    this.#endpoint.listen(this.#parts.target.sctpPort, this)
    this.#parts.onUp(this)
  }

  /** SCTP's handshake is done, too. */
  accept(cookie: CookieState, _peer: PeerAddress, now: number): AssociationStream | undefined {
    if (this.#endpoint.hasStream) return undefined
    const { settings, sink } = this.#parts
    clearTimeout(this.#timer)
    const stream = this.#endpoint.makeStream(
      {
        localAddress: this.#parts.localAddress,
        remoteAddress: this.#name,
        tls: this.#tls,
      },
      options => Association.accept(options, cookie, now),
      {
        localPort: cookie.localPort,
        peerPort: cookie.peerPort,
        heartbeatIntervalMs: heartbeatIntervalMs(settings),
      },
    )
    stream.onLeft = () => this.#leave()
    this.place.established()
    this.#parts.onAssociated(this)
    sink.onStream(stream)
    return stream
  }

  onFailed(failure: DtlsFailure): void {
    this.#reject(rejectedHandshake(failure, this.#name, 'DTLS'))
  }

  onLingering(): void {
    this.#isLingering = true
    this.#stopLingering = startLingering(() => this.#endpoint.close())
    this.#parts.onLingering()
  }

  onGone(): void {
    clearTimeout(this.#timer)
    this.#stopLingering?.()
    if (!this.#endpoint.hasStream) {
      this.#rejectBecause('the client hung up')
      this.#leave()
    }
    this.#parts.onGone(this)
  }

  #onTimeout(): void {
    const { handshakeTimeoutMs } = this.#parts.settings
    const message = `${this.#protocol} handshake with ${this.#name} took longer than ${handshakeTimeoutMs} ms`
    const error = new ConnectError(ConnectErrorCode.HANDSHAKE_TIMEOUT, message)
    this.#reject(rejectionOf(error, this.#name))
    this.#endpoint.close()
  }

  /** Whose handshake is under way. */
  get #protocol(): string {
    return this.#endpoint.isUp ? 'SCTP' : 'DTLS'
  }

  #rejectBecause(why: string): void {
    this.#reject(rejectedHandshake(new Error(why), this.#name, this.#protocol))
  }

  #reject(error: ConnectError): void {
    if (this.#isRejected) return
    this.#isRejected = true
    this.#parts.sink.onRejected(error)
  }

  #leave(): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    this.place.leave()
    this.#parts.onLeft(this)
  }
}
