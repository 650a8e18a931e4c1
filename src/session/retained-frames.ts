import { type ConnectDatagram, datagramIn } from '../frame/datagram.ts'
import { HEADER_BYTES, SIZE_BYTES } from '../frame/format.ts'
import { readRecipient } from '../frame/header.ts'

/** What one write of the connection has given, or several small ones: segments of which none begins or ends inside a header. */
export interface Chunk {
  readonly segments: readonly Uint8Array[]
  /** Where each segment ends, in bytes of the chunk: one whose data was transferred away has no length any more. */
  readonly ends: readonly number[]
  readonly byteLength: number
  /** Bytes that were taken before it. */
  readonly start: number
  /** Bytes at its start that belong to a frame which began before. */
  readonly rest: number
  /** Frames that have begun before it, and by its end. */
  readonly begunBefore: number
  readonly begun: number
  /** Bytes that its last frame lacks. */
  readonly tail: number
}

/**
 * The encoded frames that the peer has not consumed yet, in the memory in which they were written; none is copied.
 *
 * A frame's number is its place in the direction, from 1 on. Whoever wrote a chunk says how many frames begin in it; what
 * is asked about a place in the middle of a chunk is found by walking that chunk along the frames' size fields.
 */
export class RetainedFrames {
  readonly #chunks: Chunk[] = []
  /** How many at the start of the list are done with: to take each out by itself would move all the others. */
  #done = 0
  #takenBytes = 0
  #begun = 0
  #tail = 0
  #confirmed = 0
  #confirmedBytes = 0

  /** Bytes that were ever taken. */
  get takenBytes(): number {
    return this.#takenBytes
  }

  /** Frames that the peer has consumed, and their bytes. */
  get confirmed(): number {
    return this.#confirmed
  }

  get confirmedBytes(): number {
    return this.#confirmedBytes
  }

  /** Frames that are kept, the last of which may not be whole. */
  get frames(): number {
    return this.#begun - this.#confirmed
  }

  /** Bytes that are kept. */
  get byteLength(): number {
    return this.#takenBytes - this.#confirmedBytes
  }

