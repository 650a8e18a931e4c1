import { addressKey } from '../../address-key.ts'

/** A handshake that is under way costs up to half a megabyte if its peer means ill. */
export const MAX_HANDSHAKES = 1000

/** A handshake, by whose it is. */
export interface Handshake {
  readonly peer: { readonly address: string }
}

/**
 * The handshakes that are under way at a listener. They are bounded, and what one network begins never keeps others out:
 * where there is no room, the oldest of the network with most of them gives way to one of a network with fewer.
 */
export class Handshakes<T extends Handshake> {
  readonly #most: number
  /** Each in the order in which they began. */
  readonly #byNetwork = new Map<string, Set<T>>()
  #size = 0

  constructor(most = MAX_HANDSHAKES) {
    this.#most = most
  }

  get size(): number {
    return this.#size
  }

  get isFull(): boolean {
    return this.#size >= this.#most
  }

  has(handshake: T): boolean {
    return this.#with(handshake.peer.address)?.has(handshake) === true
  }

  add(handshake: T): void {
    const { address } = handshake.peer
    const those = this.#with(address) ?? new Set()
    this.#byNetwork.set(networkOf(address), those.add(handshake))
    this.#size++
  }

  /** Doing it twice does nothing. */
  remove(handshake: T): void {
    const { address } = handshake.peer
    const those = this.#with(address)
    if (those?.delete(handshake) !== true) return
    if (those.size === 0) this.#byNetwork.delete(networkOf(address))
    this.#size--
  }

  /** Who gives way to a handshake from an address; undefined if no network has more than that of the address. */
  weakestAgainst(address: string): T | undefined {
    const most = this.#with(address)?.size ?? 0
    let largest: Set<T> | undefined
    for (const those of this.#byNetwork.values()) {
      if (those.size > Math.max(most, largest?.size ?? 0)) largest = those
    }
    const [oldest] = largest ?? []
    return oldest
  }

  #with(address: string): Set<T> | undefined {
    return this.#byNetwork.get(networkOf(address))
  }
}

function networkOf(address: string): string {
  return addressKey(address) ?? address
}
