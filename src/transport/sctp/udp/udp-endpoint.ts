import { systemPlatform } from '../../../platform.ts'
import type { Association, AssociationOptions } from '../association/association.ts'
import type { AssociationUser } from '../association/association-user.ts'
import { type Acceptor, Endpoint, type EndpointHost } from '../endpoint/endpoint.ts'
import type { PeerAddress } from '../endpoint/peer-address.ts'
import { AssociationStream, type Carrier, type StreamAddresses } from '../stream/association-stream.ts'
import { MAX_PACKET_BYTES } from '../wire/packet-writer.ts'
import { mac, packets, random } from './endpoint-services.ts'
import { isLoopback, largestPacketBytes } from './link-mtu.ts'
import { receiveWindowBytes } from './receive-window.ts'
import type { UdpSocket } from './udp-socket.ts'

/** How long a socket stays behind to answer a peer that has missed the farewell; it asks again after a second or two. */
const LINGER_MS = 3000

/** An SCTP endpoint over one UDP socket, for any number of associations and listeners. */
export class UdpEndpoint implements EndpointHost, Carrier {
  readonly random = random
  readonly mac = mac
  readonly packets = packets
  readonly zeroChecksumAcceptable = false
  readonly #socket: UdpSocket
  readonly #endpoint: Endpoint
  readonly #receiveBufferBytes: number
  #largestPacketBytes: number | undefined
  #lingerUntil = 0
  #closed = false
  #closing: NodeJS.Timeout | undefined
  /** Told when the socket is closed. */
  onClosed: (() => void) | undefined

  constructor(socket: UdpSocket) {
    this.#socket = socket
    this.#receiveBufferBytes = socket.receiveBufferBytes
    this.#endpoint = new Endpoint(this)
    socket.onError = () => {}
    socket.onDatagram = (datagram, peer) => this.#endpoint.receive(datagram, peer, systemPlatform.now())
  }

  get isClosed(): boolean {
    return this.#closed
  }

  get address(): PeerAddress {
    return this.#socket.address
  }

  isListening(port: number): boolean {
    return this.#endpoint.isListening(port)
  }

  listen(port: number, acceptor: Acceptor): void {
    this.#stayOpen()
    this.#endpoint.listen(port, acceptor)
  }

  unlisten(port: number, acceptor: Acceptor): void {
    this.#endpoint.unlisten(port, acceptor)
    this.#closeIfUnused()
  }

  /** Makes the stream of an association with a peer. It is the caller who adds it to the endpoint. */
  makeStream(
    peer: PeerAddress,
    addresses: StreamAddresses,
    begin: (options: AssociationOptions) => Association,
    options: Pick<AssociationOptions, 'localPort' | 'peerPort' | 'heartbeatIntervalMs'>,
  ): AssociationStream {
    const whole = (user: AssociationUser): AssociationOptions => ({
      ...options,
      windowBytes: this.windowFor(peer),
      largestPacketBytes: this.#largestTo(peer),
      zeroChecksumAcceptable: this.zeroChecksumAcceptable,
      random,
      packets,
      user,
    })
    return new AssociationStream(peer, addresses, this, systemPlatform, user => begin(whole(user)))
  }

  /** Takes a stream whose association begins at this end. */
  add(stream: AssociationStream): void {
    this.#endpoint.add(stream)
    this.#socket.onError = cause => stream.onRefused(cause)
  }

  send(packet: Uint8Array, peer: PeerAddress): void {
    this.#socket.send(packet, peer)
  }

  answer(packet: Uint8Array, peer: PeerAddress): void {
    this.#socket.send(packet, peer)
    this.onSent()
  }

  onSent(): void {
    packets.release(!this.#socket.isDrained)
  }

  windowFor(peer: PeerAddress): number {
    return receiveWindowBytes(peer.address, this.#receiveBufferBytes)
  }

  release(stream: AssociationStream): void {
    this.#endpoint.remove(stream)
    if (stream.association.mayBeAsked) this.#lingerUntil = systemPlatform.now() + LINGER_MS
    this.#closeIfUnused()
  }

  #largestTo(peer: PeerAddress): number {
    if (isLoopback(peer.address)) return MAX_PACKET_BYTES
    this.#largestPacketBytes ??= largestPacketBytes(this.address.address)
    return this.#largestPacketBytes
  }

  /** Closes the socket once nobody needs it, except to tell a peer again that its association has ended. */
  #closeIfUnused(): void {
    if (!this.#endpoint.isUnused || this.#closing !== undefined) return
    const ms = this.#lingerUntil - systemPlatform.now()
    if (ms <= 0) {
      this.#close()
      return
    }
    this.#socket.unref()
    this.#closing = setTimeout(() => this.#close(), ms).unref()
  }

  #stayOpen(): void {
    if (this.#closing === undefined) return
    clearTimeout(this.#closing)
    this.#closing = undefined
    this.#socket.ref()
  }

  #close(): void {
    this.#closed = true
    this.#socket.close()
    this.onClosed?.()
  }
}
