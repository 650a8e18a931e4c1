import { HEADER_BYTES, SIZE_BYTES, SIZE_OVERHEAD, VERSION } from '../frame/format.ts'
import { type Allocate, zeroed } from '../frame/partial-data.ts'
import { CONTROL_VERSION, controlFrameBytes } from './control-frame.ts'

/** Whom the walker tells what it finds. Either call may throw, which ends the walk. */
export interface WalkerUser {
  /** The next bytes of data frames. */
  onRun(bytes: Uint8Array): void
  /** A whole control frame; `received` of the walker is up to date. */
  onControl(frame: Uint8Array): void
}

/**
 * Parts what comes over the connections of a session into control frames and data frames, and counts the latter.
 *
 * Data goes on as it comes, in runs as long as the chunk allows, but for a header that is cut: it is held until it is
 * whole, because its version decides where it goes. When a connection broke inside a data frame, the peer sends that
 * frame again from its start; whoever was given a part of it has to drop that.
 */
export class FrameWalker {
  readonly #user: WalkerUser
  readonly #allocate: Allocate
  readonly #maxSize: number
  #received = 0
  #begunBytes = 0
  /** Bytes that the data frame under way still lacks. */
  #left = 0
  /** The bytes of that whole frame. */
  #frameBytes = 0
  /** The first bytes of a header that a chunk has cut; made when first needed. */
  #head: Uint8Array | undefined
  #headLength = 0
  /** A control frame that a chunk has cut. */
  #control: Uint8Array | undefined
  #controlLength = 0
  #spoilt = false
  /** Where in the chunk the data begins that has not been given on: all of it goes at once, as far as it is data. */
  #runFrom = 0

  /**
   * @param allocate gives memory of the kind that chunks are made of: the loops here and in the decoder are half as fast
   * when they meet two kinds
   */
  constructor(user: WalkerUser, maxDataBytes: number, allocate: Allocate = zeroed) {
    this.#user = user
    this.#allocate = allocate
    this.#maxSize = maxDataBytes + SIZE_OVERHEAD
  }

  /** Data frames that have come whole. */
  get received(): number {
    return this.#received
  }

  /** Bytes of the data frames that have begun, to their ends. */
  get begunBytes(): number {
    return this.#begunBytes
  }

  /** Bytes of the data frames that have come whole. */
  get receivedBytes(): number {
    return this.#left > 0 ? this.#begunBytes - this.#frameBytes : this.#begunBytes
  }

  /** Whether what comes next is data of a frame that is under way. */
  get isInsideData(): boolean {
    return this.#left > 0
  }

