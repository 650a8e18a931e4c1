/** Counts datagrams and the bytes of their data. */
export class Tally {
  #datagrams = 0
  #bytes = 0

  get datagrams(): number {
    return this.#datagrams
  }

  get bytes(): number {
    return this.#bytes
  }

  add(byteLength: number): void {
    this.#datagrams++
    this.#bytes += byteLength
  }
}
