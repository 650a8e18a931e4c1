import { readI32, writeU32 } from '../wire/bytes.ts'
import { CHUNK_HEADER_BYTES, type ChunkReader } from '../wire/chunk-reader.ts'
import { ChunkType, ParameterType } from '../wire/numbers.ts'
import type { PacketWriter } from '../wire/packet-writer.ts'
import { Heartbeat } from './heartbeat.ts'
import { PathMtu } from './path-mtu.ts'
import { RetransmissionTimeout } from './retransmission-timeout.ts'

export interface PathOptions {
  readonly heartbeatIntervalMs: number
  readonly largestPacketBytes: number
  /** The packet that every path takes, in bytes. Default 1,200. */
  readonly basePacketBytes?: number
  readonly random: () => number
}

/** Heartbeat Info that we send: the size of the packet that it probes, or 0, and 64 bits that nobody can guess. */
const INFO_BYTES = 12
const HEARTBEAT_BYTES = CHUNK_HEADER_BYTES + 4 + INFO_BYTES

/** Data after which a larger packet is worth looking for. */
const PROBE_FROM_BYTES = 16_384

/** A question that is out. */
interface Question {
  readonly info: Uint8Array
  readonly sentAt: number
}

/** The one path to the peer: its round-trip time, its errors, its MTU, and whether the peer is there. */
export class Path {
  readonly rto = new RetransmissionTimeout()
  readonly #random: () => number
  readonly #heartbeat: Heartbeat
  readonly #mtu: PathMtu
  #heartbeatOut: Question | undefined
  #probeOut: Question | undefined
  #probing = false
  #errors = 0
  #refused = false

  constructor({ heartbeatIntervalMs, largestPacketBytes, basePacketBytes, random }: PathOptions) {
    this.#random = random
    this.#heartbeat = new Heartbeat(heartbeatIntervalMs, random)
    this.#mtu = new PathMtu(largestPacketBytes, basePacketBytes)
  }

  /** Transmissions in a row that were not answered (RFC 9260, section 8.2). */
  get errors(): number {
    return this.#errors
  }

  get packetBytes(): number {
    return this.#mtu.packetBytes
  }

  /** Whether the largest packet is known to pass. */
  get takesLargest(): boolean {
    return this.#mtu.isLargest
  }

  get at(): number {
    return Math.min(this.#heartbeat.at, this.#mtu.at)
  }

  onUp(now: number): void {
    this.#errors = 0
    this.#heartbeat.restart(now, this.rto.ms)
  }

  /** Something has come from the peer. */
  onHeard(now: number): void {
    this.#heartbeat.onHeard(now)
  }

  /** The peer has answered something that only it could answer. */
  onAnswered(): void {
    this.#errors = 0
  }

  /** Data has left, `byteLength` in all since the start. */
  onSent(byteLength: number, now: number): void {
    if (this.#probing || byteLength < PROBE_FROM_BYTES) return
    this.#probing = true
    this.#mtu.start(now)
  }

  /** T3-rtx has expired (section 6.3.3), so many times in a row. */
  onRetransmission(inARow: number, now: number): void {
    this.#errors++
    this.rto.backOff()
    this.#mtu.onRetransmissions(inARow, now)
  }

  /**
   * Reports say that something was lost, so many times by now. Where small packets pass, T3-rtx may never expire.
   * Returns whether packets are smaller from now on.
   */
  onLosses(times: number, now: number): boolean {
    return this.#mtu.onRetransmissions(times - 1, now)
  }

  onTimeout(now: number): void {
    if (now >= this.#mtu.at) this.#mtu.onTimeout(now)
    this.#heartbeat.putOff(now, this.rto.ms)
    if (!this.#heartbeat.isMissed(now)) return
    this.#errors++
    if (!this.#refused) this.rto.backOff()
    this.#refused = false
    this.#heartbeatOut = undefined
    this.#heartbeat.ask(now)
  }

  /**
   * The operating system says that nobody is there. That is easy to forge (RFC 5927), so the peer is asked; while it is
   * said again of each question, the time for an answer is not made longer.
   */
  onRefused(now: number): void {
    this.#refused = true
    if (!this.#heartbeat.isOut) this.#heartbeat.ask(now)
  }

  /** Writes a HEARTBEAT, if one is due. */
  writeHeartbeat(writer: PacketWriter, now: number): void {
    if (!this.#heartbeat.isDue(now) || writer.room < HEARTBEAT_BYTES) return
    this.#heartbeatOut = { info: this.#newInfo(0), sentAt: now }
    writeHeartbeatChunk(writer, this.#heartbeatOut.info)
    this.#heartbeat.onSent(now, this.rto.ms)
  }

  /** The size of the packet to probe with now, if that is due. */
  takeProbe(now: number): number | undefined {
    const size = this.#mtu.takeProbe(now, this.rto.ms)
    if (size !== undefined) this.#probeOut = { info: this.#newInfo(size), sentAt: now }
    return size
  }

  /** A HEARTBEAT, and padding up to the size (RFC 8899, section 6.2.1.1; RFC 4820). */
  writeProbe(writer: PacketWriter): void {
    writeHeartbeatChunk(writer, this.#probeOut!.info)
    const padding = writer.room - CHUNK_HEADER_BYTES
    writer.beginChunk(ChunkType.PAD, 0)
    writer.zeros(padding)
    writer.endChunk()
  }

  /** Returns whether packets may be larger now. */
  onHeartbeatAck(chunk: ChunkReader, now: number): boolean {
    if (answers(chunk, this.#probeOut)) {
      const size = readI32(this.#probeOut!.info, 0)
      this.#probeOut = undefined
      return this.#mtu.onAnswer(size, now)
    }
    if (!answers(chunk, this.#heartbeatOut)) return false
    this.rto.sample(now - this.#heartbeatOut!.sentAt)
    this.#heartbeatOut = undefined
    this.#errors = 0
    this.#heartbeat.restart(now, this.rto.ms)
    return false
  }

  #newInfo(size: number): Uint8Array {
    const info = new Uint8Array(INFO_BYTES)
    writeU32(info, 0, size)
    writeU32(info, 4, this.#random())
    writeU32(info, 8, this.#random())
    return info
  }
}

function writeHeartbeatChunk(writer: PacketWriter, info: Uint8Array): void {
  writer.beginChunk(ChunkType.HEARTBEAT, 0)
  writer.parameter(ParameterType.HEARTBEAT_INFO, info)
  writer.endChunk()
}

/** Whether a HEARTBEAT ACK brings back, bit for bit, what was asked with. */
function answers(chunk: ChunkReader, question: Question | undefined): boolean {
  if (question === undefined || chunk.valueBytes !== 4 + INFO_BYTES) return false
  const at = chunk.valueStart + 4
  return question.info.every((byte, i) => byte === chunk.bytes[at + i])
}