  /** @throws ConnectError `PROTOCOL_VIOLATION` */
  push(chunk: Uint8Array): void {
    let at = 0
    this.#runFrom = 0
    while (at < chunk.length && !this.#spoilt) {
      at = this.#isUnderWay ? this.#goOn(chunk, at) : this.#walk(chunk, at)
    }
    if (!this.#spoilt) this.#endRun(chunk, chunk.length)
  }

  /** The connection is gone: drops what is cut, to start anew at the border of a frame. */
  restart(): void {
    if (this.#left > 0) this.#begunBytes -= this.#frameBytes
    this.#left = 0
    this.#headLength = 0
    this.#control = undefined
  }

  get #isUnderWay(): boolean {
    return this.#left > 0 || this.#headLength > 0 || this.#control !== undefined
  }

  /** Goes on with what an earlier chunk has begun; returns where that ends in this one. */
  #goOn(chunk: Uint8Array, at: number): number {
    if (this.#left > 0) return this.#continueData(chunk, at)
    return this.#control !== undefined ? this.#continueControl(chunk, at) : this.#continueHead(chunk, at)
  }

  #continueData(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#left)
    this.#left -= end - at
    if (this.#left === 0) this.#received++
    return end
  }

  #continueControl(chunk: Uint8Array, at: number): number {
    const control = this.#control!
    const end = Math.min(chunk.length, at + control.length - this.#controlLength)
    control.set(chunk.subarray(at, end), this.#controlLength)
    this.#controlLength += end - at
    this.#runFrom = end
    if (this.#controlLength < control.length) return end
    this.#control = undefined
    this.#user.onControl(control)
    return end
  }

  #continueHead(chunk: Uint8Array, at: number): number {
    this.#head ??= this.#allocate(HEADER_BYTES)
    const head = this.#head
    const end = Math.min(chunk.length, at + HEADER_BYTES - this.#headLength)
    head.set(chunk.subarray(at, end), this.#headLength)
    this.#headLength += end - at
    this.#runFrom = end
    if (this.#headLength < HEADER_BYTES) return end
    this.#headLength = 0
    if (versionOf(head, 0) === CONTROL_VERSION) this.#beginControl(head)
    else if (isData(head, 0, this.#maxSize)) this.#beginData(head)
    else this.#spoil(head, 0)
    return end
  }

  #beginControl(head: Uint8Array): void {
    this.#control = new Uint8Array(controlFrameBytes(head, 0))
    this.#control.set(head)
    this.#controlLength = HEADER_BYTES
  }

  #beginData(head: Uint8Array): void {
    this.#frameBytes = sizeOf(head, 0) + SIZE_BYTES
    this.#begunBytes += this.#frameBytes
    this.#left = this.#frameBytes - HEADER_BYTES
    const run = this.#allocate(HEADER_BYTES)
    run.set(head)
    this.#run(run, 0, HEADER_BYTES)
  }

  /**
   * Walks the frames from `from` on, where one begins; returns how far it has come.
   *
   * A frame mostly has the size of the one before it. Where that is so, the step to the next does not depend on what was
   * just read, and the processor reads ahead.
   */
  #walk(chunk: Uint8Array, from: number): number {
    const end = chunk.length
    const last = end - HEADER_BYTES
    const maxSize = this.#maxSize
    let at = from
    let size = 0
    let frames = 0
    while (at <= last && chunk[at + 5] === VERSION && chunk[at + 4] === 0) {
      const next = (chunk[at]! << 24) | (chunk[at + 1]! << 16) | (chunk[at + 2]! << 8) | chunk[at + 3]!
      if (next !== size) {
        if (next <= SIZE_OVERHEAD || next > maxSize) break
        size = next
      }
      at += size + SIZE_BYTES
      frames++
    }
    this.#begunBytes += at - from
    if (at > end) {
      this.#frameBytes = size + SIZE_BYTES
      this.#left = at - end
    }
    this.#received += at > end ? frames - 1 : frames
    return at < end ? this.#special(chunk, at) : end
  }

  /** What begins at `chunk[at]` and is no data frame, as far as can be seen. */
  #special(chunk: Uint8Array, at: number): number {
    this.#endRun(chunk, at)
    if (chunk.length - at < HEADER_BYTES) {
      this.#runFrom = chunk.length
      this.#head ??= this.#allocate(HEADER_BYTES)
      this.#head.set(chunk.subarray(at))
      this.#headLength = chunk.length - at
      return chunk.length
    }
    if (versionOf(chunk, at) !== CONTROL_VERSION) return this.#spoil(chunk, at)
    const end = at + controlFrameBytes(chunk, at)
    if (end <= chunk.length) {
      this.#runFrom = end
      this.#user.onControl(chunk.subarray(at, end))
      return end
    }
    this.#beginControl(chunk.subarray(at, at + HEADER_BYTES))
    this.#runFrom = at + HEADER_BYTES
    return at + HEADER_BYTES
  }

  /** A bad header goes on like data, so that the decoder behind says what is wrong with it. Nothing follows it. */
  #spoil(chunk: Uint8Array, at: number): number {
    this.#spoilt = true
    this.#user.onRun(chunk.slice(at, at + HEADER_BYTES))
    return chunk.length
  }

  /** Gives on the data of the chunk up to there that has not been given. */
  #endRun(chunk: Uint8Array, to: number): void {
    const from = this.#runFrom
    this.#runFrom = to
    if (to > from) this.#run(chunk, from, to)
  }

  #run(chunk: Uint8Array, from: number, to: number): void {
    this.#user.onRun(from === 0 && to === chunk.length ? chunk : chunk.subarray(from, to))
  }
}

/** Whether the header at `bytes[at...]` is that of a data frame within the limit. */
function isData(bytes: Uint8Array, at: number, maxSize: number): boolean {
  const size = sizeOf(bytes, at)
  return bytes[at + 5] === VERSION && bytes[at + 4] === 0 && size > SIZE_OVERHEAD && size <= maxSize
}

function sizeOf(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

function versionOf(bytes: Uint8Array, at: number): number {
  return (bytes[at + 4]! << 8) | bytes[at + 5]!
}
