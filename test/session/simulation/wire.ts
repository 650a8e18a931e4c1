import { ConnectError } from '../../../src/errors.ts'
import type { ByteStream, ByteStreamSink } from '../../../src/transport/byte-stream.ts'
import type { Chance } from '../../sctp/simulation/chance.ts'
import type { VirtualClock } from '../../sctp/simulation/virtual-clock.ts'
import type { SimPlatform } from './sim-platform.ts'

/** How a connection breaks, for what goes towards one end. */
export interface Break {
  /** Whether what is under way still arrives, and by how much later. */
  readonly lateMs: number | undefined
  /** When the end there is told; undefined for never. */
  readonly toldAfterMs: number | undefined
  /** Whether it is told of a clean end, as by a proxy that stops. */
  readonly isClean?: boolean
  /** Whether the system at the other end takes what is sent for a while, though nobody gets it. */
  readonly isSink?: boolean
}

/** Springs when so many bytes have come to an end. */
export interface Trap {
  readonly afterBytes: number
  readonly spring: () => void
}

/** Who sees what goes over the wires. */
export interface WireWatch {
  onSent(end: WireEnd, bytes: Uint8Array): void
  /** So many bytes are about to be given to the end, and have been given. */
  onArriving(end: WireEnd, byteLength: number): void
  onArrived(end: WireEnd): void
  /**
   * The end has given the connection up: has reset it, or ended its direction. It says whether it is inside a data frame
   * then.
   */
  onLeft(end: WireEnd, midFrame: boolean): void
  /** The end is about to learn that the connection has ended or is broken. */
  onGone(end: WireEnd): void
}

const LATENCY_MS = 5

const BROKEN: Break = { lateMs: undefined, toldAfterMs: 0 }

/** One end of a simulated connection. */
export class WireEnd implements ByteStream {
  readonly localAddress = 'wire://here'
  remoteAddress = 'wire://there'
  readonly tls = undefined
  readonly process: SimPlatform
  watch: WireWatch | undefined
  trap: Trap | undefined
  readonly #clock: VirtualClock
  readonly #chance: Chance
  #peer!: WireEnd
  #sink: ByteStreamSink | undefined
  /** When what was sent last towards this end arrives. */
  #arrival = 0
  #stalledUntil = 0
  #broken: Break | undefined
  #isClosed = false
  #isReset = false
  #sentEnd = false
  #gotEnd = false
  #isFinished = false
  #waiting = 0
  #arrivedBytes = 0
  delivered = 0

  private constructor(clock: VirtualClock, chance: Chance, process: SimPlatform) {
    this.#clock = clock
    this.#chance = chance
    this.process = process
  }

  static pair(clock: VirtualClock, chance: Chance, near: SimPlatform, far: SimPlatform): [WireEnd, WireEnd] {
    const ends: [WireEnd, WireEnd] = [new WireEnd(clock, chance, near), new WireEnd(clock, chance, far)]
    ends[0].#peer = ends[1]
    ends[1].#peer = ends[0]
    return ends
  }

  get peer(): WireEnd {
    return this.#peer
  }

  get isClosed(): boolean {
    return this.#isClosed || this.#isReset
  }

