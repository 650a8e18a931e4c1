import { padded } from '../wire/bytes.ts'
import { DATA_HEADER_BYTES } from '../wire/data-chunk.ts'
import { ChunkType, DataFlag } from '../wire/numbers.ts'
import type { PacketWriter } from '../wire/packet-writer.ts'
import { gapEnd, gapStart, type Sack } from '../wire/sack-chunk.ts'
import { addTsn, isBefore, type Tsn, tsnDistance } from '../wire/serial.ts'
import { CongestionControl } from './congestion.ts'
import { Flight, type OutboundChunk, onWire } from './flight.ts'
import { LossDetection } from './loss-detection.ts'
import { DATA_OVERHEAD_BYTES, MAX_BURST, MOST_CHUNKS_IN_FLIGHT } from './protocol-values.ts'
import type { RetransmissionTimeout } from './retransmission-timeout.ts'
import { UserMessages } from './user-messages.ts'

const NEVER = Number.POSITIVE_INFINITY

/** The least offset of a gap block: the TSN behind the cumulative one would belong to it. */
const LEAST_GAP = 2

/** What a SACK has brought. */
export interface SackResult {
  /** Bytes of the stream that were acknowledged cumulatively. */
  readonly streamBytes: number
  /** Whether the SACK shows that the peer is there: it acknowledges something, or answers a window probe. */
  readonly alive: boolean
  /** See {@link LossDetection.worst}. */
  readonly losses: number
  /** Of a round trip that can be measured, in ms. */
  readonly roundTripMs: number | undefined
}

/**
 * The sending side: cuts the stream into user messages and chunks when they leave, keeps them until they are
 * acknowledged, and sends again what is lost, within the peer's window and the congestion window
 * (RFC 9260, sections 6.1, 6.3 and 7.2).
 */
export class OutboundData {
  readonly #rto: RetransmissionTimeout
  readonly #congestion: CongestionControl
  readonly #messages: UserMessages
  readonly #flight: Flight
  readonly #losses: LossDetection
  #packetBytes: number

  #endAcknowledged = false
  /** The last window that the peer has told. */
  #peerWindow: number
  /** Bytes that were acknowledged since the last burst. */
  #burstCredit = 0
  #burstLimit = 0
  #recoveryExit: Tsn = 0
  /** Transmissions that there had been when the congestion window was reduced last. */
  #reducedAfter = 0
  /** When it is looked again through all chunks for those that the peer has dropped. */
  #lookAgainAt = Number.NEGATIVE_INFINITY
  /** One packet of lost chunks may leave, whatever the congestion window says (section 7.2.4). */
  #mayExceed = false
  /** T3-rtx. */
  #timeoutAt = NEVER
  /** The chunk whose round trip is measured, and what was measured by the SACK that is being read. */
  #timedTsn: Tsn | undefined
  #roundTripMs: number | undefined
  #lastSentAt = 0
  #timeouts = 0

  /**
   * @param packetBytes of the packet that every path takes
   * @param endMarks whether the end of the stream is sent as a mark
   */
  constructor(
    initialTsn: Tsn,
    peerWindow: number,
    packetBytes: number,
    endMarks: boolean,
    rto: RetransmissionTimeout,
  ) {
    this.#flight = new Flight(initialTsn)
    this.#losses = new LossDetection(this.#flight, rto)
    this.#peerWindow = peerWindow
    this.#packetBytes = packetBytes
    this.#congestion = new CongestionControl(packetBytes)
    this.#messages = new UserMessages(endMarks, packetBytes - DATA_OVERHEAD_BYTES)
    this.#rto = rto
  }

  /** When T3-rtx expires. */
  get timeoutAt(): number {
    return this.#timeoutAt
  }

  /** Whether all that was queued, the mark of the end included, is acknowledged. */
  get isEmpty(): boolean {
    return this.#flight.count === 0 && !this.#messages.hasMore
  }

  /** What the peer has advertised last. */
  get peerWindow(): number {
    return this.#peerWindow
  }

  get endAcknowledged(): boolean {
    return this.#endAcknowledged
  }

  /** Bytes of the stream that have been sent. */
  get sentBytes(): number {
    return this.#messages.cutBytes
  }

  get congestionWindow(): number {
    return this.#congestion.window
  }

  /** What is on its way. */
  get flight(): Pick<Flight, 'dataBytes' | 'wireBytes'> {
    return this.#flight
  }

