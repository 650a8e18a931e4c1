import { type Cause, causeWithText, invalidStream, noUserData } from '../wire/causes.ts'
import type { ChunkReader } from '../wire/chunk-reader.ts'
import { protocolOf, sequenceOf, streamOf, tsnOf, userDataOf } from '../wire/data-chunk.ts'
import { CauseCode, ChunkType, DataFlag } from '../wire/numbers.ts'
import type { PacketWriter } from '../wire/packet-writer.ts'
import { SACK_BYTES } from '../wire/sack-chunk.ts'
import { addTsn, type Tsn, tsnDistance } from '../wire/serial.ts'
import {
  AFTER_LOSS_MS,
  END_PROTOCOL,
  MOST_UNACKNOWLEDGED_AFTER_LOSS,
  MOST_UNACKNOWLEDGED_PACKETS,
  SACK_DELAY_MS,
} from './protocol-values.ts'
import { ReceivedTsns } from './received-tsns.ts'

/** Whom the stream is delivered to. */
export interface InboundUser {
  /** The next bytes of the stream. Their memory is the packet's. */
  onData(bytes: Uint8Array): void
  /** The mark of the end has come. */
  onEndMark(): void
}

/** A chunk that waits for those before it. */
interface Held {
  readonly flags: number
  readonly sequence: number
  readonly protocol: number
  readonly data: Uint8Array
  /** Memory that it takes, in bytes. */
  readonly cost: number
}

/** How far ahead of the cumulative TSN a chunk is taken: a gap block cannot tell of more (RFC 9260, section 3.3.4). */
const MOST_AHEAD = 65_535

/** Memory that a chunk takes while it is held, besides what its data lies in; 310 to 380 bytes in Node 24. */
const HELD_OVERHEAD_BYTES = 384

/**
 * What is held may take this many times the window. Before a sender hears of a gap, it may have sent a whole window behind
 * it: with what they cost, chunks of the usual size then take 1.4 times the window.
 */
const MOST_HELD_WINDOWS = 1.5
const MOST_DUPLICATES = 32

/** SACKs that tell of a new gap each by itself: as many as a sender waits for, and one for a SACK that is lost. */
const REPORTS_OF_GAP = 4

/**
 * The receiving side: puts the chunks in order, delivers what is complete up to a TSN, and says so in SACKs
 * (RFC 9260, sections 6.2 and 6.9).
 *
 * The stream needs no whole user messages, so fragments are delivered as they come in order; that they fit together is
 * checked.
 */
export class InboundData {
  readonly #user: InboundUser
  readonly #windowBytes: number
  readonly #endMarks: boolean
  readonly #tsns: ReceivedTsns
  readonly #held = new Map<Tsn, Held>()
  #heldBytes = 0
  /** Delivered, and not yet consumed by the user. */
  #unconsumed = 0
  readonly #duplicates: Tsn[] = []
  /** Packets with data since the last SACK. */
  #packets = 0
  #sackAt = Number.POSITIVE_INFINITY
  /** How many of them a SACK may wait for. */
  #mostPackets = MOST_UNACKNOWLEDGED_PACKETS
  #lossyUntil = Number.NEGATIVE_INFINITY
  /** SACKs that are still to be sent at once because of a gap. */
  #reports = 0
  /** The credit that the peer has left of what was advertised last. */
  #advertised: number

  #inMessage = false
  #sequence = 0
  #protocol = 0
  #ended = false

  /** @param endMarks whether the peer ends its direction by the mark of PROTOCOL.md */
  constructor(initialTsn: Tsn, windowBytes: number, endMarks: boolean, user: InboundUser) {
    this.#tsns = new ReceivedTsns(initialTsn)
    this.#windowBytes = windowBytes
    this.#endMarks = endMarks
    this.#user = user
    this.#advertised = windowBytes
  }

  /** When a SACK is due. */
  get sackAt(): number {
    return this.#sackAt
  }

