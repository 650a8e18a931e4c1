import { DataFlag } from '../wire/numbers.ts'
import { addTsn } from '../wire/serial.ts'
import type { Flight, OutboundChunk } from './flight.ts'
import type { RetransmissionTimeout } from './retransmission-timeout.ts'

const NEVER = Number.POSITIVE_INFINITY

/** Probes of the tail in a row before it is left to T3-rtx. */
const MOST_TAIL_PROBES = 3

/**
 * Finds out what is lost before T3-rtx does: by what the peer reports missing, and by probing the tail where it reports
 * nothing.
 */
export class LossDetection {
  readonly #flight: Flight
  readonly #rto: RetransmissionTimeout
  /** The latest transmission of those that the SACK which is being read acknowledges. */
  #newest = 0
  /** The three latest of all reports, by the latest transmission that each acknowledged; the earliest first. */
  readonly #reports: [number, number, number] = [0, 0, 0]
  #worst = 0
  #lostAgain = 0
  #probeAt = NEVER
  /** Transmissions that there had been when the last probe that is not answered was sent. */
  #probedAfter = NEVER
  /** Probes in a row without an answer. */
  #probes = 0

  constructor(flight: Flight, rto: RetransmissionTimeout) {
    this.#flight = flight
    this.#rto = rto
  }

  /** When {@link probe} is due. */
  get probeAt(): number {
    return this.#probeAt
  }

  /** How often the chunk was found lost that has had it worst of those which the last SACK shows to be lost. */
  get worst(): number {
    return this.#worst
  }

  /** The latest transmission that the last SACK shows to be lost, of chunks that had been lost before; 0 if none is. */
  get lostAgain(): number {
    return this.#lostAgain
  }

  /** A SACK is going to be read. */
  beginSack(): void {
    this.#newest = 0
    this.#worst = 0
    this.#lostAgain = 0
  }

  /** The SACK acknowledges a chunk for the first time. */
  onAcknowledged(chunk: OutboundChunk): void {
    this.#newest = Math.max(this.#newest, chunk.order)
  }

  /** The SACK is read. */
  endSack(): void {
    if (this.#newest > 0) this.#probes = 0
    if (this.#isProbeAnswered) this.#probedAfter = NEVER
  }

  /**
   * The SACK reports what is missing. Three reports, and a chunk counts as lost (section 7.2.4). One counts only if it is
   * of something that was sent later than the chunk; so a chunk that was sent again can be found lost again, where the RFC
   * would wait for the timer. The answer to a probe of the tail is enough by itself: what it does not have was sent long
   * ago.
   *
   * @returns whether something is lost
   */
  countReport(): boolean {
    this.#noteReport()
    const upTo = this.#isProbeAnswered ? this.#newest : this.#reports[0]
    let found = false
    for (let chunk = this.#flight.oldest; chunk !== undefined && chunk.order <= upTo; ) {
      this.#flight.lose(chunk)
      this.#worst = Math.max(this.#worst, ++chunk.losses)
      if (chunk.losses > 1) this.#lostAgain = Math.max(this.#lostAgain, chunk.order)
      found = true
      chunk = this.#flight.oldest
    }
    return found
  }

  #noteReport(): void {
    const reports = this.#reports
    if (this.#newest <= reports[0]) return
    reports[0] = this.#newest
    for (let i = 0; i < 2 && reports[i]! > reports[i + 1]!; i++) {
      const later = reports[i]!
      reports[i] = reports[i + 1]!
      reports[i + 1] = later
    }
  }

  /** The tail is probed if nothing is heard from now on. Each probe waits twice as long as the one before it. */
  watchTail(now: number): void {
    const mayProbe = this.#flight.dataBytes > 0 && this.#probes < MOST_TAIL_PROBES
    this.#probeAt = mayProbe ? now + this.#rto.tailProbeMs * 2 ** this.#probes : NEVER
  }

  /** Leaves the tail alone. */
  rest(): void {
    this.#probeAt = NEVER
    this.#probedAfter = NEVER
  }

  /**
   * Nothing was heard for some round trips: one more packet is to leave, with what is known to be lost or with the last
   * chunk once more, to be told at once what is missing, long before T3-rtx expires. What was lost may be the end of a
   * burst, or the only SACK for it (after RFC 8985, section 7).
   *
   * @returns whether there is something to send
   */
  probe(): boolean {
    this.#probeAt = NEVER
    if (this.#flight.lostCount === 0) {
      const last = this.#flight.at(addTsn(this.#flight.next, -1))
      if (this.#flight.count === 0 || last.state !== 'sent') return false
      last.flags |= DataFlag.IMMEDIATE
      this.#flight.lose(last)
    }
    this.#probedAfter = this.#flight.transmissions
    this.#probes++
    return true
  }

  get #isProbeAnswered(): boolean {
    return this.#newest > this.#probedAfter
  }
}