  /** When {@link probeTail} is due. */
  get tailProbeAt(): number {
    return this.#losses.probeAt
  }

  /** T3-rtx expirations in a row. */
  get timeouts(): number {
    return this.#timeouts
  }

  queue(segments: readonly Uint8Array[]): void {
    this.#messages.queue(segments)
  }

  /** Sends the mark of the end behind everything, where there is one. */
  queueEnd(): void {
    this.#messages.queueEnd()
  }

  setPacketBytes(packetBytes: number): void {
    this.#packetBytes = packetBytes
    this.#congestion.setPacketBytes(packetBytes)
  }

  /** Says that packets are about to be put together: what may leave is limited from here (section 6.1, D). */
  beginBurst(now: number): void {
    if (this.#flight.wireBytes === 0 && this.#messages.hasMore && this.#lastSentAt > 0) {
      this.#congestion.onIdle(now - this.#lastSentAt, this.#rto.ms)
    }
    this.#burstLimit = this.#flight.wireBytes + this.#burstCredit + MAX_BURST * this.#packetBytes
    this.#burstCredit = 0
  }

  /** Whether a packet with data could leave now. */
  get isReady(): boolean {
    return this.#lostReady || this.#unsentReady
  }

  /** Fills a packet with data: what was lost first. */
  fill(writer: PacketWriter, now: number): void {
    this.#fillLost(writer, now)
    while (this.#unsentReady) {
      const byteLength = this.#nextByteLength(writer.room - DATA_HEADER_BYTES)
      if (byteLength === 0) break
      this.#sendNew(byteLength, writer, now)
    }
  }

