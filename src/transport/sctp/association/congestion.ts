import { BASE_PACKET_BYTES } from './protocol-values.ts'

/** What a SACK has acknowledged, as congestion control needs it. Chunks count with their headers and padding. */
export interface Acknowledged {
  /** Bytes that were acknowledged for the first time. */
  readonly bytes: number
  /** Whether the Cumulative TSN Ack Point has moved. */
  readonly advanced: boolean
  /** Bytes in flight before the SACK. */
  readonly flightBefore: number
  /** Bytes in flight after it. */
  readonly flightAfter: number
}

/** Slow start, congestion avoidance and fast recovery (RFC 9260, section 7.2). Sizes are in bytes. */
export class CongestionControl {
  #packetBytes: number
  #window: number
  #threshold = Number.MAX_SAFE_INTEGER
  #partialBytesAcked = 0
  #recovering = false

  constructor(packetBytes = BASE_PACKET_BYTES) {
    this.#packetBytes = packetBytes
    // Section 7.2.1.
    this.#window = Math.min(4 * packetBytes, Math.max(2 * packetBytes, 4404))
  }

  /** cwnd. */
  get window(): number {
    return this.#window
  }

  /** ssthresh. */
  get threshold(): number {
    return this.#threshold
  }

  get recovering(): boolean {
    return this.#recovering
  }

  /** The path takes packets of another size. */
  setPacketBytes(packetBytes: number): void {
    this.#packetBytes = packetBytes
  }

  onAcknowledged({ bytes, advanced, flightBefore, flightAfter }: Acknowledged): void {
    const used = flightBefore + this.#packetBytes > this.#window
    if (this.#window <= this.#threshold) {
      // Section 7.2.1: only while the window is used, and not in fast recovery.
      if (advanced && used && !this.#recovering) this.#window += Math.min(bytes, this.#packetBytes)
    } else {
      // Section 7.2.2: one packet per window of data.
      if (advanced) this.#partialBytesAcked += bytes
      if (this.#partialBytesAcked >= this.#window && used && !this.#recovering) {
        this.#partialBytesAcked -= this.#window
        this.#window += this.#packetBytes
      } else if (this.#partialBytesAcked > this.#window) {
        this.#partialBytesAcked = this.#window
      }
    }
    if (flightAfter === 0) this.#partialBytesAcked = 0
  }

  /** Something was lost that fast retransmit repairs (sections 7.2.3 and 7.2.4). */
  enterRecovery(): void {
    if (this.#recovering) return
    this.#recovering = true
    this.#halve()
    this.#window = this.#threshold
  }

  leaveRecovery(): void {
    this.#recovering = false
  }

  /** T3-rtx has expired (section 7.2.3). */
  onTimeout(): void {
    this.#recovering = false
    this.#halve()
    this.#window = this.#packetBytes
  }

  /** Nothing was sent for `idleMs` (section 7.2.1): half the window for each RTO. */
  onIdle(idleMs: number, rtoMs: number): void {
    const least = 4 * this.#packetBytes
    for (let left = idleMs; left >= rtoMs && this.#window > least; left -= rtoMs) {
      this.#window = Math.max(this.#window / 2, least)
    }
  }

  #halve(): void {
    this.#threshold = Math.max(Math.floor(this.#window / 2), 4 * this.#packetBytes)
    this.#partialBytesAcked = 0
  }
}
