import type { Association } from '../association/association.ts'
import { type PeerAddress, samePeer } from './peer-address.ts'

/** An association and where its peer is. */
export interface Member {
  readonly association: Association
  /** May move to another UDP port (RFC 6951, section 5.4). */
  peer: PeerAddress
  /** The association was given something: it may have packets to send, and other timers. */
  onTouched(): void
  /** The association makes room for another at once, because its peer has restarted. */
  onReplaced(): void
}

/** The associations of an endpoint, by their tags and by the addresses of their peers. */
export class Members {
  readonly #byTag = new Map<number, Member>()
  readonly #byPeer = new Map<string, Member>()

  get count(): number {
    return this.#byTag.size
  }

  has(tag: number): boolean {
    return this.#byTag.has(tag)
  }

  add(member: Member): void {
    this.#byTag.set(member.association.localTag, member)
    this.#byPeer.set(keyOf(member), member)
  }

  remove(member: Member): void {
    this.#byTag.delete(member.association.localTag)
    const key = keyOf(member)
    if (this.#byPeer.get(key) === member) this.#byPeer.delete(key)
  }

  /** The one whose own tag this is. */
  byTag(tag: number): Member | undefined {
    return this.#byTag.get(tag)
  }

  byPeer(localPort: number, peerPort: number, peer: PeerAddress): Member | undefined {
    return this.#byPeer.get(key(localPort, peerPort, peer))
  }

  /** The peer has been heard of from there, with the right tag. */
  move(member: Member, peer: PeerAddress): void {
    if (samePeer(member.peer, peer)) return
    const before = keyOf(member)
    if (this.#byPeer.get(before) === member) this.#byPeer.delete(before)
    member.peer = peer
    this.#byPeer.set(keyOf(member), member)
  }
}

function keyOf({ association, peer }: Member): string {
  return key(association.localPort, association.peerPort, peer)
}

function key(localPort: number, peerPort: number, peer: PeerAddress): string {
  return [localPort, peerPort, peer.port, peer.address].join(' ')
}
