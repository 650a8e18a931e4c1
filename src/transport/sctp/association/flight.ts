import { padded } from '../wire/bytes.ts'
import { DATA_HEADER_BYTES } from '../wire/data-chunk.ts'
import { addTsn, type Tsn, tsnDistance } from '../wire/serial.ts'
import { LostTsns } from './lost-tsns.ts'

/**
 * `sent`: in flight. `lost`: to be sent again. `acked`: by a gap block, so the peer may still renege on it.
 */
export type ChunkState = 'sent' | 'lost' | 'acked'

/** A DATA chunk that has its TSN and is not acknowledged cumulatively. Objects are used again for later chunks. */
export class OutboundChunk {
  /** Where its bytes lie in the stream; -1 for the mark of the end, which has one byte that is not the stream's. */
  place = 0
  tsn: Tsn = 0
  byteLength = 0
  flags = 0
  sequence = 0
  state: ChunkState = 'sent'
  /** Counts transmissions, of all chunks together: what was sent later has a higher one. */
  order = 0
  /** Times that it was found lost by reports; T3-rtx is another matter. */
  losses = 0
  sentAt = 0
  /** Whether it was sent more than once. */
  again = false
  /** Of an `acked` chunk: all TSNs before the one that is so much higher are acked as well. */
  skip = 1
  /** The neighbours of a `sent` chunk in the order of transmission. */
  older: OutboundChunk | undefined
  newer: OutboundChunk | undefined
}

/** What a chunk with so much data takes in a packet, in bytes. */
export const onWire = (dataBytes: number): number => DATA_HEADER_BYTES + padded(dataBytes)

/** Chunks whose memory is kept when all are acknowledged. */
const KEPT_CHUNKS = 64

/**
 * The chunks from the first that is not acknowledged cumulatively to the last that was sent, by their TSNs. Each way to
 * find some of them costs as much as it finds, however many others there are: a peer chooses what is looked for.
 */
export class Flight {
  #ring: OutboundChunk[] = []
  #first: Tsn
  #next: Tsn
  #dataBytes = 0
  #wireBytes = 0
  readonly #lost = new LostTsns()
  #lostCount = 0
  #ackedCount = 0
  /** The ends of the list of `sent` chunks. */
  #oldest: OutboundChunk | undefined
  #newest: OutboundChunk | undefined
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

  /** Data of the chunks that are on their way: sent, and neither acknowledged nor taken for lost. */
  get dataBytes(): number {
    return this.#dataBytes
  }

  /** The same chunks with their headers and padding. */
  get wireBytes(): number {
    return this.#wireBytes
  }

  get lostCount(): number {
    return this.#lostCount
  }

  get ackedCount(): number {
    return this.#ackedCount
  }

  /** The `sent` chunk that left the longest time ago. */
  get oldest(): OutboundChunk | undefined {
    return this.#oldest
  }

  /** The `lost` chunk with the lowest TSN. */
  get firstLost(): OutboundChunk | undefined {
    for (;;) {
      const tsn = this.#lostCount === 0 ? undefined : this.#lost.lowest
      if (tsn === undefined) return undefined
      const chunk = tsnDistance(this.#first, tsn) < 0 ? undefined : this.at(tsn)
      if (chunk?.state === 'lost') return chunk
      // It was acknowledged, or has left again.
      this.#lost.removeLowest()
    }
  }

  /** Chunks that have left so far, each as often as it has. */
  get transmissions(): number {
    return this.#transmissions
  }

  /** The chunk with a TSN from `first` to before `next`. */
  at(tsn: Tsn): OutboundChunk {
    return this.#ring[tsn & (this.#ring.length - 1)]!
  }

  /** The lowest TSN from a TSN on that no gap block has acknowledged; {@link next} if there is none. */
  nextUnacked(from: Tsn): Tsn {
    let to = from
    while (to !== this.#next && this.at(to).state === 'acked') to = addTsn(to, this.at(to).skip)
    // The next walk along here takes one step.
    for (let tsn = from; tsn !== to; ) {
      const chunk = this.at(tsn)
      tsn = addTsn(tsn, chunk.skip)
      chunk.skip = tsnDistance(chunk.tsn, to)
    }
    return to
  }

  /** Gives the next TSN to a chunk, whose fields are those of an earlier one. {@link send} is to follow. */
  add(): OutboundChunk {
    if (this.count === this.#ring.length) this.#grow()
    const chunk = this.at(this.#next)
    chunk.tsn = this.#next
    this.#next = addTsn(this.#next, 1)
    chunk.again = false
    chunk.losses = 0
    return chunk
  }

  /** A chunk that is new, or was lost, leaves. */
  send(chunk: OutboundChunk, now: number): void {
    chunk.state = 'sent'
    chunk.order = ++this.#transmissions
    chunk.sentAt = now
    this.#dataBytes += chunk.byteLength
    this.#wireBytes += onWire(chunk.byteLength)
    chunk.older = this.#newest
    if (this.#newest === undefined) this.#oldest = chunk
    else this.#newest.newer = chunk
    this.#newest = chunk
  }

  /** A lost chunk is about to leave again. */
  takeLost(chunk: OutboundChunk): void {
    this.#lostCount--
    chunk.again = true
  }

  /** A `sent` chunk is taken for lost. */
  lose(chunk: OutboundChunk): void {
    this.#land(chunk)
    this.#toLost(chunk)
  }

  /** A gap block reports a chunk that was not reported before, and with it all that follow before a TSN. */
  acknowledge(chunk: OutboundChunk, end = addTsn(chunk.tsn, 1)): void {
    this.#settle(chunk)
    this.#ackedCount++
    chunk.state = 'acked'
    chunk.skip = tsnDistance(chunk.tsn, end)
  }

  /** The peer has dropped the first chunk, which it had acknowledged by a gap block (section 6.2.1, D iii). */
  renegeFirst(): void {
    this.#ackedCount--
    this.#toLost(this.at(this.#first))
  }

  /** The same of all chunks before a TSN that the peer does not hold. */
  renegeBefore(end: Tsn, isHeld: (tsn: Tsn) => boolean): void {
    for (let tsn = this.#first; tsn !== end; tsn = addTsn(tsn, 1)) {
      const chunk = this.at(tsn)
      if (chunk.state !== 'acked') continue
      chunk.skip = 1
      if (isHeld(tsn)) continue
      this.#ackedCount--
      this.#toLost(chunk)
    }
  }

  /** The first chunk is acknowledged cumulatively. */
  dropFirst(): void {
    const chunk = this.at(this.#first)
    if (chunk.state === 'acked') this.#ackedCount--
    else this.#settle(chunk)
    this.#first = addTsn(this.#first, 1)
    if (this.#first === this.#next && this.#ring.length > KEPT_CHUNKS) this.#ring = []
  }

  #settle(chunk: OutboundChunk): void {
    if (chunk.state === 'sent') this.#land(chunk)
    else this.#lostCount--
    if (this.#lostCount === 0) this.#lost.clear()
  }

  #toLost(chunk: OutboundChunk): void {
    chunk.state = 'lost'
    this.#lostCount++
    this.#lost.add(chunk.tsn)
  }

  /** A `sent` chunk is not on its way any more. */
  #land(chunk: OutboundChunk): void {
    const { older, newer } = chunk
    this.#dataBytes -= chunk.byteLength
    this.#wireBytes -= onWire(chunk.byteLength)
    if (older === undefined) this.#oldest = newer
    else older.newer = newer
    if (newer === undefined) this.#newest = older
    else newer.older = older
    chunk.older = undefined
    chunk.newer = undefined
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
