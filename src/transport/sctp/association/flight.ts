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
  /** Times that it was found lost by reports; T3-rtx is another matter. */
  losses = 0
  sentAt = 0
  /** Whether it was sent more than once. */
  again = false
}

/** The chunks from the first that is not acknowledged cumulatively to the last that was sent, by their TSNs. */
export class Flight {
  #ring: OutboundChunk[] = []
  #first: Tsn
  #next: Tsn
  #byteLength = 0
  #lostCount = 0
  #ackedCount = 0
  #transmissions = 0

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

  /** Of the chunks that are on their way: sent, and neither acknowledged nor taken for lost. */
  get byteLength(): number {
    return this.#byteLength
  }

  get lostCount(): number {
    return this.#lostCount
  }

  get hasAcked(): boolean {
    return this.#ackedCount > 0
  }

  /** Chunks that have left so far, each as often as it has. */
  get transmissions(): number {
    return this.#transmissions
  }

  /** The chunk with a TSN from `first` to before `next`. */
  at(tsn: Tsn): OutboundChunk {
    return this.#ring[tsn & (this.#ring.length - 1)]!
  }

  /** Gives the next TSN to a chunk, whose fields are those of an earlier one. {@link send} is to follow. */
  add(): OutboundChunk {
    if (this.count === this.#ring.length) this.#grow()
    const chunk = this.at(this.#next)
    this.#next = addTsn(this.#next, 1)
    chunk.again = false
    chunk.losses = 0
    return chunk
  }

  /** A chunk that is new, or was lost, leaves. */
  send(chunk: OutboundChunk, now: number): void {
    chunk.state = 'sent'
    chunk.misses = 0
    chunk.order = ++this.#transmissions
    chunk.sentAt = now
    this.#byteLength += chunk.byteLength
  }

  /** A lost chunk is about to leave again. */
  takeLost(chunk: OutboundChunk): void {
    this.#lostCount--
    chunk.again = true
  }

  lose(chunk: OutboundChunk): void {
    this.#byteLength -= chunk.byteLength
    this.#lostCount++
    chunk.state = 'lost'
  }

  /** A gap block reports a chunk that was not reported before. */
  acknowledge(chunk: OutboundChunk): void {
    this.#settle(chunk)
    this.#ackedCount++
    chunk.state = 'acked'
  }

  /** The peer has dropped what it had acknowledged by a gap block (section 6.2.1, D iii). */
  renege(chunk: OutboundChunk): void {
    this.#ackedCount--
    this.#lostCount++
    chunk.state = 'lost'
  }

  /** The first chunk is acknowledged cumulatively. */
  dropFirst(): void {
    const chunk = this.at(this.#first)
    if (chunk.state === 'acked') this.#ackedCount--
    else this.#settle(chunk)
    this.#first = addTsn(this.#first, 1)
  }

  #settle(chunk: OutboundChunk): void {
    if (chunk.state === 'sent') this.#byteLength -= chunk.byteLength
    else this.#lostCount--
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
