import type { PeerAddress } from '../../../src/transport/sctp/endpoint/peer-address.ts'
import type { Link } from './link.ts'
import { checksumOf, showPacket, withoutAdaptation } from './packet-view.ts'
import type { VirtualClock } from './virtual-clock.ts'

export interface Receiver {
  receive(packet: Uint8Array, from: PeerAddress, isFlipped: boolean): void
}

interface Place {
  receiver: Receiver
  /** The UDP port that others see; what is sent to another is lost. */
  port: number
  readonly out: Link
}

/** Joins hosts that have one address each. */
export class Network {
  packets = 0
  bytes = 0
  /** Packets with a checksum of 0. */
  zeroChecksums = 0
  /** Followed by those who look for a defect. */
  trace: ((line: string) => void) | undefined
  readonly #places = new Map<string, Place>()
  readonly #clock: VirtualClock
  readonly #strips: boolean

  /** @param strips whether the Adaptation Layer Indication is taken out of what begins an association */
  constructor(clock: VirtualClock, strips: boolean) {
    this.#clock = clock
    this.#strips = strips
  }

  /** Attaches a host, or the one that is there after a restart. */
  attach(address: string, receiver: Receiver, out: Link): void {
    const present = this.#places.get(address)
    if (present === undefined) this.#places.set(address, { receiver, port: 9899, out })
    else present.receiver = receiver
  }

  /** A NAT gives the host another port. */
  rebind(address: string): void {
    this.#placeOf(address).port++
    this.trace?.(`${this.#clock.now} ${address} has another port`)
  }

  /** Sends a packet that nothing is around. */
  send(from: string, packet: Uint8Array, to: PeerAddress): void {
    const sent = this.outgoing(from, packet)
    this.carry(from, sent, to, [sent])
  }

  /** A packet is going to be sent, as it is or in something else; returns it as the peer is to have it. */
  outgoing(from: string, packet: Uint8Array): Uint8Array {
    this.packets++
    this.bytes += packet.length
    if (checksumOf(packet) === 0) this.zeroChecksums++
    const sent = this.#strips ? withoutAdaptation(packet) : packet
    this.trace?.(`${this.#now} ${from} sends ${sent.length}: ${showPacket(sent)}`)
    return sent
  }

  /** Sends a datagram with packets in it. */
  carry(from: string, datagram: Uint8Array, to: PeerAddress, packets: readonly Uint8Array[]): void {
    const { out, port } = this.#placeOf(from)
    const shown = this.trace && packets.map(showPacket).join(' | ')
    const arrive = (arrived: Uint8Array, isFlipped: boolean): void => {
      const place = this.#placeOf(to.address)
      if (place.port !== to.port) return
      this.trace?.(`${this.#now} ${to.address} gets ${isFlipped ? 'rubbish' : shown}`)
      place.receiver.receive(arrived, { address: from, port }, isFlipped)
    }
    out.carry(datagram, arrive, packets)
  }

  /** Hands a datagram over as if there were no way between the two. What replays others may replay it. */
  hand(from: string, datagram: Uint8Array, to: PeerAddress): void {
    const { out, port } = this.#placeOf(from)
    const arrive = (arrived: Uint8Array): void => {
      const place = this.#placeOf(to.address)
      if (place.port === to.port) place.receiver.receive(arrived, { address: from, port }, false)
    }
    out.remember(datagram, arrive)
    arrive(datagram)
  }

  get #now(): string {
    return this.#clock.now.toFixed(1)
  }

  #placeOf(address: string): Place {
    const place = this.#places.get(address)
    if (place === undefined) throw new Error(`a packet for ${address}, where nobody is`)
    return place
  }
}
