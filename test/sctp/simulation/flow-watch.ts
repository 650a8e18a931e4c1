import type { Association } from '../../../src/transport/sctp/association/association.ts'
import { type ChunkView, chunksOf, tagOf } from './packet-view.ts'
import { must } from './violation.ts'

const DATA = 0
const SACK = 3
const SHUTDOWN = 7
const DATA_HEADER_BYTES = 12

const isBehind = (a: number, b: number): boolean => ((a - b) | 0) < 0

/** What is looked at of an association. */
export interface Watched {
  readonly localTag: number
  readonly localInitialTsn: number
  readonly figures: Association['figures']
  output(now: number): Uint8Array | undefined
}

/** Follows on the wire whether an association keeps to its peer's window and its own congestion window. */
export class FlowWatch {
  readonly #name: string
  readonly #association: Watched
  #peerWindow: number
  #cumulativeTsn: number
  #nextTsn: number
  /**
   * Whether one packet may be sent again whatever the congestion window says: for each SACK, which may show a loss
   * (RFC 9260, section 7.2.4), and for each timer that expires, which may probe the tail (RFC 8985, section 7.3).
   */
  #mayExceed = false
  /** Chunks that were sent more than once, each time counted. */
  sentAgain = 0

  constructor(name: string, association: Watched, peerWindow: number) {
    this.#name = name
    this.#association = association
    this.#peerWindow = peerWindow
    this.#nextTsn = association.localInitialTsn
    this.#cumulativeTsn = (this.#nextTsn - 1) | 0
  }

  /** A packet is going to be taken. */
  onInput(packet: Uint8Array): void {
    if (tagOf(packet) !== this.#association.localTag) return
    for (const { type, value } of chunksOf(packet)) {
      if ((type !== SACK && type !== SHUTDOWN) || isBehind(value.getInt32(0), this.#cumulativeTsn)) continue
      this.#cumulativeTsn = value.getInt32(0)
      if (type === SHUTDOWN) continue
      this.#peerWindow = value.getUint32(4)
      this.#mayExceed = true
    }
  }

  /** A timer of the association has expired. */
  onTimeout(): void {
    this.#mayExceed = true
  }

  /** The next packet, which the association gives while it is watched. */
  output(now: number): Uint8Array | undefined {
    const { flightBytes: before, flightWireBytes: wireBefore } = this.#association.figures
    this.#checkFlight(before)
    const packet = this.#association.output(now)
    const data = packet === undefined ? [] : chunksOf(packet).filter(({ type }) => type === DATA)
    if (data.length > 0) {
      this.#checkPeerWindow(data, before)
      this.#checkCongestionWindow(data, wireBefore)
      this.sentAgain += data.filter(({ value }) => isBehind(value.getInt32(0), this.#nextTsn)).length
      this.#nextTsn = data.map(tsnBehind).reduce((a, b) => (isBehind(a, b) ? b : a), this.#nextTsn)
    }
    return packet
  }

  /** What is in flight was sent, and is not acknowledged. */
  #checkFlight(flight: number): void {
    const isAllAcknowledged = this.#nextTsn === ((this.#cumulativeTsn + 1) | 0)
    must(isAllAcknowledged ? flight === 0 : flight >= 0, () => `${this.#name}: ${flight} bytes in flight`)
  }

  /** New data fits the window; but one chunk may ask for it where nothing is on its way (section 6.1, A). */
  #checkPeerWindow(data: readonly ChunkView[], flightBefore: number): void {
    let flight = flightBefore
    for (const { value } of data) {
      const bytes = value.byteLength - DATA_HEADER_BYTES
      const tsn = value.getInt32(0)
      const isNew = !isBehind(tsn, this.#nextTsn)
      const isProbe = tsn === ((this.#cumulativeTsn + 1) | 0)
      must(
        !isNew || isProbe || flight + bytes <= this.#peerWindow,
        () =>
          `${this.#name}: ${flight} and ${bytes} bytes in flight, the peer's window is ${this.#peerWindow}`,
      )
      flight += bytes
    }
  }

  #checkCongestionWindow(data: readonly ChunkView[], flightBefore: number): void {
    const { congestionWindow, flightWireBytes, packetBytes } = this.#association.figures
    if (flightBefore < congestionWindow) {
      must(
        flightWireBytes < congestionWindow + packetBytes,
        () => `${this.#name}: ${flightWireBytes} in flight, the congestion window is ${congestionWindow}`,
      )
      return
    }
    const isAgain = data.every(({ value }) => isBehind(value.getInt32(0), this.#nextTsn))
    must(
      isAgain && this.#mayExceed,
      () => `${this.#name}: more into a full congestion window, ${flightBefore} of ${congestionWindow}`,
    )
    this.#mayExceed = false
  }
}

const tsnBehind = ({ value }: ChunkView): number => (value.getInt32(0) + 1) | 0
