import { readI32 } from '../wire/bytes.ts'
import { type Cause, causeWithText } from '../wire/causes.ts'
import type { ChunkReader } from '../wire/chunk-reader.ts'
import { CauseCode } from '../wire/numbers.ts'
import type { PacketWriter } from '../wire/packet-writer.ts'
import { cumulativeOnly, readSack, type Sack } from '../wire/sack-chunk.ts'
import type { Tsn } from '../wire/serial.ts'
import type { AssociationUser } from './association-user.ts'
import { Closing, type ClosingState } from './closing.ts'
import type { ControlChunks } from './control-chunks.ts'
import { InboundData, type InboundUser } from './inbound-data.ts'
import { OutboundData } from './outbound-data.ts'
import type { Path } from './path.ts'

/** What both ends have told each other when the exchange begins. */
export interface ExchangeStart {
  readonly localInitialTsn: Tsn
  readonly localWindow: number
  readonly peerInitialTsn: Tsn
  readonly peerWindow: number
  /** Whether the peer ends each direction by a mark. */
  readonly peerMarksEnds: boolean
  /** Whether it was the peer who began the association. */
  readonly accepted: boolean
}

/** What becomes of the association by a chunk or a timer. */
export type Verdict =
  | { readonly kind: 'broken'; readonly cause: Cause }
  | { readonly kind: 'complete'; readonly farewell: boolean }
  | { readonly kind: 'unanswered' }

const broken = (what: string): Verdict => ({
  kind: 'broken',
  cause: causeWithText(CauseCode.PROTOCOL_VIOLATION, what),
})

/** An association after its handshake: data both ways, and the end. */
export class Exchange implements InboundUser {
  readonly #user: AssociationUser
  readonly #path: Path
  readonly #control: ControlChunks
  readonly #inbound: InboundData
  readonly #outbound: OutboundData
  readonly #closing: Closing

