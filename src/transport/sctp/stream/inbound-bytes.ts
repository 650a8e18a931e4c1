import type { ByteStreamSink } from '../../byte-stream.ts'

/** Most that is put together for one call of the sink. */
const CHUNK_BYTES = 65_536

/** What has come and was not given to the sink yet, in the pieces that it came in. */
export class InboundBytes {
  paused = false
  readonly #allocate: (byteLength: number) => Uint8Array
  #pieces: Uint8Array[] = []
  #byteLength = 0

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

  drop(): void {
    this.#pieces = []
    this.#byteLength = 0
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
        sink.onData(piece)
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
    if (this.#byteLength === 0) {
      pieces.length = 0
      return
    }
    this.#pieces = pieces.slice(index)
    if (from > 0) this.#pieces[0] = this.#pieces[0]!.subarray(from)
  }
}
