import { bytesOf } from '../../support/data.ts'

/** No multiple of anything that a packet or a message is long. */
const POOL_BYTES = 999_983
const pool = bytesOf(POOL_BYTES, 1)

/** What one end sends, from its first byte on: random, but known beforehand at every place. */
export class StreamBytes {
  readonly #offset: number

  constructor(key: number) {
    this.#offset = (key >>> 0) % POOL_BYTES
  }

  at(place: number, byteLength: number): Uint8Array {
    const bytes = new Uint8Array(byteLength)
    for (let done = 0; done < byteLength; ) {
      const from = (this.#offset + place + done) % POOL_BYTES
      const part = pool.subarray(from, Math.min(POOL_BYTES, from + byteLength - done))
      bytes.set(part, done)
      done += part.length
    }
    return bytes
  }

  has(place: number, bytes: Uint8Array): boolean {
    const from = (this.#offset + place) % POOL_BYTES
    if (from + bytes.length <= POOL_BYTES) {
      return Buffer.compare(pool.subarray(from, from + bytes.length), bytes) === 0
    }
    return Buffer.compare(this.at(place, bytes.length), bytes) === 0
  }
}
