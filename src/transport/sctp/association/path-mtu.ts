import { BASE_PACKET_BYTES } from './protocol-values.ts'

/** RFC 8899, section 5.1: PROBE_TIMER is the RTO of the path; MAX_PROBES; PMTU_RAISE_TIMER. */
const MAX_PROBES = 3
const RAISE_MS = 600_000

/** Time-outs in a row, with packets above the base, that are taken for a black hole (section 4.3). */
const BLACK_HOLE_TIMEOUTS = 2

/** Packets of common links, less their IP and UDP headers, and what lies between (section 5.3.2). */
const USUAL_BYTES = [1232, 1372, 1432, 1452, 1472, 2048, 4048, 8168, 8952, 8972, 16_332, 32_716]

const NEVER = Number.POSITIVE_INFINITY

/**
 * Packetization Layer Path MTU Discovery (RFC 8899, section 6.2): finds the largest packet that reaches the peer. Sizes
 * are those of SCTP packets, without UDP and IP headers, and whole words.
 *
 * The largest that the local link takes is tried first; if it is not answered, the usual ones from below.
 */
export class PathMtu {
  readonly #largest: number
  readonly #base: number
  #packetBytes: number
  /** The least size that is known to be too large. */
  #tooLarge: number
  /** The size that is being probed. */
  #probed = 0
  #probes = 0
  /** When the next probe leaves, or the one that is out is given up. */
  #at = NEVER
  #isOut = false

  /**
   * @param largest of the local link, at most 65,504
   * @param base the packet that every path takes: BASE_PLPMTU
   */
  constructor(largest: number, base = BASE_PACKET_BYTES) {
    this.#largest = largest & ~3
    this.#base = base
    this.#packetBytes = base
    this.#tooLarge = this.#largest + 4
  }

  /** The packet that is known to pass: PLPMTU. */
  get packetBytes(): number {
    return this.#packetBytes
  }

  /** Whether that is as large as a packet can be. */
  get isLargest(): boolean {
    return this.#packetBytes >= this.#largest
  }

  /** When {@link onTimeout} is due. */
  get at(): number {
    return this.#at
  }

  /** The path is confirmed: the search begins. */
  start(now: number): void {
    if (this.#largest > this.#packetBytes) this.#search(this.#largest, now)
  }

  /** The size of the probe to send now, if one is due. */
  takeProbe(now: number, timeoutMs: number): number | undefined {
    if (this.#isOut || this.#probed === 0 || now < this.#at) return undefined
    this.#isOut = true
    this.#probes++
    this.#at = now + timeoutMs
    return this.#probed
  }

  /** The peer has answered a probe of this size. Returns whether larger packets may be sent now. */
  onAnswer(byteLength: number, now: number): boolean {
    if (byteLength !== this.#probed || !this.#isOut) return false
    this.#packetBytes = byteLength
    this.#next(now)
    return true
  }

  /** A probe was not answered, or it is time to look whether the path has become better. */
  onTimeout(now: number): void {
    if (!this.#isOut) {
      if (this.#probed === 0) this.#raise(now)
      return
    }
    this.#isOut = false
    if (this.#probes < MAX_PROBES) return
    this.#tooLarge = this.#probed
    this.#next(now)
  }

  /** T3-rtx has expired so many times in a row. Returns whether packets are smaller from now on. */
  onRetransmissions(inARow: number, now: number): boolean {
    if (inARow < BLACK_HOLE_TIMEOUTS || this.#packetBytes === this.#base) return false
    this.#tooLarge = this.#packetBytes
    this.#packetBytes = this.#base
    this.#isOut = false
    // The largest would be lost again: search from below, once the path has answered something.
    this.#probed = 0
    this.#at = now + RAISE_MS / 10
    return true
  }

  #next(now: number): void {
    const size = USUAL_BYTES.find(bytes => bytes > this.#packetBytes && bytes < this.#tooLarge)
    if (size === undefined || this.#packetBytes >= this.#largest) this.#rest(now)
    else this.#search(size, now)
  }

  #search(size: number, now: number): void {
    this.#probed = size
    this.#probes = 0
    this.#isOut = false
    this.#at = now
  }

  /** Search Complete (section 5.2). */
  #rest(now: number): void {
    this.#probed = 0
    this.#isOut = false
    this.#at = this.#packetBytes < this.#largest ? now + RAISE_MS : NEVER
  }

  #raise(now: number): void {
    this.#tooLarge = this.#largest + 4
    this.#next(now)
    if (this.#probed === 0 && this.#packetBytes < this.#largest) this.#search(this.#largest, now)
  }
}
