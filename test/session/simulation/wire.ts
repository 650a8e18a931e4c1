import { ConnectError } from '../../../src/errors.ts'
import type { ByteStream, ByteStreamSink } from '../../../src/transport/byte-stream.ts'
import type { Chance } from '../../sctp/simulation/chance.ts'
import type { VirtualClock } from '../../sctp/simulation/virtual-clock.ts'

/** How a connection breaks, for what goes towards one end. */
export interface Break {
  /** Whether what is under way still arrives, and by how much later. */
  readonly lateMs: number | undefined
  /** When the end there is told; undefined for never. */
  readonly toldAfterMs: number | undefined
}

const LATENCY_MS = 5

/** One end of a simulated connection. */
export class WireEnd implements ByteStream {
  readonly localAddress = 'wire://here'
  readonly remoteAddress = 'wire://there'
  readonly tls = undefined
  readonly #clock: VirtualClock
  readonly #chance: Chance
  readonly #cut: { left: number }
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
  delivered = 0

  private constructor(clock: VirtualClock, chance: Chance, cutAfterBytes: number) {
    this.#clock = clock
    this.#chance = chance
    this.#cut = { left: cutAfterBytes }
  }

  /** @param cuts after so many bytes towards each end, the connection breaks for both */
  static pair(
    clock: VirtualClock,
    chance: Chance,
    cuts: readonly [near: number, far: number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  ): [WireEnd, WireEnd] {
    const near = new WireEnd(clock, chance, cuts[0])
    const far = new WireEnd(clock, chance, cuts[1])
    near.#peer = far
    far.#peer = near
    return [near, far]
  }

  get isClosed(): boolean {
    return this.#isClosed || this.#isReset
  }

  open(sink: ByteStreamSink): void {
    this.#sink = sink
  }

  write(segments: readonly Uint8Array[], byteLength: number): boolean {
    if (this.#isClosed || this.#isReset || this.#sentEnd) throw new Error('a write behind the end')
    const bytes = new Uint8Array(Buffer.concat(segments))
    if (bytes.length !== byteLength) throw new Error('a write of another length than it says')
    for (let at = 0; at < bytes.length; ) {
      const end = this.#chance.yes(0.3) ? this.#chance.between(at + 1, bytes.length) : bytes.length
      const chunk = bytes.slice(at, end)
      this.#peer.#schedule(() => this.#peer.#receive(chunk))
      at = end
    }
    if (this.#chance.yes(0.5) && this.#broken === undefined) return true
    this.#peer.#schedule(() => {
      if (!this.#isClosed && !this.#isReset && this.#broken === undefined) this.#sink!.onWritten(byteLength)
    })
    return false
  }

  end(): void {
    this.#sentEnd = true
    this.#peer.#schedule(() => this.#peer.#receiveEnd())
  }

  pause(): void {}

  resume(): void {}

  /** What is under way towards this end may still come until it is told that it is closed. */
  reset(): void {
    if (this.#isClosed || this.#isReset) return
    this.#isReset = true
    this.#clock.at(this.#clock.now + this.#chance.pick([0, 3, 100]), () => this.close())
    const error = new ConnectError('CONNECTION_RESET', 'broken by the peer')
    this.#peer.#schedule(() => this.#peer.close(error))
  }

  /** What goes towards this end, and what it is told, breaks. */
  breakOff(how: Break): void {
    if (this.#isClosed || this.#broken !== undefined) return
    this.#broken = how
    const { toldAfterMs } = how
    if (toldAfterMs === undefined) return
    const error = new ConnectError('CONNECTION_RESET', 'the network broke it')
    this.#clock.at(this.#clock.now + toldAfterMs, () => this.close(error))
  }

  /** Nothing arrives here for a while; then all of it. */
  stall(ms: number): void {
    this.#stalledUntil = this.#clock.now + ms
  }

  close(error?: ConnectError): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#sink?.onClose(error)
  }

  #schedule(run: () => void): void {
    const gap = this.#chance.yes(0.2) ? this.#chance.between(1, 30) : 0
    const at = Math.max(this.#arrival + gap, this.#clock.now + LATENCY_MS, this.#stalledUntil)
    this.#arrival = at
    const isLate = this.#broken
    if (isLate !== undefined) return
    this.#clock.at(at, () => this.#arrive(run))
  }

  #arrive(run: () => void): void {
    const broken = this.#broken
    if (this.#isClosed) return
    if (broken === undefined) run()
    else if (broken.lateMs !== undefined) {
      this.#clock.at(this.#clock.now + broken.lateMs, () => {
        if (!this.#isClosed) run()
      })
    }
  }

  #receive(chunk: Uint8Array): void {
    const taken = chunk.subarray(0, Math.min(chunk.length, this.#cut.left))
    this.#cut.left -= taken.length
    this.delivered += taken.length
    if (taken.length > 0) this.#give(taken)
    if (this.#cut.left > 0 || this.#isClosed) return
    const error = new ConnectError('CONNECTION_RESET', 'cut')
    const peer = this.#peer
    this.close(error)
    this.#clock.at(this.#clock.now, () => peer.close(error))
  }

  /** Into the memory of the sink, where it has some for this. */
  #give(chunk: Uint8Array): void {
    const sink = this.#sink
    if (sink === undefined) return
    const room = sink.room()
    if (room === undefined) {
      sink.onData(chunk)
      return
    }
    const part = chunk.subarray(0, Math.min(room.length, chunk.length))
    room.set(part)
    sink.onData(room.subarray(0, part.length))
    if (part.length < chunk.length && !this.#isClosed) this.#give(chunk.subarray(part.length))
  }

  #receiveEnd(): void {
    this.#gotEnd = true
    this.#sink?.onEnd()
    if (this.#isClosed || this.#peer.#isClosed) return
    this.#peer.#sink?.onFinish()
    if (!this.#sentEnd || !this.#peer.#gotEnd) return
    this.close()
    this.#peer.close()
  }
}