  constructor(start: ExchangeStart, path: Path, control: ControlChunks, user: AssociationUser) {
    const endMarks = start.peerMarksEnds
    this.#user = user
    this.#path = path
    this.#control = control
    this.#inbound = new InboundData(start.peerInitialTsn, start.localWindow, endMarks, this)
    this.#outbound = new OutboundData(
      start.localInitialTsn,
      start.peerWindow,
      path.packetBytes,
      endMarks,
      path.rto,
    )
    this.#closing = new Closing(endMarks, start.accepted, user)
  }

  get state(): ClosingState {
    return this.#closing.state
  }

  /** Whether each end knows that the other has everything. */
  get isSettled(): boolean {
    return this.#closing.isSettled
  }

  get isUrgent(): boolean {
    return this.#inbound.sackIsUrgent
  }

  get congestionWindow(): number {
    return this.#outbound.congestionWindow
  }

  get flight(): OutboundData['flight'] {
    return this.#outbound.flight
  }

  /** When {@link onTimeout} is due, or {@link fill} has something to write. */
  get at(): number {
    const { timeoutAt, tailProbeAt } = this.#outbound
    return Math.min(timeoutAt, tailProbeAt, this.#inbound.sackAt, this.#closing.at, this.#path.at)
  }

  send(segments: readonly Uint8Array[]): void {
    this.#outbound.queue(segments)
  }

  end(): void {
    this.#outbound.queueEnd()
    this.#closing.end()
  }

  consumed(byteLength: number, now: number): void {
    this.#inbound.consumed(byteLength, now)
  }

  /** Sends SHUTDOWN ACK once more. */
  answerShutdownAck(now: number): void {
    this.#closing.answer(now)
  }

  /** Both directions have ended. */
  complete(): void {
    this.#closing.complete()
  }

  /** Whether DATA is still looked at. */
  get takesData(): boolean {
    return this.#closing.takesData
  }

  onDataChunk(chunk: ChunkReader, now: number): Verdict | undefined {
    const cause = this.#inbound.onChunk(chunk, now)
    if (cause !== undefined) return { kind: 'broken', cause }
    // Section 9.2: in this state, data is answered at once.
    if (this.#closing.state === 'SHUTDOWN-SENT') this.#inbound.sackNow(now)
    this.#closing.onData(now)
    return undefined
  }

  /** Called after the chunks of each packet that had DATA. */
  onDataPacket(now: number): void {
    this.#inbound.onPacket(now)
  }

  onSack(chunk: ChunkReader, now: number): Verdict | undefined {
    const sack = readSack(chunk)
    return sack === undefined ? broken('a SACK chunk is malformed') : this.#acknowledge(sack, now)
  }

  onHeartbeatAck(chunk: ChunkReader, now: number): void {
    if (this.#path.onHeartbeatAck(chunk, now)) this.#outbound.setPacketBytes(this.#path.packetBytes)
  }

  onShutdown(chunk: ChunkReader, now: number): Verdict | undefined {
    if (chunk.valueBytes !== 4) return broken('a SHUTDOWN chunk is malformed')
    const sack = cumulativeOnly(readI32(chunk.bytes, chunk.valueStart), this.#outbound.peerWindow)
    const verdict = this.#acknowledge(sack, now)
    if (verdict !== undefined) return verdict
    if (this.#inbound.hasGaps) return broken('SHUTDOWN before all data was acknowledged')
    this.#closing.onShutdown(now)
    return undefined
  }

  onShutdownAck(): Verdict | undefined {
    return this.#closing.onShutdownAck() ? { kind: 'complete', farewell: true } : undefined
  }

  onShutdownComplete(): Verdict | undefined {
    return this.#closing.onShutdownComplete() ? { kind: 'complete', farewell: false } : undefined
  }

  onTimeout(now: number): Verdict | undefined {
    const outbound = this.#outbound
    if (now >= outbound.timeoutAt) this.#onRetransmission(now)
    else if (now >= outbound.tailProbeAt) outbound.probeTail()
    this.#path.onTimeout(now)
    if (this.#closing.onTimeout(now)) return undefined
    return this.#closing.isSettled ? { kind: 'complete', farewell: false } : { kind: 'unanswered' }
  }

  /** What follows from what has happened, whatever it was. */
  goOn(now: number): void {
    this.#closing.advance(this.#outbound, now)
  }

  /** Packets are going to be filled. */
  beginBurst(now: number): void {
    this.#outbound.beginBurst(now)
  }

  /** Writes into a packet what is to be sent. */
  fill(writer: PacketWriter, now: number): void {
    const inbound = this.#inbound
    const outbound = this.#outbound
    this.#control.write(writer)
    if (inbound.sackAt <= now || (inbound.sackUseful && outbound.isReady)) inbound.writeSack(writer)
    this.#path.writeHeartbeat(writer, now)
    this.#closing.write(writer, inbound.cumulativeTsn, this.#path.rto.ms, now)
    outbound.fill(writer, now)
    this.#path.onSent(outbound.sentBytes, now)
  }

  onData(bytes: Uint8Array): void {
    this.#user.onData(bytes)
  }

  onEndMark(): void {
    this.#closing.onPeerEnd()
  }

  #acknowledge(sack: Sack, now: number): Verdict | undefined {
    const result = this.#outbound.onSack(sack, now)
    if (result === undefined) {
      return broken(`${sack.tellsGaps ? 'a SACK' : 'a SHUTDOWN'} acknowledges data that was never sent`)
    }
    if (this.#path.onLosses(result.losses, now)) this.#outbound.setPacketBytes(this.#path.packetBytes)
    if (result.roundTripMs !== undefined) this.#path.rto.sample(result.roundTripMs)
    if (result.alive) this.#path.onAnswered()
    if (result.streamBytes > 0) this.#user.onAcknowledged(result.streamBytes)
    return undefined
  }

  #onRetransmission(now: number): void {
    // The size of packets comes first: the congestion window becomes that of one.
    this.#path.onRetransmission(this.#outbound.timeouts + 1, now)
    this.#outbound.setPacketBytes(this.#path.packetBytes)
    this.#outbound.onTimeout()
  }
}
