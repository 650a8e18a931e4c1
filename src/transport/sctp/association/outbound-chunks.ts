import { addTsn, type Tsn, tsnDistance } from '../wire/serial.ts'

/**
 * `sent`: in flight. `lost`: to be sent again. `acked`: by a gap block, so the peer may still renege on it.
 */
export type ChunkState = 'sent' | 'lost' | 'acked'

/** A DATA chunk that has its TSN and is not acknowledged cumulatively. Objects are used again for later chunks. */
export class OutboundChunk {
  /** Where its bytes lie in the stream; -1 for the mark of the end, which has one byte that is not the stream's. */
  place = 0
  byteLength = 0
  flags = 0
  sequence = 0
  state: ChunkState = 'sent'
  /** Times that it was reported missing since it was sent last (RFC 9260, section 7.2.4). */
  misses = 0
  /** Counts transmissions, of all chunks together: what was sent later has a higher one. */
  order = 0
  sentAt = 0
  /** Whether it was sent more than once. */
  again = false
}

/** The chunks from the first that is not acknowledged to the last that was sent, by their TSNs. */
export class OutboundChunks {
  #ring: OutboundChunk[] = []
  #first: Tsn
  #next: Tsn

  constructor(initialTsn: Tsn) {
    this.#first = initialTsn
    this.#next = initialTsn
  }

  /** The lowest TSN that is not acknowledged cumulatively. */
  get first(): Tsn {
    return this.#first
  }

  /** The TSN that comes next. */
  get next(): Tsn {
    return this.#next
  }

  get count(): number {
    return tsnDistance(this.#first, this.#next)
  }

  /** The chunk with a TSN from `first` to before `next`. */
  at(tsn: Tsn): OutboundChunk {
    return this.#ring[tsn & (this.#ring.length - 1)]!
  }

  /** Gives the next TSN to a chunk, whose fields are those of an earlier one. */
  add(): OutboundChunk {
    if (this.count === this.#ring.length) this.#grow()
    const chunk = this.at(this.#next)
    this.#next = addTsn(this.#next, 1)
    return chunk
  }

  dropFirst(): void {
    this.#first = addTsn(this.#first, 1)
  }

  #grow(): void {
    const ring = new Array<OutboundChunk>(Math.max(8, this.#ring.length * 2))
    for (let i = 0; i < ring.length; i++) {
      const tsn = addTsn(this.#first, i)
      ring[tsn & (ring.length - 1)] = i < this.#ring.length ? this.at(tsn) : new OutboundChunk()
    }
    this.#ring = ring
  }
}
