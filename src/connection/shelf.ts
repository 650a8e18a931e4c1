import { type ConnectDatagram, moveData } from '../frame/datagram.ts'

/** A chunk of more datagrams than this is worth memory of its own. */
const FEW = 8

/** Larger data stays where it came, as a copy would cost more than the buffer around it. */
const SMALL_BYTES = 512

const SHELF_BYTES = 4096

/**
 * Where small datagrams that come one by one lie together while they wait to be read. Each in the buffer that it came in
 * would cost several times what it counts.
 */
export class Shelf {
  /** Has no length any more once the user has transferred it, with a datagram that was read. */
  #memory: Uint8Array | undefined
  #used = 0

  /** The datagrams of one chunk are kept from now on. */
  put(datagrams: readonly ConnectDatagram[]): void {
    if (datagrams.length > FEW) return
    for (const datagram of datagrams) if (datagram.byteLength <= SMALL_BYTES) this.#move(datagram)
  }

  #move(datagram: ConnectDatagram): void {
    const { byteLength } = datagram
    if (this.#memory === undefined || this.#used + byteLength > this.#memory.length) {
      this.#memory = new Uint8Array(SHELF_BYTES)
      this.#used = 0
    }
    if (moveData(datagram, this.#memory, this.#used)) this.#used += byteLength
  }
}