  /** Undefined where the SACK is for data that was never sent. */
  onSack(sack: Sack, now: number): SackResult | undefined {
    if (this.#isBeyond(sack)) return undefined
    const advance = tsnDistance(this.#flight.first, sack.cumulativeTsn) + 1
    // An old one that was overtaken (section 6.2.1).
    if (advance < 0) return { streamBytes: 0, alive: false, losses: 0, roundTripMs: undefined }
    const flightBefore = this.#flight.wireBytes
    this.#roundTripMs = undefined
    this.#losses.beginSack()
    const { newBytes, streamBytes } = this.#acknowledgeUpTo(advance, now)
    const gapBytes = this.#readGaps(sack, advance > 0, now)
    const bytes = newBytes + gapBytes
    const alive = bytes > 0 || this.#probing
    this.#setPeerWindow(sack.window)
    this.#burstCredit += bytes
    this.#congestion.onAcknowledged({
      bytes,
      advanced: advance > 0,
      flightBefore,
      flightAfter: this.#flight.wireBytes,
    })
    if (this.#congestion.recovering && !isBefore(sack.cumulativeTsn, this.#recoveryExit)) {
      this.#congestion.leaveRecovery()
    }
    this.#setTimersAfterSack(advance > 0, now)
    if (alive) this.#timeouts = 0
    return { streamBytes, alive, losses: this.#losses.worst, roundTripMs: this.#roundTripMs }
  }

  /** Nothing was heard for some round trips; see {@link LossDetection.probe}. */
  probeTail(): void {
    if (this.#losses.probe()) this.#mayExceed = true
  }

  /** T3-rtx has expired (section 6.3.3). */
  onTimeout(): void {
    this.#timeoutAt = NEVER
    this.#losses.rest()
    this.#timedTsn = undefined
    this.#mayExceed = false
    // A probe of a closed window is dropped by the peer, which says nothing of the path.
    if (!this.#probing || this.#flight.count > 1) {
      this.#timeouts++
      this.#congestion.onTimeout()
    }
    for (let chunk = this.#flight.oldest; chunk !== undefined; chunk = this.#flight.oldest)
      this.#flight.lose(chunk)
  }

  /** Whether the peer has closed its window and this end asks now and then (section 6.1, A). */
  get #probing(): boolean {
    return this.#peerWindow === 0 && this.#flight.count > 0
  }

  get #lostReady(): boolean {
    return this.#flight.lostCount > 0 && (this.#mayExceed || this.#flight.wireBytes < this.#congestion.window)
  }

  get #unsentReady(): boolean {
    if (!this.#messages.hasMore || this.#flight.lostCount > 0) return false
    const { wireBytes, count } = this.#flight
    if (count >= MOST_CHUNKS_IN_FLIGHT) return false
    if (wireBytes >= this.#congestion.window || wireBytes >= this.#burstLimit) return false
    return this.#windowLeft > 0 || count === 0
  }

  get #windowLeft(): number {
    return this.#peerWindow - this.#flight.dataBytes
  }

  /** Data of the next chunk; 0 where it is better to wait for room. */
  #nextByteLength(room: number): number {
    const bytes = this.#messages.bytesFor(room)
    if (bytes <= this.#windowLeft) return bytes
    // A window that has less room is asked for with one chunk, if nothing else is on its way.
    return this.#flight.count === 0 ? Math.max(1, Math.min(bytes, this.#windowLeft)) : 0
  }

  #sendNew(byteLength: number, writer: PacketWriter, now: number): void {
    const chunk = this.#flight.add()
    this.#messages.cut(chunk, byteLength)
    if (!this.#messages.hasMore || this.#endsBurst(byteLength)) chunk.flags |= DataFlag.IMMEDIATE
    this.#timedTsn ??= chunk.tsn
    this.#write(chunk, writer, now)
  }

  /** Whether behind so much more nothing follows before an acknowledgement comes (RFC 7053, section 4.1). */
  #endsBurst(byteLength: number): boolean {
    const wireBytes = this.#flight.wireBytes + onWire(byteLength)
    const next = this.#flight.dataBytes + byteLength + this.#messages.nextBytes
    if (this.#flight.count >= MOST_CHUNKS_IN_FLIGHT) return true
    return wireBytes >= this.#congestion.window || wireBytes >= this.#burstLimit || next > this.#peerWindow
  }

  #fillLost(writer: PacketWriter, now: number): void {
    if (!this.#lostReady) return
    for (let chunk = this.#flight.firstLost; chunk !== undefined; chunk = this.#flight.firstLost) {
      if (DATA_HEADER_BYTES + padded(chunk.byteLength) > writer.room) break
      this.#flight.takeLost(chunk)
      this.#write(chunk, writer, now)
      // Where the earliest is sent again, the time for its answer begins anew (section 6.3.2, R1; 7.2.4).
      if (chunk.tsn === this.#flight.first) this.#timeoutAt = now + this.#rto.ms
      this.#mayExceed = false
    }
  }

  #write(chunk: OutboundChunk, writer: PacketWriter, now: number): void {
    this.#flight.send(chunk, now)
    this.#lastSentAt = now
    if (this.#timeoutAt === NEVER) this.#timeoutAt = now + this.#rto.ms
    this.#watchTail(now)
    writer.beginChunk(ChunkType.DATA, chunk.flags)
    writer.u32(chunk.tsn)
    writer.u16(0)
    writer.u16(chunk.sequence)
    this.#messages.write(writer, chunk)
    writer.endChunk()
  }

  #isBeyond(sack: Sack): boolean {
    const last = sack.gapCount === 0 ? 0 : gapEnd(sack, sack.gapCount - 1)
    const highest = addTsn(sack.cumulativeTsn, last)
    return (
      tsnDistance(this.#flight.next, sack.cumulativeTsn) >= 0 || tsnDistance(this.#flight.next, highest) >= 0
    )
  }

  #acknowledgeUpTo(advance: number, now: number): { newBytes: number; streamBytes: number } {
    let newBytes = 0
    let streamBytes = 0
    for (let i = 0; i < advance; i++) {
      const chunk = this.#flight.at(this.#flight.first)
      if (chunk.state !== 'acked') newBytes += this.#onNew(chunk, now)
      if (this.#messages.isEndMark(chunk)) this.#endAcknowledged = true
      else streamBytes += chunk.byteLength
      this.#flight.dropFirst()
    }
    if (streamBytes > 0)
      this.#messages.release(this.#flight.count > 0 ? this.#flight.at(this.#flight.first) : undefined)
    return { newBytes, streamBytes }
  }

  /** A chunk is acknowledged for the first time; returns what it took in a packet. */
  #onNew(chunk: OutboundChunk, now: number): number {
    this.#losses.onAcknowledged(chunk)
    if (chunk.tsn === this.#timedTsn) {
      this.#timedTsn = undefined
      // Karn's rule: only of what was sent once (section 6.3.1, C5).
      if (!chunk.again) this.#roundTripMs = now - chunk.sentAt
    }
    return onWire(chunk.byteLength)
  }

  /** What was sent into a closed window was dropped: once it opens, that is sent again without waiting for the timer. */
  #setPeerWindow(window: number): void {
    const opens = this.#peerWindow === 0 && window > 0
    this.#peerWindow = window
    if (!opens || this.#flight.count !== 1) return
    const probe = this.#flight.at(this.#flight.first)
    if (probe.state === 'sent') this.#flight.lose(probe)
  }

  /** Marks what the gap blocks report, both ways (sections 6.2.1 and 7.2.4). Returns the bytes newly acknowledged. */
  #readGaps(sack: Sack, advanced: boolean, now: number): number {
    const flight = this.#flight
    // A peer that has all up to a TSN and not the next has dropped the next, if it had acknowledged it.
    if (flight.count > 0 && flight.at(flight.first).state === 'acked') flight.renegeFirst()
    if (!sack.tellsGaps) return 0
    let bytes = 0
    let reported = 0
    for (let block = 0; block < sack.gapCount; block++) {
      bytes += this.#readBlock(sack, block, now)
      reported += gapEnd(sack, block) - Math.max(LEAST_GAP, gapStart(sack, block)) + 1
    }
    if (reported < flight.ackedCount) this.#findDropped(sack, now)
    if (sack.gapCount === 0) return 0
    // In fast recovery, whatever advances reports again all that is missing (section 7.2.4).
    const counts = bytes > 0 || (this.#congestion.recovering && advanced)
    if (counts && this.#losses.countReport()) this.#recover()
    return bytes
  }

  /**
   * Something that was acknowledged is not reported any more: the peer has dropped it (section 6.2.1, D iii), or had no
   * room for all of its gap blocks. As often as it may do so, all chunks are looked at only once in an RTO.
   */
  #findDropped(sack: Sack, now: number): void {
    if (now < this.#lookAgainAt) return
    this.#lookAgainAt = now + this.#rto.ms
    const { cumulativeTsn, gapCount } = sack
    const end = gapCount === 0 ? this.#flight.next : addTsn(cumulativeTsn, gapEnd(sack, gapCount - 1))
    let block = 0
    this.#flight.renegeBefore(end, tsn => {
      const offset = tsnDistance(cumulativeTsn, tsn)
      while (block < gapCount && gapEnd(sack, block) < offset) block++
      return block < gapCount && gapStart(sack, block) <= offset
    })
  }

