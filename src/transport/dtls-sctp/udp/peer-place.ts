import { protectedPartOf } from '../link/records.ts'
import type { AcceptedPeer } from './accepted-peer.ts'

/**
 * The connections with one address. There are two while a peer that has begun anew does its handshake: the present one
 * stays until that is done (RFC 6347, section 4.2.8).
 */
export class PeerPlace {
  #present: AcceptedPeer | undefined
  #coming: AcceptedPeer | undefined

  get isEmpty(): boolean {
    return this.#present === undefined && this.#coming === undefined
  }

  /** What goes when a handshake that begins now is done. */
  get replaced(): readonly AcceptedPeer[] {
    return [this.#present, this.#coming].filter(peer => peer !== undefined)
  }

  get isLingering(): boolean {
    return this.#coming === undefined && this.#present?.isLingering !== false
  }

  /** Whether a ClientHello belongs to the handshake that is under way. */
  isFor(clientRandom: string): boolean {
    return this.#coming?.clientRandom === clientRandom
  }

  /** A handshake begins. One that was under way is not going to be finished by a peer that has begun another. */
  begin(peer: AcceptedPeer): void {
    const given = this.#coming
    this.#coming = peer
    given?.onReplaced()
  }

  onUp(peer: AcceptedPeer): void {
    if (this.#coming !== peer) return
    const before = this.#present
    this.#coming = undefined
    this.#present = peer
    before?.onReplaced()
  }

  remove(peer: AcceptedPeer): void {
    if (this.#coming === peer) this.#coming = undefined
    if (this.#present === peer) this.#present = undefined
  }

  /**
   * What nothing protects belongs to a handshake; the rest, to whoever has its keys. A peer that has missed the end of its
   * handshake sends its last flight again: the Finished in it is what the present one must see, to answer once more.
   */
  receive(datagram: Uint8Array): void {
    const present = this.#present
    this.#coming?.receive(datagram)
    present?.receive(protectedPartOf(datagram))
  }
}
