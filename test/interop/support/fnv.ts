/** The FNV-1a hash of 64 bits, as the peer in C prints it. Two halves, because BigInt would take seconds. */
export class Fnv {
  #high = 0xcbf29ce4
  #low = 0x84222325
  #byteLength = 0

  add(bytes: Uint8Array): this {
    let high = this.#high
    let low = this.#low
    for (const byte of bytes) {
      low = (low ^ byte) >>> 0
      // Times 2^40 + 0x1b3.
      const product = low * 0x1b3
      high = (Math.imul(high, 0x1b3) + Math.floor(product / 2 ** 32) + (low << 8)) >>> 0
      low = product >>> 0
    }
    this.#high = high
    this.#low = low
    this.#byteLength += bytes.length
    return this
  }

  /** The count and the hash, as in the peer's lines. */
  toString(): string {
    const hash = [this.#high, this.#low].map(half => half.toString(16).padStart(8, '0')).join('')
    return `${this.#byteLength} ${hash}`
  }
}
