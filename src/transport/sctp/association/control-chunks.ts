import { padded } from '../wire/bytes.ts'
import { type Cause, cause } from '../wire/causes.ts'
import { CHUNK_HEADER_BYTES, type ChunkReader } from '../wire/chunk-reader.ts'
import { CauseCode, ChunkType, reportsUnknown, stopsAtUnknown } from '../wire/numbers.ts'
import { COMMON_HEADER_BYTES } from '../wire/packet.ts'
import type { PacketWriter } from '../wire/packet-writer.ts'

interface Control {
  readonly type: number
  readonly value: Uint8Array
}

/** What a peer can make this end hold ready for it. */
const MOST_WAITING = 64

/** Small chunks that wait for the next packet: answers and errors. */
export class ControlChunks {
  readonly #packetBytes: number
  #waiting: Control[] = []

  /** @param packetBytes of the packet that every path takes */
  constructor(packetBytes: number) {
    this.#packetBytes = packetBytes
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  add(type: number, value: Uint8Array): void {
    if (!this.#isFull) this.#waiting.push({ type, value })
  }

  get #isFull(): boolean {
    return this.#waiting.length >= MOST_WAITING
  }

  /** Gives a HEARTBEAT back (section 8.3), unless it is larger than a packet that passes for sure. */
  answerHeartbeat(chunk: ChunkReader): void {
    if (this.#isFull) return
    if (COMMON_HEADER_BYTES + CHUNK_HEADER_BYTES + chunk.valueBytes > this.#packetBytes) return
    this.add(ChunkType.HEARTBEAT_ACK, chunk.bytes.slice(chunk.valueStart, chunk.end))
  }

  /** A chunk type that is not known: its upper bits say what to do (section 3.2). Returns whether to read on. */
  onUnknown(chunk: ChunkReader): boolean {
    if (reportsUnknown(chunk.type, 8) && !this.#isFull) {
      this.addError(CauseCode.UNRECOGNIZED_CHUNK_TYPE, chunk.bytes.slice(chunk.start, chunk.end))
    }
    return !stopsAtUnknown(chunk.type, 8)
  }

  /** An ERROR chunk with one cause (RFC 9260, section 3.3.10); a long one is cut. */
  addError(code: number, info: Uint8Array): void {
    this.add(ChunkType.ERROR, causeBytes(cause(code, info.subarray(0, 512))))
  }

  /** Writes as many as the packet has room for. */
  write(writer: PacketWriter): void {
    let written = 0
    for (const { type, value } of this.#waiting) {
      if (CHUNK_HEADER_BYTES + padded(value.length) > writer.room) break
      writer.chunk(type, 0, value)
      written++
    }
    this.#waiting = this.#waiting.slice(written)
  }
}

/** A cause as it stands in an ABORT or ERROR chunk. */
export function causeBytes({ code, info }: Cause): Uint8Array {
  const bytes = new Uint8Array(4 + info.length)
  bytes[0] = code >>> 8
  bytes[1] = code
  bytes[2] = bytes.length >>> 8
  bytes[3] = bytes.length
  bytes.set(info, 4)
  return bytes
}
