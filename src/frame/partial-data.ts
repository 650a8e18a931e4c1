import { type ConnectDatagram, datagramIn } from './datagram.ts'

/** Reserved at once for any frame, whatever it announces. */
const FIRST_RESERVE_BYTES = 128 * 1024

/** Beyond that, at most this many times what has arrived. */
const RESERVE_FACTOR = 8

/** Gives memory whose first content does not matter. */
export type Allocate = (byteLength: number) => Uint8Array

/**
 * The data of a frame that arrives in several chunks.
 *
 * The buffer follows what has arrived, not what was announced: a peer that announces 100 MB and sends nothing costs
 * 128 KiB. It grows by a factor of eight so that its last size is exact and at most a seventh is copied twice.
 */
export class PartialData {
  readonly total: number
  readonly #recipient: number
  readonly #allocate: Allocate
  #buffer: Uint8Array
  #length = 0

  /** @param available bytes of data that are there to be taken */
  constructor(recipient: number, total: number, available: number, allocate: Allocate) {
    this.total = total
    this.#recipient = recipient
    this.#allocate = allocate
    this.#buffer = allocate(reserveBytes(total, available))
  }

  /** Bytes that have arrived. */
  get length(): number {
    return this.#length
  }

  /** Bytes that have not. */
  get missing(): number {
    return this.total - this.#length
  }

  get complete(): boolean {
    return this.#length === this.total
  }

  /** Where what comes next belongs; undefined if the buffer has to grow first. */
  room(): Uint8Array | undefined {
    return this.#length < this.#buffer.length ? this.#buffer.subarray(this.#length) : undefined
  }

  /** Takes what belongs to the frame from `chunk[at...]`; returns where that ends. */
  take(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.missing)
    const length = this.#length + end - at
    if (chunk.buffer !== this.#buffer.buffer) this.#copy(chunk.subarray(at, end), length)
    this.#length = length
    return end
  }

  /** The complete datagram. It owns the buffer from now on. */
  datagram(): ConnectDatagram {
    return datagramIn(this.#recipient, this.#buffer.buffer, 0, this.total)
  }

  #copy(bytes: Uint8Array, length: number): void {
    if (length > this.#buffer.length) this.#grow(length)
    this.#buffer.set(bytes, this.#length)
  }

  #grow(length: number): void {
    const larger = this.#allocate(reserveBytes(this.total, length))
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

/** Where the runtime has nothing faster. */
export function zeroed(byteLength: number): Uint8Array {
  return new Uint8Array(byteLength)
}
