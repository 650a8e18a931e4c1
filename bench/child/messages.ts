import type { Sample } from '../figures.ts'
import type { Job } from '../job.ts'

/** What is known of the messages of a flow. */
export type Messages = Pick<Job, 'bytes' | 'count' | 'warmUp'>

/** Different messages that a sender goes round: more than can be queued anywhere, within 64 MiB or four of them. */
export function ringSize({ bytes, count, warmUp }: Messages): number {
  return Math.min(warmUp + count, 4096, Math.max(4, Math.floor((64 * 1024 * 1024) / bytes)))
}

/** The data of a sender's messages: each begins with its place in the ring, as a u32 in big-endian order. */
export function ringOfData(messages: Messages): Uint8Array[] {
  return Array.from({ length: ringSize(messages) }, (_, place) => {
    const data = new Uint8Array(messages.bytes).fill(place)
    new DataView(data.buffer).setUint32(0, place)
    return data
  })
}

/** Checks length and order of what arrives, and takes the time from the end of the warm-up to the end. */
export class Arrivals {
  /** The rate, when all have arrived. */
  readonly figures: Promise<Sample>
  readonly #messages: Messages
  readonly #bytes: number
  readonly #ring: number
  /** Where in the ring the next message is from. */
  #place = 0
  #arrived = 0
  /** How many will have arrived when there is something to note. */
  #milestone: number
  #startedAt = performance.now()
  #done!: (figures: Sample) => void

  constructor(messages: Messages) {
    this.#messages = messages
    this.#bytes = messages.bytes
    this.#ring = ringSize(messages)
    this.#milestone = messages.warmUp || messages.count
    this.figures = new Promise(resolve => {
      this.#done = resolve
    })
  }

  get arrived(): number {
    return this.#arrived
  }

  /** @param length the length of the message's data @param data the data, from `at` on */
  note(length: number, data: Uint8Array, at = 0): void {
    const place = ((data[at]! << 24) | (data[at + 1]! << 16) | (data[at + 2]! << 8) | data[at + 3]!) >>> 0
    if (length !== this.#bytes || place !== this.#place) {
      throw new Error(`message ${this.#arrived}: ${length} bytes, place ${place}, not ${this.#place}`)
    }
    this.#place = place + 1 === this.#ring ? 0 : place + 1
    this.#arrived += 1
    if (this.#arrived >= this.#milestone) this.#pass()
  }

  /** For a peer without messages: so many bytes have come; `frameBytes` make a message. */
  noteBytes(total: number, frameBytes: number): void {
    this.#arrived = Math.floor(total / frameBytes)
    if (this.#arrived >= this.#milestone) this.#pass()
  }

  #pass(): void {
    const { warmUp, count } = this.#messages
    const now = performance.now()
    if (this.#arrived < warmUp + count) {
      this.#milestone = warmUp + count
      this.#startedAt = now
    } else {
      this.#milestone = Number.POSITIVE_INFINITY
      this.#done({ rate: (count / (now - this.#startedAt)) * 1000 })
    }
  }
}
