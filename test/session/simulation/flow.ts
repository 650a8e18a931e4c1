import { type Frame, frameBytesAt, readFrame } from './frames.ts'

const NOTHING = Buffer.alloc(0)

/** One direction of a connection: which frames were sent, and which of them have wholly arrived. */
export class Flow {
  readonly #sent: { readonly frame: Frame; readonly end: number }[] = []
  #rest: Buffer = NOTHING
  #sentBytes = 0
  #arrivedBytes = 0
  #arrivedFrames = 0

  /** What was sent of a frame that is not whole. */
  get rest(): Uint8Array {
    return this.#rest
  }

  /** Whether what has arrived ends inside a frame. */
  get hasArrivedInPart(): boolean {
    const { end } = this.#sent[this.#arrivedFrames - 1] ?? { end: 0 }
    return this.#arrivedBytes > end
  }

  /** Calls back for each frame that is now whole. */
  send(bytes: Uint8Array, onFrame: (frame: Frame) => void): void {
    const fresh = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const all = this.#rest.length === 0 ? fresh : Buffer.concat([this.#rest, fresh])
    let at = 0
    for (;;) {
      const length = frameBytesAt(all, at)
      if (length === undefined || at + length > all.length) break
      const frame = readFrame(all.subarray(at, at + length))
      at += length
      this.#sentBytes += length
      this.#sent.push({ frame, end: this.#sentBytes })
      onFrame(frame)
    }
    this.#rest = all.subarray(at)
  }

  arrive(byteLength: number, onFrame: (frame: Frame) => void): void {
    this.#arrivedBytes += byteLength
    for (;;) {
      const next = this.#sent[this.#arrivedFrames]
      if (next === undefined || next.end > this.#arrivedBytes) return
      this.#arrivedFrames++
      onFrame(next.frame)
    }
  }
}
