import { ConnectError, ConnectErrorCode } from '../../../errors.ts'
import type { Platform } from '../../../platform.ts'
import type { Association, AssociationOptions } from '../../sctp/association/association.ts'
import type { AssociationUser } from '../../sctp/association/association-user.ts'
import { type Acceptor, Endpoint, type EndpointHost } from '../../sctp/endpoint/endpoint.ts'
import type { PeerAddress } from '../../sctp/endpoint/peer-address.ts'
import {
  AssociationStream,
  type Carrier,
  type StreamAddresses,
} from '../../sctp/stream/association-stream.ts'
import type { PacketWriter } from '../../sctp/wire/packet-writer.ts'
import {
  type DtlsConnection,
  type DtlsFailure,
  type DtlsInfo,
  HANDSHAKE_DATAGRAM_BYTES,
} from '../engine/dtls-engine.ts'
import { type DatagramCarrier, DtlsLink, type DtlsLinkUser } from '../link/dtls-link.ts'
import { RECORD_OVERHEAD_BYTES } from '../link/records.ts'

/** With what its record adds, a first packet makes a datagram that every path takes. */
const BASE_PACKET_BYTES = (HANDSHAKE_DATAGRAM_BYTES - RECORD_OVERHEAD_BYTES) & ~3

export interface SecureEndpointParts {
  readonly connection: DtlsConnection
  readonly peer: PeerAddress
  readonly carrier: DatagramCarrier
  /** Receive window to advertise, in bytes. */
  readonly windowBytes: number
  readonly platform: Platform
  /** Gives 32 random bits. */
  readonly random: () => number
  readonly mac: EndpointHost['mac']
  readonly packets: PacketWriter
  readonly owner: SecureEndpointOwner
}

/** Who has a secure endpoint, and is told what becomes of it. */
export interface SecureEndpointOwner {
  /** The handshake is done. */
  onUp(info: DtlsInfo): void
  /** The connection has failed before there was an association. */
  onFailed(failure: DtlsFailure): void
  /** There is nothing left to do but to answer a peer that has missed the farewell, for as long as the owner likes. */
  onLingering(): void
  /** The last call. */
  onGone(): void
}

/**
 * The SCTP endpoint inside a DTLS connection (RFC 8261): whoever has the connection's keys is its only peer. It goes with
 * its association, and with the connection.
 */
export class SecureEndpoint implements EndpointHost, Carrier, DtlsLinkUser {
  readonly random: () => number
  readonly mac: EndpointHost['mac']
  readonly packets: PacketWriter
  /** RFC 9653: no packet can have come in here that was changed on its way. */
  readonly zeroChecksumAcceptable = true
  readonly peer: PeerAddress
  readonly #parts: SecureEndpointParts
  readonly #link: DtlsLink
  readonly #endpoint: Endpoint
  #stream: AssociationStream | undefined
  #isGone = false

  constructor(parts: SecureEndpointParts) {
    this.random = parts.random
    this.mac = parts.mac
    this.packets = parts.packets
    this.peer = parts.peer
    this.#parts = parts
    this.#link = new DtlsLink(parts.connection, parts.carrier, this, parts.platform)
    this.#endpoint = new Endpoint(this)
  }

  /** Whether the handshake is done. */
  get isUp(): boolean {
    return this.#link.isUp
  }

  /** Whether there is an association, or was one. */
  get hasStream(): boolean {
    return this.#stream !== undefined
  }

  start(): void {
    this.#link.start()
  }

  receive(datagram: Uint8Array): void {
    this.#link.receive(datagram)
  }

  listen(port: number, acceptor: Acceptor): void {
    this.#endpoint.listen(port, acceptor)
  }

  /** Makes the stream of the one association that a connection carries. */
  makeStream(
    addresses: StreamAddresses,
    begin: (options: AssociationOptions) => Association,
    options: Pick<AssociationOptions, 'localPort' | 'peerPort' | 'heartbeatIntervalMs'>,
  ): AssociationStream {
    const { platform, carrier, windowBytes } = this.#parts
    const whole = (user: AssociationUser): AssociationOptions => ({
      ...options,
      windowBytes,
      largestPacketBytes: carrier.largestDataBytes,
      basePacketBytes: BASE_PACKET_BYTES,
      zeroChecksumAcceptable: true,
      random: this.random,
      packets: this.packets,
      user,
    })
    this.#stream = new AssociationStream(this.peer, addresses, this, platform, user => begin(whole(user)))
    return this.#stream
  }

  /** Takes the stream if its association begins at this end. */
  add(stream: AssociationStream): void {
    this.#endpoint.add(stream)
  }

  /** Ends the connection, whatever its association is doing. */
  close(error?: ConnectError): void {
    this.#link.close()
    this.#leave(error)
  }

  onUp(): void {
    this.#parts.owner.onUp(this.#parts.connection.info)
  }

  onData(packet: Uint8Array): void {
    this.#endpoint.receive(packet, this.peer, this.#parts.platform.now())
  }

  onEnd(): void {
    this.close(broken('the peer closed its DTLS connection before the stream had ended'))
  }

  onFailed(failure: DtlsFailure): void {
    if (this.#stream === undefined) this.#parts.owner.onFailed(failure)
    this.#leave(broken(`the peer broke its DTLS connection off: ${failure.message}`, failure))
  }

  windowFor(): number {
    return this.#parts.windowBytes
  }

  /** Packets share a datagram only where the path has shown that it takes large ones. */
  send(packet: Uint8Array): void {
    this.#link.send(packet)
    if (this.#stream?.association.pathTakesLargest !== true) this.#link.flush()
  }

  answer(packet: Uint8Array): void {
    this.#link.send(packet)
    this.onSent()
  }

  onSent(): void {
    this.#link.flush()
    this.packets.release(false)
  }

  /** The association is gone. A peer that may ask for the farewell once more is told by it, and not by `close_notify`. */
  release(stream: AssociationStream): void {
    this.#endpoint.remove(stream)
    if (this.#isGone) return
    if (stream.association.mayBeAsked) this.#parts.owner.onLingering()
    else this.close()
  }

  #leave(error: ConnectError | undefined): void {
    if (this.#isGone) return
    this.#isGone = true
    if (error !== undefined) this.#stream?.onLost(error)
    this.#parts.owner.onGone()
  }
}

function broken(message: string, cause?: Error): ConnectError {
  return new ConnectError(ConnectErrorCode.CONNECTION_RESET, message, { cause })
}
