import { bytesOf } from '../../support/data.ts'

const HEADER_BYTES = 8

/** All data is cut out of this, each message elsewhere. */
const POOL = Buffer.from(bytesOf(4_000_000))

/** What a user sends: message `n` counts from 1, and its recipient and data follow from who sends it and from `n`. */
export class Messages {
  readonly name: string
  readonly sizes: readonly number[]
  readonly #frames: Buffer[] = []
  /** Where each frame ends, in bytes of the direction. */
  readonly #ends: number[] = [0]

  constructor(name: string, sizes: readonly number[]) {
    this.name = name
    this.sizes = sizes
    for (const size of sizes) this.#ends.push(this.#ends.at(-1)! + HEADER_BYTES + size)
  }

  get count(): number {
    return this.sizes.length
  }

  /** Bytes of the largest frame. */
  get largest(): number {
    return HEADER_BYTES + Math.max(0, ...this.sizes)
  }

  recipientOf(n: number): number {
    return n & 0xffff
  }

  dataOf(n: number): Buffer {
    return this.frameOf(n).subarray(HEADER_BYTES)
  }

  /** The bytes that must be on every wire that carries it. */
  frameOf(n: number): Buffer {
    this.#frames[n] ??= this.#encode(n)
    return this.#frames[n]
  }

  /** The bytes of the frames behind `from` and up to `to`. */
  bytesBetween(from: number, to: number): number {
    return this.#ends[to]! - this.#ends[from]!
  }

  #encode(n: number): Buffer {
    const size = this.sizes[n - 1]!
    const frame = Buffer.alloc(HEADER_BYTES + size)
    frame.writeUInt32BE(4 + size, 0)
    frame.writeUInt16BE(1, 4)
    frame.writeUInt16BE(this.recipientOf(n), 6)
    const at = (this.name.length * 7919 + n * 104_729) % (POOL.length - size)
    frame.set(POOL.subarray(at, at + size), HEADER_BYTES)
    return frame
  }
}
