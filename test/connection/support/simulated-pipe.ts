import type { ConnectError } from '../../../src/errors.ts'
import type { ByteStream, ByteStreamSink } from '../../../src/transport/byte-stream.ts'
import { concat } from '../../frame/twin.ts'

/** A source of chance: a whole number from 0 to `below` - 1. */
export type Chance = (below: number) => number

export function chanceOf(seed: number): Chance {
  let state = (seed ^ 0x9e3779b9) >>> 0 || 1
  return below => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state % below
  }
}

/** One end of a connection whose network moves only when the test lets it: by `deliver`, any number of bytes at a time. */
export class PipeEnd implements ByteStream {
  readonly localAddress: string
  readonly remoteAddress: string
  readonly tls = undefined
  /** Written and not delivered to the other end. */
  #out: Uint8Array = new Uint8Array(0)
  #delivered = 0
  #ended = false
  #endDelivered = false
  #truncated = false
  #paused = false
  #resetAsked = false
  #gone = false
  #sink!: ByteStreamSink
  #peer!: PipeEnd

  constructor(localAddress: string, remoteAddress: string) {
    this.localAddress = localAddress
    this.remoteAddress = remoteAddress
  }

  static pair(): [PipeEnd, PipeEnd] {
    const left = new PipeEnd('pipe://left', 'pipe://right')
    const right = new PipeEnd('pipe://right', 'pipe://left')
    left.#peer = right
    right.#peer = left
    return [left, right]
  }

  /** Bytes that the other end has been given. */
  get delivered(): number {
    return this.#delivered
  }

  open(sink: ByteStreamSink): void {
    this.#sink = sink
  }

  write(segments: readonly Uint8Array[]): boolean {
    if (!this.#truncated) this.#out = concat([this.#out, ...segments])
    return false
  }

  end(): void {
    this.#ended = true
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
  }

  reset(): void {
    this.#resetAsked = true
  }

  /** Moves up to `most` bytes to the other end, or this end's end, or its reset. Returns whether anything moved. */
  deliver(most: number, broken: ConnectError): boolean {
    if (this.#gone) return false
    if (this.#resetAsked) {
      this.#leave()
      this.#peer.#leave(broken)
      return true
    }
    if (this.#peer.#paused || this.#peer.#gone) return false
    if (this.#out.length > 0) {
      const chunk = this.#out.slice(0, most)
      this.#out = this.#out.slice(chunk.length)
      this.#delivered += chunk.length
      this.#peer.#sink.onData(chunk)
      if (!this.#gone) this.#sink.onWritten(chunk.length)
      return true
    }
    if (!this.#ended || this.#endDelivered || this.#truncated) return false
    this.#endDelivered = true
    this.#peer.#sink.onEnd()
    this.#sink.onFinish()
    if (this.#peer.#endDelivered) {
      this.#leave()
      this.#peer.#leave()
    }
    return true
  }

  /** The network fails: what is on its way is lost. */
  cut(broken: ConnectError): void {
    this.#leave(broken)
    this.#peer.#leave(broken)
  }

  /** The other end gets the first `byteLength` bytes that are on their way to it and then a clean end; nothing after. */
  truncate(byteLength: number): void {
    if (this.#gone || this.#endDelivered) return
    const rest = this.#out.slice(0, byteLength)
    this.#delivered += rest.length
    if (rest.length > 0) this.#peer.#sink.onData(rest)
    this.#peer.#sink.onEnd()
    this.#out = new Uint8Array(0)
    this.#truncated = true
  }

  #leave(error?: ConnectError): void {
    if (this.#gone) return
    this.#gone = true
    this.#sink.onClose(error)
  }
}
