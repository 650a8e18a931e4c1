import type { PeerAddress } from '../../sctp/endpoint/peer-address.ts'
import { isLoopback, largestPacketBytes } from '../../sctp/udp/link-mtu.ts'
import type { UdpSocket } from '../../sctp/udp/udp-socket.ts'
import type { DatagramCarrier } from '../link/dtls-link.ts'
import { MAX_DATA_BYTES, RECORD_OVERHEAD_BYTES } from '../link/records.ts'

/** What a UDP datagram has room for, over IPv6. */
const LARGEST_DATAGRAM_BYTES = 65_487

/** On loopback no datagram is too long for its path, and each costs a call of the operating system: so four share one. */
const LOOPBACK_DATA_BYTES = Math.floor(LARGEST_DATAGRAM_BYTES / 4) - RECORD_OVERHEAD_BYTES

/** The way to a peer over a UDP socket. */
export class UdpPath implements DatagramCarrier {
  readonly sharedDatagramBytes: number
  readonly largestDataBytes: number
  readonly #socket: UdpSocket
  readonly #peer: PeerAddress

  constructor(socket: UdpSocket, peer: PeerAddress) {
    this.#socket = socket
    this.#peer = peer
    const isLocal = isLoopback(peer.address)
    this.sharedDatagramBytes = isLocal ? LARGEST_DATAGRAM_BYTES : 0
    this.largestDataBytes = isLocal
      ? LOOPBACK_DATA_BYTES
      : Math.min(MAX_DATA_BYTES, largestPacketBytes(socket.address.address) - RECORD_OVERHEAD_BYTES)
  }

  get isDrained(): boolean {
    return this.#socket.isDrained
  }

  send(datagram: Uint8Array): void {
    this.#socket.send(datagram, this.#peer)
  }
}