  /**
   * @param begun frames that begin in all that was ever taken, this included
   * @param tail bytes that the last of them lacks
   */
  add(segments: readonly Uint8Array[], byteLength: number, begun: number, tail: number): void {
    const last = this.#chunks.at(-1)
    const joined = last === undefined ? undefined : joinedSegments(last, segments, byteLength)
    if (last !== undefined && joined !== undefined) {
      const whole = { segments: joined, ends: endsOf(joined), byteLength: last.byteLength + byteLength }
      this.#chunks[this.#chunks.length - 1] = { ...last, ...whole, begun, tail }
    } else {
      this.#chunks.push({
        segments,
        ends: endsOf(segments),
        byteLength,
        start: this.#takenBytes,
        rest: Math.min(this.#tail, byteLength),
        begunBefore: this.#begun,
        begun,
        tail,
      })
    }
    this.#takenBytes += byteLength
    this.#begun = begun
    this.#tail = tail
  }

  /** The peer has consumed the frames up to this number, which have all been taken. Returns how many bytes are free. */
  confirm(count: number): number {
    const position = this.positionAfter(count)
    const freed = position - this.#confirmedBytes
    this.#confirmed = count
    this.#confirmedBytes = position
    while (this.#done < this.#chunks.length && endOf(this.#chunks[this.#done]!) <= position) {
      this.#chunks[this.#done++] = GONE
    }
    if (this.#done > 0 && this.#done * 2 >= this.#chunks.length) {
      this.#chunks.splice(0, this.#done)
      this.#done = 0
    }
    return freed
  }

  /** Where frame `count` ends, in bytes from the first that was ever taken; it is confirmed or kept. */
  positionAfter(count: number): number {
    if (count === this.#confirmed) return this.#confirmedBytes
    const chunk = this.#firstThat(({ begun }) => begun > count)
    return chunk === undefined ? this.#takenBytes + this.#tail : this.#positionIn(chunk, count)
  }

  /** The chunk in which this byte lies; undefined if it has not been taken. */
  chunkAt(position: number): Chunk | undefined {
    // What is asked for is mostly the newest.
    const newest = this.#chunks.at(-1)
    if (newest === undefined || position >= endOf(newest)) return undefined
    const chunk = position >= newest.start ? newest : this.#firstThat(each => position < endOf(each))
    return chunk !== undefined && position >= chunk.start ? chunk : undefined
  }

  /** Every whole frame that is kept, in order. Data that was transferred away cannot be shown and is left out. */
  datagrams(): ConnectDatagram[] {
    const found: ConnectDatagram[] = []
    for (let i = this.#done; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i]!
      const next = this.#chunks[i + 1]?.segments[0]
      let position = Math.max(chunk.start + chunk.rest, this.#confirmedBytes)
      while (position < chunk.start + chunk.byteLength) {
        const [segment, at] = segmentAt(chunk, position)
        const header = chunk.segments[segment]!
        const datagram = datagramAt(header, at, chunk.segments[segment + 1] ?? next)
        if (datagram !== undefined) found.push(datagram)
        position += frameBytes(header, at)
      }
    }
    return found
  }

  /** The first chunk that is so, where all behind it are so as well. */
  #firstThat(isSo: (chunk: Chunk) => boolean): Chunk | undefined {
    let low = this.#done
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (isSo(this.#chunks[middle]!)) high = middle
      else low = middle + 1
    }
    return this.#chunks[low]
  }

  #positionIn(chunk: Chunk, count: number): number {
    const known = this.#confirmedBytes > chunk.start
    const position = known ? this.#confirmedBytes : chunk.start + chunk.rest
    return walkFrames(chunk, position, count - (known ? this.#confirmed : chunk.begunBefore))
  }
}

/** Writes up to this length are kept as one where they lie behind each other in memory. */
const JOINED_BYTES = 64 * 1024

/** The segments of a chunk and of the write behind it as those of one; undefined if they should not be. */
function joinedSegments(
  { segments, byteLength }: Chunk,
  next: readonly Uint8Array[],
  nextBytes: number,
): Uint8Array[] | undefined {
  if (byteLength + nextBytes > JOINED_BYTES) return undefined
  const [a, b] = [segments.at(-1), next[0]]
  if (a === undefined || b === undefined) return undefined
  if (a.buffer !== b.buffer || a.byteOffset + a.length !== b.byteOffset) return undefined
  const seam = new Uint8Array(a.buffer, a.byteOffset, a.length + b.length)
  return [...segments.slice(0, -1), seam, ...next.slice(1)]
}

function endsOf(segments: readonly Uint8Array[]): number[] {
  let end = 0
  return segments.map(({ length }) => {
    end += length
    return end
  })
}

/** Takes the place of a chunk that is done with, whose memory is free. */
const GONE: Chunk = {
  segments: [],
  ends: [],
  byteLength: 0,
  start: 0,
  rest: 0,
  begunBefore: 0,
  begun: 0,
  tail: 0,
}

function endOf({ start, byteLength }: Chunk): number {
  return start + byteLength
}

/** The bytes of the frame that begins at `position`, in a chunk that holds its header. */
export function frameBytesAt(chunk: Chunk, position: number): number {
  const [segment, at] = segmentAt(chunk, position)
  return frameBytes(chunk.segments[segment]!, at)
}

/** The part of a chunk from one position to another, uncopied. */
export function piecesOf(chunk: Chunk, from: number, to: number): readonly Uint8Array[] {
  if (from === chunk.start && to === chunk.start + chunk.byteLength) return chunk.segments
  const pieces: Uint8Array[] = []
  let start = chunk.start
  for (const [i, segment] of chunk.segments.entries()) {
    const end = chunk.start + chunk.ends[i]!
    if (end > from && start < to) {
      pieces.push(segment.subarray(Math.max(0, from - start), Math.min(end, to) - start))
    }
    start = end
  }
  return pieces
}

/** Where the position lies: which segment, and where in it. */
function segmentAt({ start, ends }: Chunk, position: number): [segment: number, at: number] {
  const offset = position - start
  let i = 0
  while (offset >= ends[i]!) i++
  return [i, offset - (i === 0 ? 0 : ends[i - 1]!)]
}

/** Walks `count` frames from `position` on, where one begins; the next one begins in the same chunk. */
function walkFrames(chunk: Chunk, position: number, count: number): number {
  const { segments, ends } = chunk
  let [i, at] = segmentAt(chunk, position)
  let offset = position - chunk.start
  for (let walked = 0; walked < count; walked++) {
    const bytes = frameBytes(segments[i]!, at)
    offset += bytes
    at += bytes
    if (offset < ends[i]!) continue
    while (offset >= ends[i]!) i++
    at = offset - ends[i - 1]!
  }
  return chunk.start + offset
}

/** Small data lies behind its header; large data is a segment of its own, the next one, and may have been cut. */
function datagramAt(
  header: Uint8Array,
  at: number,
  next: Uint8Array | undefined,
): ConnectDatagram | undefined {
  const dataBytes = frameBytes(header, at) - HEADER_BYTES
  const start = at + HEADER_BYTES
  const data = start < header.length ? header.subarray(start) : next
  if (data === undefined || data.byteOffset + dataBytes > data.buffer.byteLength) return undefined
  return datagramIn(readRecipient(header, at), data.buffer, data.byteOffset, dataBytes)
}

function frameBytes(bytes: Uint8Array, at: number): number {
  const size = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  return size + SIZE_BYTES
}
