import type { ByteStreamSink } from '../../byte-stream.ts'

/** Most that is put together for one call of the sink: so much that several frames of 64 KiB are whole in it. */
const CHUNK_BYTES = 262_144

/** What comes in smaller packets than this, while more waits, is put together in memory of the other size. */
const SMALL_BYTES = 512
const GATHERED_BYTES = 8192

/** Whether bytes would keep a packet alive of which they are a small part. */
const isThin = (byteLength: number, packetBytes: number): boolean =>
  packetBytes > SMALL_BYTES && byteLength * 2 < packetBytes

/** What has come and was not given to the sink yet, in the pieces that it came in. */
export class InboundBytes {
  paused = false
  readonly #allocate: (byteLength: number) => Uint8Array
  #pieces: Uint8Array[] = []
  #byteLength = 0
  /** Pieces of earlier packets than the one that is being read. */
  #settled = 0
  /** Memory that the last piece lies in, if more can be put behind it. */
  #gathering: Uint8Array | undefined

  constructor(allocate: (byteLength: number) => Uint8Array) {
    this.#allocate = allocate
  }

  get isEmpty(): boolean {
    return this.#byteLength === 0
  }

  push(piece: Uint8Array): void {
    this.#pieces.push(piece)
    this.#byteLength += piece.length
  }

  /** A packet has been read. If it had few bytes, these do not keep it alive; many tiny pieces become one. */
  settle(): void {
    const from = this.#settled
    this.#settled = this.#pieces.length
    const count = this.#settled - from
    if (count === 0) return
    let byteLength = 0
    for (let i = from; i < this.#settled; i++) byteLength += this.#pieces[i]!.length
    const isSmall = byteLength < (from > 0 ? SMALL_BYTES : 64 * (count - 1))
    if (isSmall || isThin(byteLength, this.#pieces[from]!.buffer.byteLength)) this.#gather(from, byteLength)
    else this.#gathering = undefined
  }

  drop(): void {
    this.#byteLength = 0
    this.#restart([])
  }

  /** Gives the sink what there is, until it pauses; returns how many bytes. */
  deliver(sink: ByteStreamSink): number {
    let index = 0
    let from = 0
    const before = this.#byteLength
    const pieces = this.#pieces
    while (this.#byteLength > 0 && !this.paused) {
      const piece = pieces[index]!
      const room = sink.room()
      if (room === undefined && from === 0 && piece.length === this.#byteLength) {
        index++
        this.#byteLength = 0
        sink.onData(isThin(piece.length, piece.buffer.byteLength) ? new Uint8Array(piece) : piece)
        break
      }
      const target = room ?? this.#allocate(Math.min(CHUNK_BYTES, this.#byteLength))
      let filled = 0
      while (filled < target.length && index < pieces.length) {
        const next = pieces[index]!
        const part = Math.min(next.length - from, target.length - filled)
        target.set(from === 0 && part === next.length ? next : next.subarray(from, from + part), filled)
        filled += part
        from += part
        if (from === next.length) {
          index++
          from = 0
        }
      }
      this.#byteLength -= filled
      sink.onData(filled === target.length ? target : target.subarray(0, filled))
    }
    this.#keep(pieces, index, from)
    return before - this.#byteLength
  }

  #keep(pieces: Uint8Array[], index: number, from: number): void {
    if (index === 0 && from === 0) return
    const left = this.#byteLength === 0 ? [] : pieces.slice(index)
    if (from > 0 && left.length > 0) left[0] = left[0]!.subarray(from)
    this.#restart(left)
  }

  #restart(pieces: Uint8Array[]): void {
    this.#pieces = pieces
    this.#settled = pieces.length
    this.#gathering = undefined
  }

  /** Copies the pieces from an index on behind the last one before them, or to memory of their own. */
  #gather(from: number, byteLength: number): void {
    const pieces = this.#pieces.splice(from)
    let memory = this.#gathering
    let start = 0
    if (memory !== undefined && memory.length - this.#pieces.at(-1)!.length >= byteLength) {
      start = this.#pieces.pop()!.length
    } else memory = this.#allocate(from === 0 ? byteLength : Math.max(GATHERED_BYTES, byteLength))
    let end = start
    for (const piece of pieces) {
      memory.set(piece, end)
      end += piece.length
    }
    this.#pieces.push(memory.subarray(0, end))
    this.#settled = this.#pieces.length
    this.#gathering = memory
  }
}
