import type { PacketWriter } from '../wire/packet-writer.ts'
import { transferred } from './failures.ts'

/** Segments up to this length, in bytes, are copied together where several follow each other: a view costs as much. */
const SMALL_BYTES = 1024

/** What they are copied into: as large as what waits already, within these bounds. */
const LEAST_SLAB_BYTES = 1024
const LARGEST_SLAB_BYTES = 16_384

/**
 * The bytes of the stream from the first that is not acknowledged on, where the user has them. Places are counted from
 * the start of the stream.
 */
export class SendQueue {
  /** The last may be a slab that is not full. */
  readonly #segments: Uint8Array[] = []
  /** Where each segment begins. */
  readonly #starts: number[] = []
  /** Segments before this one have been let go of. */
  #head = 0
  /** The segment that was read last: mostly the next one to be read as well. */
  #cursor = 0
  #end = 0
  /** Whether the last segment is small, or a slab; and what room a slab has left. */
  #lastIsSmall = false
  #slabRoom = 0

  /** The place behind the last byte. */
  get end(): number {
    return this.#end
  }

  push(segments: readonly Uint8Array[]): void {
    for (const segment of segments) {
      if (segment.length === 0) continue
      if (segment.length > SMALL_BYTES) this.#append(segment, false)
      else if (segment.length <= this.#slabRoom) this.#gather(segment)
      else this.#appendSmall(segment)
      this.#end += segment.length
    }
  }

  #append(segment: Uint8Array, isSmall: boolean): void {
    // As no Buffer: parts of it cost less.
    this.#segments.push(new Uint8Array(segment.buffer, segment.byteOffset, segment.length))
    this.#starts.push(this.#end)
    this.#lastIsSmall = isSmall
    this.#slabRoom = 0
  }

  /** One by itself stays where it is; from the second in a row on, they go into a slab. */
  #appendSmall(segment: Uint8Array): void {
    if (!this.#lastIsSmall) {
      this.#append(segment, true)
      return
    }
    const waiting = this.#end - this.#starts[this.#head]!
    this.#segments.push(new Uint8Array(Math.min(LARGEST_SLAB_BYTES, Math.max(LEAST_SLAB_BYTES, waiting))))
    this.#starts.push(this.#end)
    this.#slabRoom = this.#segments.at(-1)!.length
    this.#gather(segment)
  }

  #gather(segment: Uint8Array): void {
    const slab = this.#segments[this.#segments.length - 1]!
    slab.set(segment, slab.length - this.#slabRoom)
    this.#slabRoom -= segment.length
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
      const part = Math.min(left, this.#endOf(index) - this.#starts[index]! - from)
      writer.bytes(segment.subarray(from, from + part))
      left -= part
      from = 0
      this.#cursor = index
    }
  }

  /** Lets go of what lies before a place. */
  release(place: number): void {
    while (this.#head < this.#segments.length && this.#endOf(this.#head) <= place) this.#head++
    if (this.#head === this.#segments.length) this.#lastIsSmall = false
    if (!this.#lastIsSmall) this.#slabRoom = 0
    if (this.#head < 64 || this.#head * 2 < this.#segments.length) {
      if (this.#head !== this.#segments.length) return
    }
    this.#segments.splice(0, this.#head)
    this.#starts.splice(0, this.#head)
    this.#cursor = Math.max(0, this.#cursor - this.#head)
    this.#head = 0
  }

  /** The place behind what a segment holds. */
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
