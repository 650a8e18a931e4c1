import { padded, writeU32 } from '../wire/bytes.ts'
import { CHUNK_HEADER_BYTES } from '../wire/chunk-reader.ts'
import { type InitChunk, type InitFields, writeInit } from '../wire/init-chunk.ts'
import { CauseCode, ChunkType, ErrorDetectionMethod, ParameterType } from '../wire/numbers.ts'
import { COMMON_HEADER_BYTES } from '../wire/packet.ts'
import { MAX_PACKET_BYTES, type PacketWriter } from '../wire/packet-writer.ts'
import { causeBytes } from './control-chunks.ts'
import {
  ADAPTATION_CODE,
  BASE_PACKET_BYTES,
  MAX_INIT_RETRANSMITS,
  RTO_INITIAL_MS,
  RTO_MAX_MS,
} from './protocol-values.ts'

/** Most that a cookie may have to fit a packet. */
export const MOST_COOKIE_BYTES = MAX_PACKET_BYTES - COMMON_HEADER_BYTES - CHUNK_HEADER_BYTES

/** Stale cookies in a row after which another is not waited for. */
const MOST_RESTARTS = 3

const NEVER = Number.POSITIVE_INFINITY

/** The client's half of the handshake: INIT and COOKIE ECHO, and their timers (RFC 9260, section 5.1). */
export class Initiation {
  readonly #fields: InitFields
  readonly #zeroChecksumAcceptable: boolean
  #cookie: Uint8Array | undefined
  #unrecognized: readonly Uint8Array[] = []
  #due = true
  #timeoutMs = RTO_INITIAL_MS
  /** T1-init or T1-cookie. */
  #at = NEVER
  #transmissions = 0
  #sentAt = 0
  #restarts = 0

  constructor(fields: InitFields, zeroChecksumAcceptable: boolean) {
    this.#fields = fields
    this.#zeroChecksumAcceptable = zeroChecksumAcceptable
  }

  get at(): number {
    return this.#at
  }

  get transmissions(): number {
    return this.#transmissions
  }

  /** When the chunk in turn was sent last. */
  get sentAt(): number {
    return this.#sentAt
  }

  /** Whether the chunk that is in turn is to be sent now. */
  get isDue(): boolean {
    return this.#due
  }

  /** How large the packet may be: mostly the least that every path takes, but the cookie is the peer's. */
  get packetBytes(): number {
    const cookieBytes = this.#cookie?.length ?? 0
    return Math.max(BASE_PACKET_BYTES, COMMON_HEADER_BYTES + CHUNK_HEADER_BYTES + padded(cookieBytes))
  }

  get isCookieEchoed(): boolean {
    return this.#cookie !== undefined
  }

  /** INIT ACK has come. */
  echo(cookie: Uint8Array, unrecognized: readonly Uint8Array[]): void {
    this.#cookie = cookie
    this.#unrecognized = unrecognized
    this.#again()
  }

  /** The cookie was too old: all over again (section 5.2.6). Returns false where that does not help. */
  restart(): boolean {
    this.#cookie = undefined
    this.#again()
    return this.#restarts++ < MOST_RESTARTS
  }

  /** The timer has expired. Returns whether to try again. */
  onTimeout(): boolean {
    this.#at = NEVER
    if (this.#transmissions > MAX_INIT_RETRANSMITS) return false
    this.#timeoutMs = Math.min(RTO_MAX_MS, this.#timeoutMs * 2)
    this.#due = true
    return true
  }

  /** Writes the chunk that is due; INIT travels alone. */
  write(writer: PacketWriter, now: number): void {
    this.#due = false
    this.#transmissions++
    this.#sentAt = now
    this.#at = now + this.#timeoutMs
    if (this.#cookie !== undefined) this.#writeCookieEcho(writer, this.#cookie)
    else writeInitChunk(writer, ChunkType.INIT, this.#fields, this.#zeroChecksumAcceptable)
  }

  #again(): void {
    this.#due = true
    this.#at = NEVER
    this.#timeoutMs = RTO_INITIAL_MS
    this.#transmissions = 0
  }

  /** What was not understood in the INIT ACK is told behind the cookie (section 3.2.2). */
  #writeCookieEcho(writer: PacketWriter, cookie: Uint8Array): void {
    writer.chunk(ChunkType.COOKIE_ECHO, 0, cookie)
    for (const parameter of this.#unrecognized) {
      const error = causeBytes({ code: CauseCode.UNRECOGNIZED_PARAMETERS, info: parameter })
      if (error.length + 8 <= writer.room) writer.chunk(ChunkType.ERROR, 0, error)
    }
    this.#unrecognized = []
  }
}

/** Whether an INIT or INIT ACK says that its sender ends each direction by a mark. */
export const marksEnds = ({ adaptationCode }: InitChunk): boolean => adaptationCode === ADAPTATION_CODE

/** INIT, or INIT ACK with what it has besides: the cookie, and what was not understood. */
export function writeInitChunk(
  writer: PacketWriter,
  type: number,
  fields: InitFields,
  zeroChecksumAcceptable: boolean,
  cookie?: Uint8Array,
  unrecognized: readonly Uint8Array[] = [],
): void {
  writer.beginChunk(type, 0)
  writeInit(writer, fields)
  writer.parameter(ParameterType.ADAPTATION_LAYER_INDICATION, word(ADAPTATION_CODE))
  if (zeroChecksumAcceptable)
    writer.parameter(ParameterType.ZERO_CHECKSUM_ACCEPTABLE, word(ErrorDetectionMethod.SCTP_OVER_DTLS))
  if (cookie !== undefined) writer.parameter(ParameterType.STATE_COOKIE, cookie)
  for (const parameter of unrecognized) {
    if (parameter.length + 8 <= writer.room) writer.parameter(ParameterType.UNRECOGNIZED_PARAMETER, parameter)
  }
  writer.endChunk()
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  writeU32(bytes, 0, value)
  return bytes
}
