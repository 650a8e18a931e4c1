import { systemPlatform } from '../../../platform.ts'
import type { PeerAddress } from '../../sctp/endpoint/peer-address.ts'
import type { OnPort } from '../../sctp/udp/shared-by-port.ts'
import type { UdpSocket } from '../../sctp/udp/udp-socket.ts'
import type { DtlsCookies } from '../engine/dtls-engine.ts'
import { helloParametersOf } from '../link/hello-parameters.ts'
import { clientRandomOf, isClientHello, recordLengthAt } from '../link/records.ts'
import type { AcceptedPeer } from './accepted-peer.ts'
import { HelloCookies } from './hello-cookies.ts'
import { PeerPlace } from './peer-place.ts'

/** Who takes the peers that begin a handshake. */
export interface HelloTaker {
  /**
   * Looks at a ClientHello; returns the peer, if it has proved that it is where it says.
   *
   * @param replaced what there is of the peer already
   */
  onClientHello(
    record: Uint8Array,
    cookies: DtlsCookies,
    peer: PeerAddress,
    replaced: readonly AcceptedPeer[],
  ): AcceptedPeer | undefined
}

/** A UDP socket and the DTLS connections of all peers that were accepted on it. It outlives its listener, as they do. */
export class DtlsSocket implements OnPort {
  readonly socket: UdpSocket
  readonly #cookies = new HelloCookies(systemPlatform.now)
  readonly #places = new Map<string, PeerPlace>()
  #listener: HelloTaker | undefined
  isClosed = false
  onClosed: (() => void) | undefined

  constructor(socket: UdpSocket) {
    this.socket = socket
    socket.onError = () => {}
    socket.onDatagram = (datagram, peer) => this.#receive(datagram, peer)
  }

  get address(): PeerAddress {
    return this.socket.address
  }

  get hasListener(): boolean {
    return this.#listener !== undefined
  }

  listen(listener: HelloTaker): void {
    this.#listener = listener
    this.socket.ref()
  }

  unlisten(): void {
    this.#listener = undefined
    this.#rest()
  }

  onUp(peer: AcceptedPeer): void {
    this.#places.get(keyOf(peer.peer))?.onUp(peer)
  }

  onLingering(): void {
    this.#rest()
  }

  onGone(peer: AcceptedPeer): void {
    const key = keyOf(peer.peer)
    const place = this.#places.get(key)
    place?.remove(peer)
    if (place?.isEmpty) this.#places.delete(key)
    this.#rest()
  }

  #receive(datagram: Uint8Array, peer: PeerAddress): void {
    const place = this.#places.get(keyOf(peer))
    if (!isClientHello(datagram) || place?.isFor(clientRandomOf(datagram))) place?.receive(datagram)
    else this.#onClientHello(datagram, peer, place)
  }

  #onClientHello(datagram: Uint8Array, peer: PeerAddress, place = new PeerPlace()): void {
    const byteLength = recordLengthAt(datagram, 0)
    const record = datagram.subarray(0, byteLength)
    const parameters = helloParametersOf(record)
    if (parameters === undefined) return
    const cookies = this.#cookies.for(peer, parameters)
    const accepted = this.#listener?.onClientHello(record, cookies, peer, place.replaced)
    if (accepted === undefined) return
    this.#places.set(keyOf(peer), place)
    place.begin(accepted)
    // The other fragments of the hello may follow.
    accepted.receive(datagram.subarray(byteLength))
  }

  /** Whoever only waits to answer once more does not keep the process running. */
  #rest(): void {
    if (this.#listener !== undefined) return
    for (const place of this.#places.values()) if (!place.isLingering) return
    this.socket.unref()
    this.closeIfUnused()
  }

  closeIfUnused(): void {
    if (this.#listener !== undefined || this.#places.size > 0 || this.isClosed) return
    this.isClosed = true
    this.socket.close()
    this.onClosed?.()
  }
}

function keyOf({ address, port }: PeerAddress): string {
  return `${address} ${port}`
}
