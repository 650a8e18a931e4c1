import { networkOf } from '../../network.ts'

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
    return this.#byNetwork.get(networkOf(handshake.peer.address))?.has(handshake) === true
  }

  add(handshake: T): void {
    const network = networkOf(handshake.peer.address)
    const those = this.#byNetwork.get(network) ?? new Set()
    this.#byNetwork.set(network, those.add(handshake))
    this.#size++
  }

  /** Doing it twice does nothing. */
  remove(handshake: T): void {
    const network = networkOf(handshake.peer.address)
    const those = this.#byNetwork.get(network)
    if (those?.delete(handshake) !== true) return
    if (those.size === 0) this.#byNetwork.delete(network)
    this.#size--
  }

  /** Who gives way to a handshake from an address; undefined if that has no better claim than any other. */
  weakestAgainst(address: string): T | undefined {
    let largest = this.#byNetwork.get(networkOf(address)) ?? new Set<T>()
    for (const those of this.#byNetwork.values()) if (those.size > largest.size) largest = those
    if (largest === this.#byNetwork.get(networkOf(address))) return undefined
    const [oldest] = largest
    return oldest
  }
}
