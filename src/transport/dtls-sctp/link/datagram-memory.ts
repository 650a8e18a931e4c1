/** More than the records of a datagram ever have, and room for several datagrams. */
const MEMORY_BYTES = 262_144

const NO_MEMORY = new Uint8Array(0)

/**
 * Memory that datagrams are put together in. It is used again as soon as the operating system has taken what lies in it;
 * if that keeps some waiting, the memory is left to them.
 */
export class DatagramMemory {
  #memory = NO_MEMORY
  #at = 0

  /** The next bytes of it, at most 65,536. */
  take(byteLength: number): Uint8Array {
    if (this.#memory.length - this.#at < byteLength) {
      this.#memory = new Uint8Array(MEMORY_BYTES)
      this.#at = 0
    }
    this.#at += byteLength
    return this.#memory.subarray(this.#at - byteLength, this.#at)
  }

  /** Says whether somebody still needs what was taken. */
  release(needed: boolean): void {
    if (needed) this.#memory = NO_MEMORY
    this.#at = 0
  }
}