  /** What is known is passed over, so that all blocks together cost no more than what is new. */
  #readBlock(sack: Sack, block: number, now: number): number {
    const flight = this.#flight
    const end = addTsn(sack.cumulativeTsn, gapEnd(sack, block) + 1)
    let tsn = flight.nextUnacked(addTsn(sack.cumulativeTsn, Math.max(LEAST_GAP, gapStart(sack, block))))
    let bytes = 0
    for (; isBefore(tsn, end); tsn = flight.nextUnacked(addTsn(tsn, 1))) {
      const chunk = flight.at(tsn)
      bytes += this.#onNew(chunk, now)
      flight.acknowledge(chunk, end)
    }
    return bytes
  }

  /** Something is lost: it is sent again at once, one packet of it whatever the congestion window says (7.2.4). */
  #recover(): void {
    this.#mayExceed = true
    // What was sent since the last reduction and is lost again asks for another (RFC 5681, section 4.3).
    if (this.#congestion.recovering && this.#losses.lostAgain <= this.#reducedAfter) return
    this.#reducedAfter = this.#flight.transmissions
    this.#congestion.leaveRecovery()
    this.#congestion.enterRecovery()
    this.#recoveryExit = addTsn(this.#flight.next, -1)
  }

  /** Section 6.3.2, R2 and R3. */
  #setTimersAfterSack(advanced: boolean, now: number): void {
    this.#losses.endSack()
    if (this.#flight.count === 0) this.#timeoutAt = NEVER
    else if (advanced || this.#timeoutAt === NEVER) this.#timeoutAt = now + this.#rto.ms
    this.#watchTail(now)
  }

  /** Not into a closed window, nor after T3-rtx, which has left room for one packet only. */
  #watchTail(now: number): void {
    if (this.#peerWindow > 0 && this.#timeouts === 0) this.#losses.watchTail(now)
    else this.#losses.rest()
  }
}
