import type { Job } from './job.ts'

/** Different messages that a sender goes round; more than can be queued anywhere, within 64 MiB. */
export function ringSize(bytes: number): number {
  return Math.max(4, Math.min(4096, Math.floor((64 * 1024 * 1024) / bytes)))
}

/** The data of a sender's messages: each begins with its place in the ring, as a u32 in big-endian order. */
export function ringOfData(bytes: number): Uint8Array[] {
  return Array.from({ length: ringSize(bytes) }, (_, place) => {
    const data = new Uint8Array(bytes).fill(place)
    new DataView(data.buffer).setUint32(0, place)
    return data
  })
}

/** Checks length and order of what arrives, and takes the time from the end of the warm-up to the end. */
export class Arrivals {
  readonly elapsedMs: Promise<number>
  readonly #job: Job
  readonly #ring: number
  #arrived = 0
  #startedAt = 0
  #done!: (elapsedMs: number) => void

  constructor(job: Job) {
    this.#job = job
    this.#ring = ringSize(job.bytes)
    this.elapsedMs = new Promise(resolve => {
      this.#done = resolve
    })
  }

  /** @param length the length of the message's data @param data the data, from `at` on */
  note(length: number, data: Uint8Array, at = 0): void {
    const place = ((data[at]! << 24) | (data[at + 1]! << 16) | (data[at + 2]! << 8) | data[at + 3]!) >>> 0
    if (length !== this.#job.bytes || place !== this.#arrived % this.#ring) {
      throw new Error(`message ${this.#arrived}: ${length} bytes, place ${place} of ${this.#ring}`)
    }
    this.#count(1)
  }

  /** For a peer without messages: so many bytes have come; `frameBytes` make a message. */
  noteBytes(total: number, frameBytes: number): void {
    this.#count(Math.floor(total / frameBytes) - this.#arrived)
  }

  #count(messages: number): void {
    const { warmUp, count } = this.#job
    const before = this.#arrived
    this.#arrived += messages
    if (before < warmUp && this.#arrived >= warmUp) this.#startedAt = performance.now()
    if (before < warmUp + count && this.#arrived >= warmUp + count)
      this.#done(performance.now() - this.#startedAt)
  }
}
