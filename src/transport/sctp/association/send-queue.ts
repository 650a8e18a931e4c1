import type { PacketWriter } from '../wire/packet-writer.ts'
import { transferred } from './failures.ts'

/**
 * The bytes of the stream from the first that is not acknowledged on, where the user has them. Places are counted from
 * the start of the stream.
 */
export class SendQueue {
  readonly #segments: Uint8Array[] = []
  /** Where each segment begins. */
  readonly #starts: number[] = []
  /** Segments before this one have been let go of. */
  #head = 0
  /** The segment that was read last: mostly the next one to be read as well. */
  #cursor = 0
  #end = 0

  /** The place behind the last byte. */
  get end(): number {
    return this.#end
  }

  push(segments: readonly Uint8Array[]): void {
    for (const segment of segments) {
      if (segment.length === 0) continue
      // As no Buffer: parts of it cost less.
      this.#segments.push(new Uint8Array(segment.buffer, segment.byteOffset, segment.length))
      this.#starts.push(this.#end)
      this.#end += segment.length
    }
  }

  /**
   * Copies `byteLength` bytes from a place on into a packet.
   *
   * @throws ConnectError `INVALID_ARGUMENT` if their memory was transferred away
   */
  write(writer: PacketWriter, place: number, byteLength: number): void {
    let index = this.#find(place)
    let from = place - this.#starts[index]!
    for (let left = byteLength; left > 0; index++) {
      const segment = this.#segments[index]!
      if (segment.length === 0) throw transferred()
      const part = Math.min(left, segment.length - from)
      writer.bytes(segment.subarray(from, from + part))
      left -= part
      from = 0
      this.#cursor = index
    }
  }

  /** Lets go of what lies before a place. */
  release(place: number): void {
    while (this.#head < this.#segments.length && this.#endOf(this.#head) <= place) this.#head++
    if (this.#head < 64 || this.#head * 2 < this.#segments.length) {
      if (this.#head !== this.#segments.length) return
    }
    this.#segments.splice(0, this.#head)
    this.#starts.splice(0, this.#head)
    this.#cursor = Math.max(0, this.#cursor - this.#head)
    this.#head = 0
  }

  #endOf(index: number): number {
    // Not by the length of the segment: one whose memory was transferred away has none any more.
    return this.#starts[index + 1] ?? this.#end
  }

  #find(place: number): number {
    const { length } = this.#segments
    for (let index = this.#cursor; index < Math.min(this.#cursor + 2, length); index++) {
      if (this.#starts[index]! <= place && place < this.#endOf(index)) return index
    }
    let low = this.#head
    let high = length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#starts[middle]! <= place) low = middle
      else high = middle - 1
    }
    return low
  }
}
