import { type ConnectDatagram, datagramIn } from './datagram.ts'

/** Reserved at once for any frame, whatever it announces. */
const FIRST_RESERVE_BYTES = 128 * 1024

/** Beyond that, at most this many times what has arrived. */
const RESERVE_FACTOR = 8

/**
 * The data of a frame that arrives in several chunks.
 *
 * The buffer follows what has arrived, not what was announced: a peer that announces 100 MB and sends nothing costs
 * 128 KiB. It grows by a factor of eight so that its last size is exact and at most a seventh is copied twice.
 */
export class PartialData {
  readonly total: number
  readonly #recipient: number
  #buffer: Uint8Array
  #length = 0

  constructor(recipient: number, total: number) {
    this.total = total
    this.#recipient = recipient
    this.#buffer = new Uint8Array(reserveBytes(total, 0))
  }

  /** Bytes that have arrived. */
  get length(): number {
    return this.#length
  }

  get complete(): boolean {
    return this.#length === this.total
  }

  /** Takes what belongs to the frame from `chunk[at...]`; returns where that ends. */
  take(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.total - this.#length)
    const length = this.#length + end - at
    if (length > this.#buffer.length) this.#grow(length)
    this.#buffer.set(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end), this.#length)
    this.#length = length
    return end
  }

  /** The complete datagram. It owns the buffer from now on. */
  datagram(): ConnectDatagram {
    return datagramIn(this.#recipient, this.#buffer, 0, this.total)
  }

  #grow(length: number): void {
    const larger = new Uint8Array(reserveBytes(this.total, length))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }
}

/** The largest of total, total / 8, total / 64... that what has arrived allows. */
export function reserveBytes(total: number, arrived: number): number {
  const most = Math.max(FIRST_RESERVE_BYTES, arrived * RESERVE_FACTOR)
  let bytes = total
  while (bytes > most) bytes = Math.ceil(bytes / RESERVE_FACTOR)
  return bytes
}