  /** Whether bytes can come both ways. */
  get isSound(): boolean {
    return [this, this.#peer].every(end => !end.isClosed && !end.#sentEnd && end.#broken === undefined)
  }

  /** Whether bytes have arrived at the machine, and its process has not read them. */
  get hasUnread(): boolean {
    return this.#waiting > 0
  }

  open(sink: ByteStreamSink): void {
    this.#sink = sink
  }

  write(segments: readonly Uint8Array[], byteLength: number): boolean {
    if (this.isClosed || this.#sentEnd) throw new Error('a write behind the end')
    const bytes = segments.length === 1 ? segments[0]!.slice() : new Uint8Array(Buffer.concat(segments))
    if (bytes.length !== byteLength) throw new Error('a write of another length than it says')
    this.watch?.onSent(this, bytes)
    for (let at = 0; at < bytes.length; ) {
      const end = this.#chance.yes(0.3) ? this.#chance.between(at + 1, bytes.length) : bytes.length
      const chunk = bytes.subarray(at, end)
      this.#peer.#schedule(() => this.#peer.#arriveData(chunk))
      at = end
    }
    if (this.#chance.yes(0.5) && this.#broken === undefined) return true
    const tell = (): void => this.process.input(() => this.#tellWritten(byteLength))
    if (this.#peer.#broken?.isSink) this.#clock.at(this.#clock.now + LATENCY_MS, tell)
    else this.#peer.#schedule(() => this.#peer.#arrive(tell))
    return false
  }

  end(): void {
    this.#sentEnd = true
    this.watch?.onLeft(this, false)
    this.#peer.#scheduleCall(() => this.#peer.#receiveEnd())
  }

  pause(): void {}

  resume(): void {}

  /** What is under way towards this end may still come until it is told that it is closed. */
  reset(midFrame: boolean): void {
    if (this.isClosed) return
    this.watch?.onLeft(this, midFrame)
    this.#isReset = true
    this.#clock.at(this.#clock.now + this.#chance.pick([0, 3, 100, 5000]), () => this.close())
    const error = new ConnectError('CONNECTION_RESET', 'broken by the peer')
    this.#peer.#scheduleCall(() => this.#peer.close(error))
  }

  /** What goes towards this end, and what it is told, breaks. */
  breakOff(how: Break): void {
    if (this.#isClosed || this.#broken !== undefined) return
    this.#broken = how
    const { toldAfterMs } = how
    if (toldAfterMs === undefined) return
    const tell = (): void => {
      if (how.isClean && !this.isClosed && !this.#gotEnd) this.#receiveEnd()
      this.close(new ConnectError('CONNECTION_RESET', 'the network broke it'))
    }
    this.#clock.at(this.#clock.now + toldAfterMs, () => this.process.input(tell))
  }

  /** Behind so many bytes towards this end, the connection breaks for both. */
  cutAfter(bytes: number): void {
    if (bytes === Number.POSITIVE_INFINITY) return
    const spring = (): void => {
      this.breakOff(BROKEN)
      this.#peer.breakOff(BROKEN)
    }
    this.trap = { afterBytes: bytes, spring }
  }

  /** Nothing arrives here for a while; then all of it. */
  stall(ms: number): void {
    this.#stalledUntil = this.#clock.now + ms
  }

  close(error?: ConnectError): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.watch?.onGone(this)
    this.#sink?.onClose(error)
  }

  #tellWritten(byteLength: number): void {
    if (!this.isClosed) this.#sink!.onWritten(byteLength)
  }

  /** Sets when something that was sent just now arrives here. */
  #schedule(arrive: () => void): void {
    const gap = this.#chance.yes(0.2) ? this.#chance.between(1, 30) : 0
    const at = Math.max(this.#arrival + gap, this.#clock.now + LATENCY_MS, this.#stalledUntil)
    this.#arrival = at
    if (this.#broken === undefined) this.#clock.at(at, arrive)
  }

  #scheduleCall(run: () => void): void {
    this.#schedule(() => this.#arrive(() => this.#hand(run)))
  }

  #arriveData(chunk: Uint8Array): void {
    const { trap } = this
    const left = (trap?.afterBytes ?? Number.POSITIVE_INFINITY) - this.#arrivedBytes
    if (trap === undefined || chunk.length < left || this.#broken !== undefined) {
      this.#arrivedBytes += chunk.length
      this.#arrive(() => this.#handData(chunk))
      return
    }
    if (left > 0) this.#handData(chunk.subarray(0, left))
    this.trap = undefined
    this.#arrivedBytes += left
    trap.spring()
    if (left < chunk.length) this.#arrive(() => this.#handData(chunk.subarray(left)))
  }

  /** It arrives, unless the connection is broken. */
  #arrive(hand: () => void): void {
    const broken = this.#broken
    if (broken === undefined) hand()
    else if (broken.lateMs !== undefined) this.#clock.at(this.#clock.now + broken.lateMs, hand)
  }

  /** To the process, which may not run now. */
  #hand(run: () => void): void {
    this.process.input(() => {
      if (!this.#isClosed) run()
    })
  }

  #handData(chunk: Uint8Array): void {
    this.#waiting++
    this.process.input(() => {
      this.#waiting--
      this.delivered += chunk.length
      if (!this.#isClosed) this.#give(chunk)
    })
  }

  /** Into the memory of the sink, where it has some for this. */
  #give(chunk: Uint8Array): void {
    const sink = this.#sink
    if (sink === undefined) return
    const room = sink.room()
    const part = room === undefined ? chunk : chunk.subarray(0, Math.min(room.length, chunk.length))
    room?.set(part)
    this.watch?.onArriving(this, part.length)
    sink.onData(room === undefined ? part : room.subarray(0, part.length))
    this.watch?.onArrived(this)
    if (part.length < chunk.length && !this.#isClosed) this.#give(chunk.subarray(part.length))
  }

  #receiveEnd(): void {
    this.#gotEnd = true
    this.watch?.onGone(this)
    this.#sink?.onEnd()
    if (this.isClosed) return
    this.#peer.#scheduleCall(() => this.#peer.#finish())
    this.#closeIfDone()
  }

  /** What this end has sent has all come, its end too. */
  #finish(): void {
    this.#isFinished = true
    this.#sink?.onFinish()
    this.#closeIfDone()
  }

  #closeIfDone(): void {
    if (this.#isFinished && this.#gotEnd) this.close()
  }
}