  /** Whether a SACK has something to say and so should go with any packet that leaves. */
  get sackUseful(): boolean {
    return this.#packets > 0 || this.#sackAt < Number.POSITIVE_INFINITY
  }

  get cumulativeTsn(): Tsn {
    return this.#tsns.cumulative
  }

  /** Whether the SACK that is due should not wait for other packets that may have come already. */
  get sackIsUrgent(): boolean {
    if (this.#packets >= this.#mostPackets) return true
    return this.#reports > 0 && this.#packets > 0 && this.hasGaps
  }

  /** Whether something is missing before what has come. */
  get hasGaps(): boolean {
    return this.#tsns.runs.length > 0
  }

  /** Takes a DATA chunk. Returns the cause to abort the association with, if it breaks the rules. */
  onChunk(chunk: ChunkReader, now: number): Cause | undefined {
    // Shorter than its fields, or no user data (section 6.2).
    if (chunk.valueBytes < 12) return causeWithText(CauseCode.PROTOCOL_VIOLATION, 'a DATA chunk is too short')
    if (chunk.valueBytes === 12) return noUserData(tsnOf(chunk))
    const tsn = tsnOf(chunk)
    if (this.#tsns.has(tsn)) this.#noteDuplicate(tsn, now)
    else if (tsnDistance(this.#tsns.cumulative, tsn) === 1) return this.#takeNext(tsn, chunk, now)
    else this.#hold(tsn, chunk, now)
    return undefined
  }

  /** Called once for each packet that had DATA, after its chunks. A second one is answered at once (section 6.2). */
  onPacket(now: number): void {
    this.#packets++
    this.#mostPackets = now < this.#lossyUntil ? MOST_UNACKNOWLEDGED_AFTER_LOSS : MOST_UNACKNOWLEDGED_PACKETS
    const delay = this.#packets >= 2 || this.#tsns.runs.length > 0 ? 0 : SACK_DELAY_MS
    this.#sackAt = Math.min(this.#sackAt, now + delay)
  }

  sackNow(now: number): void {
    this.#sackAt = Math.min(this.#sackAt, now)
  }

  /** The user has taken bytes that were delivered. A window that has opened much is told at once (section 6.2). */
  consumed(byteLength: number, now: number): void {
    this.#unconsumed -= byteLength
    if (this.#window - this.#advertised >= this.#windowBytes / 2) this.sackNow(now)
  }

  /** Writes a SACK, if there is room for one. */
  writeSack(writer: PacketWriter): void {
    if (writer.room < SACK_BYTES) return
    const room = Math.floor((writer.room - SACK_BYTES) / 4)
    const gaps = Math.min(this.#tsns.runs.length, room)
    const duplicates = Math.min(this.#duplicates.length, room - gaps)
    this.#advertised = this.#window
    writer.beginChunk(ChunkType.SACK, 0)
    writer.u32(this.#tsns.cumulative)
    writer.u32(this.#advertised)
    writer.u16(gaps)
    writer.u16(duplicates)
    for (let i = 0; i < gaps; i++) {
      const { start, end } = this.#tsns.runs[i]!
      writer.u16(tsnDistance(this.#tsns.cumulative, start))
      writer.u16(tsnDistance(this.#tsns.cumulative, end))
    }
    for (let i = 0; i < duplicates; i++) writer.u32(this.#duplicates[i]!)
    writer.endChunk()
    this.#duplicates.length = 0
    if (this.#reports > 0) this.#reports--
    this.#packets = 0
    this.#sackAt = Number.POSITIVE_INFINITY
  }

  get #window(): number {
    return Math.max(0, this.#windowBytes - this.#unconsumed - this.#heldBytes)
  }

  #noteDuplicate(tsn: Tsn, now: number): void {
    this.#lossyUntil = now + AFTER_LOSS_MS
    if (this.#duplicates.length < MOST_DUPLICATES) this.#duplicates.push(tsn)
    this.sackNow(now)
  }

  #takeNext(tsn: Tsn, chunk: ChunkReader, now: number): Cause | undefined {
    if (this.#unconsumed >= this.#windowBytes) {
      this.sackNow(now)
      return undefined
    }
    if (chunk.flags & DataFlag.IMMEDIATE) this.sackNow(now)
    this.#tsns.add(tsn)
    const stream = streamOf(chunk)
    if (stream !== 0) return invalidStream(stream)
    const failed = this.#deliver(chunk.flags, sequenceOf(chunk), protocolOf(chunk), userDataOf(chunk))
    if (failed !== undefined || this.#held.size === 0) return failed
    // What fills a gap is what the peer waits to hear of.
    this.sackNow(now)
    return this.#deliverHeld(addTsn(tsn, 1))
  }

  #deliverHeld(from: Tsn): Cause | undefined {
    for (let tsn = from; ; tsn = addTsn(tsn, 1)) {
      const held = this.#held.get(tsn)
      if (held === undefined) return undefined
      this.#held.delete(tsn)
      this.#heldBytes -= held.cost
      const failed = this.#deliver(held.flags, held.sequence, held.protocol, held.data)
      if (failed !== undefined) return failed
    }
  }

  /** A chunk that has come before its turn. One for which there is no room counts as lost. */
  #hold(tsn: Tsn, chunk: ChunkReader, now: number): void {
    this.#lossyUntil = now + AFTER_LOSS_MS
    this.sackNow(now)
    const stream = streamOf(chunk)
    if (tsnDistance(this.#tsns.cumulative, tsn) > MOST_AHEAD || stream !== 0) return
    const data = userDataOf(chunk)
    const packetBytes = data.buffer.byteLength
    // Held data must not keep a packet alive of which it is a small part.
    const isPart = data.length * 2 < packetBytes
    const cost = (isPart ? data.length : packetBytes) + HELD_OVERHEAD_BYTES
    if (this.#heldBytes + cost > MOST_HELD_WINDOWS * this.#windowBytes) return
    const gaps = this.#tsns.runs.length
    if (!this.#tsns.add(tsn)) return
    if (this.#tsns.runs.length > gaps) this.#reports = REPORTS_OF_GAP
    this.#held.set(tsn, {
      flags: chunk.flags,
      sequence: sequenceOf(chunk),
      protocol: protocolOf(chunk),
      // (`slice` of a Buffer copies nothing.)
      data: isPart ? new Uint8Array(data) : data,
      cost,
    })
    this.#heldBytes += cost
  }

  /** The next chunk in order: checks that it continues the user message or begins the next one, and gives it away. */
  #deliver(flags: number, sequence: number, protocol: number, data: Uint8Array): Cause | undefined {
    const complaint = this.#complaint(flags, sequence, protocol)
    if (complaint !== undefined) return causeWithText(CauseCode.PROTOCOL_VIOLATION, complaint)
    this.#protocol = protocol
    this.#inMessage = (flags & DataFlag.END) === 0
    if (!this.#inMessage) this.#sequence = (this.#sequence + 1) & 0xffff
    if (this.#endMarks && protocol === END_PROTOCOL) {
      this.#ended = true
      if (!this.#inMessage) this.#user.onEndMark()
      return undefined
    }
    this.#unconsumed += data.length
    this.#advertised -= data.length
    this.#user.onData(data)
    return undefined
  }

  #complaint(flags: number, sequence: number, protocol: number): string | undefined {
    if (flags & DataFlag.UNORDERED) return 'an unordered user message on the byte stream'
    const begins = (flags & DataFlag.BEGIN) !== 0
    if (begins === this.#inMessage) return 'a fragment is out of place'
    if (!begins && protocol !== this.#protocol) return 'the fragments of a user message differ in protocol'
    if (sequence !== this.#sequence) return 'a stream sequence number is out of order'
    if (begins && this.#ended) return 'data behind the end of the stream'
    return undefined
  }
}
