import { padded } from '../wire/bytes.ts'
import { DATA_HEADER_BYTES } from '../wire/data-chunk.ts'
import { ChunkType, DataFlag } from '../wire/numbers.ts'
import type { PacketWriter } from '../wire/packet-writer.ts'
import { gapEnd, gapStart, type Sack } from '../wire/sack-chunk.ts'
import { addTsn, isBefore, type Tsn, tsnDistance } from '../wire/serial.ts'
import { CongestionControl } from './congestion.ts'
import { Flight, type OutboundChunk } from './flight.ts'
import { LossDetection } from './loss-detection.ts'
import { DATA_OVERHEAD_BYTES, MAX_BURST } from './protocol-values.ts'
import type { RetransmissionTimeout } from './retransmission-timeout.ts'
import { UserMessages } from './user-messages.ts'

const NEVER = Number.POSITIVE_INFINITY

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

  /** Bytes that are on their way. */
  get flightBytes(): number {
    return this.#flight.byteLength
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
    if (this.#flight.byteLength === 0 && this.#messages.hasMore && this.#lastSentAt > 0) {
      this.#congestion.onIdle(now - this.#lastSentAt, this.#rto.ms)
    }
    this.#burstLimit = this.#flight.byteLength + this.#burstCredit + MAX_BURST * this.#packetBytes
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
    const flightBefore = this.#flight.byteLength
    this.#roundTripMs = undefined
    this.#losses.beginSack()
    const { newBytes, streamBytes } = this.#acknowledgeUpTo(advance, now)
    const gapBytes = this.#hasNewsOfGaps(sack) ? this.#readGaps(sack, advance > 0, now) : 0
    const bytes = newBytes + gapBytes
    const alive = bytes > 0 || this.#probing
    this.#setPeerWindow(sack.window)
    this.#burstCredit += bytes
    this.#congestion.onAcknowledged({
      bytes,
      advanced: advance > 0,
      flightBefore,
      flightAfter: this.#flight.byteLength,
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
    // The earliest is acknowledged by a gap block and by nothing since: the peer has dropped what it held.
    const reneged = this.#flight.count > 0 && this.#flight.at(this.#flight.first).state === 'acked'
    for (let tsn = this.#flight.first; tsn !== this.#flight.next; tsn = addTsn(tsn, 1)) {
      const chunk = this.#flight.at(tsn)
      if (chunk.state === 'sent') this.#flight.lose(chunk)
      else if (reneged && chunk.state === 'acked') this.#flight.renege(chunk)
    }
  }

  /** Whether the peer has closed its window and this end asks now and then (section 6.1, A). */
  get #probing(): boolean {
    return this.#peerWindow === 0 && this.#flight.count > 0
  }

  get #lostReady(): boolean {
    return (
      this.#flight.lostCount > 0 && (this.#mayExceed || this.#flight.byteLength < this.#congestion.window)
    )
  }

  get #unsentReady(): boolean {
    if (!this.#messages.hasMore || this.#flight.lostCount > 0) return false
    const { byteLength } = this.#flight
    if (byteLength >= this.#congestion.window || byteLength >= this.#burstLimit) return false
    return this.#windowLeft > 0 || this.#flight.count === 0
  }

  get #windowLeft(): number {
    return this.#peerWindow - this.#flight.byteLength
  }

  /** Data of the next chunk; 0 where it is better to wait for room. */
  #nextByteLength(room: number): number {
    const bytes = this.#messages.bytesFor(room)
    if (bytes <= this.#windowLeft) return bytes
    // A window that has less room is asked for with one chunk, if nothing else is on its way.
    return this.#flight.count === 0 ? Math.max(1, Math.min(bytes, this.#windowLeft)) : 0
  }

  #sendNew(byteLength: number, writer: PacketWriter, now: number): void {
    const tsn = this.#flight.next
    const chunk = this.#flight.add()
    this.#messages.cut(chunk, byteLength)
    if (!this.#messages.hasMore || this.#endsBurst(byteLength)) chunk.flags |= DataFlag.IMMEDIATE
    this.#timedTsn ??= tsn
    this.#write(tsn, chunk, writer, now)
  }

  /** Whether behind so much more nothing follows before an acknowledgement comes (RFC 7053, section 4.1). */
  #endsBurst(byteLength: number): boolean {
    const flight = this.#flight.byteLength + byteLength
    const next = flight + this.#messages.nextBytes
    return flight >= this.#congestion.window || flight >= this.#burstLimit || next > this.#peerWindow
  }

  #fillLost(writer: PacketWriter, now: number): void {
    if (!this.#lostReady) return
    for (
      let tsn = this.#flight.first;
      this.#flight.lostCount > 0 && tsn !== this.#flight.next;
      tsn = addTsn(tsn, 1)
    ) {
      const chunk = this.#flight.at(tsn)
      if (chunk.state !== 'lost') continue
      if (DATA_HEADER_BYTES + padded(chunk.byteLength) > writer.room) break
      this.#flight.takeLost(chunk)
      this.#write(tsn, chunk, writer, now)
      // Where the earliest is sent again, the time for its answer begins anew (section 6.3.2, R1; 7.2.4).
      if (tsn === this.#flight.first) this.#timeoutAt = now + this.#rto.ms
      this.#mayExceed = false
    }
  }

  #write(tsn: Tsn, chunk: OutboundChunk, writer: PacketWriter, now: number): void {
    this.#flight.send(chunk, now)
    this.#lastSentAt = now
    if (this.#timeoutAt === NEVER) this.#timeoutAt = now + this.#rto.ms
    this.#watchTail(now)
    writer.beginChunk(ChunkType.DATA, chunk.flags)
    writer.u32(tsn)
    writer.u16(0)
    writer.u16(chunk.sequence)
    this.#messages.write(writer, chunk)
    writer.endChunk()
  }

  #hasNewsOfGaps(sack: Sack): boolean {
    return sack.tellsGaps && (sack.gapCount > 0 || this.#flight.hasAcked)
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
      const tsn = this.#flight.first
      const chunk = this.#flight.at(tsn)
      if (chunk.state !== 'acked') newBytes += this.#onNew(tsn, chunk, now)
      if (this.#messages.isEndMark(chunk)) this.#endAcknowledged = true
      else streamBytes += chunk.byteLength
      this.#flight.dropFirst()
    }
    if (streamBytes > 0)
      this.#messages.release(this.#flight.count > 0 ? this.#flight.at(this.#flight.first) : undefined)
    return { newBytes, streamBytes }
  }

  /** A chunk is acknowledged for the first time; returns its bytes. */
  #onNew(tsn: Tsn, chunk: OutboundChunk, now: number): number {
    this.#losses.onAcknowledged(chunk)
    if (tsn === this.#timedTsn) {
      this.#timedTsn = undefined
      // Karn's rule: only of what was sent once (section 6.3.1, C5).
      if (!chunk.again) this.#roundTripMs = now - chunk.sentAt
    }
    return chunk.byteLength
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
    const last = sack.gapCount === 0 ? 0 : gapEnd(sack, sack.gapCount - 1)
    let bytes = 0
    let block = 0
    let tsn = this.#flight.first
    const ahead = tsnDistance(sack.cumulativeTsn, this.#flight.next)
    for (let offset = 1; offset < ahead; offset++, tsn = addTsn(tsn, 1)) {
      while (block < sack.gapCount && gapEnd(sack, block) < offset) block++
      const chunk = this.#flight.at(tsn)
      if (block < sack.gapCount && gapStart(sack, block) <= offset) {
        if (chunk.state === 'acked') continue
        bytes += this.#onNew(tsn, chunk, now)
        this.#flight.acknowledge(chunk)
      } else if (chunk.state === 'acked' && offset < last) this.#flight.renege(chunk)
    }
    // In fast recovery, whatever advances reports again all that is missing (section 7.2.4).
    const counts = bytes > 0 || (this.#congestion.recovering && advanced)
    if (counts && this.#losses.countMisses(last)) this.#recover()
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
