import type { ConnectError } from '../../../errors.ts'
import {
  type Cause,
  cause,
  causeWithText,
  describeCauses,
  missingParameter,
  readCauses,
} from '../wire/causes.ts'
import { ChunkReader } from '../wire/chunk-reader.ts'
import { initiateTagOf, readInit } from '../wire/init-chunk.ts'
import { CauseCode, ChunkType, ParameterType, T_FLAG } from '../wire/numbers.ts'
import { verificationTagOf } from '../wire/packet.ts'
import type { PacketWriter } from '../wire/packet-writer.ts'
import type { Tsn } from '../wire/serial.ts'
import type { AssociationUser } from './association-user.ts'
import type { ClosingState } from './closing.ts'
import { ControlChunks, causeBytes } from './control-chunks.ts'
import type { CookieState } from './cookie.ts'
import { Exchange, type ExchangeStart, type Verdict } from './exchange.ts'
import {
  abortedByPeer,
  notAnswered,
  peerRestarted,
  refused,
  staleCookies,
  unreachable,
  violation,
} from './failures.ts'
import { Initiation, MOST_COOKIE_BYTES, marksEnds } from './initiation.ts'
import { Path } from './path.ts'
import { ASSOCIATION_MAX_RETRANS } from './protocol-values.ts'

/** RFC 9260, section 4. */
export type AssociationState = 'COOKIE-WAIT' | 'COOKIE-ECHOED' | ClosingState | 'CLOSED'

export interface AssociationOptions {
  readonly localPort: number
  readonly peerPort: number
  /** Receive window to advertise, in bytes. */
  readonly windowBytes: number
  /** Quiet time before the peer is asked whether it is there, in ms; 0: it is never asked. */
  readonly heartbeatIntervalMs: number
  /** Largest packet that the local link takes, in bytes. */
  readonly largestPacketBytes: number
  /** The packet that every path takes, in bytes, a multiple of 4. Default 1,200. */
  readonly basePacketBytes?: number
  /**
   * Whether DTLS carries the packets (RFC 8261), and detects errors in them: then INIT says so, and where the peer has
   * said so as well, packets have a checksum of 0 (RFC 9653). To be the same as that of the endpoint.
   */
  readonly zeroChecksumAcceptable: boolean
  /** Gives 32 random bits. */
  readonly random: () => number
  readonly packets: PacketWriter
  readonly user: AssociationUser
}

const NEVER = Number.POSITIVE_INFINITY

/** A tag or the like: 32 random bits that are not all 0 (RFC 9260, section 5.3.1). */
export function randomTag(random: () => number): number {
  for (;;) {
    const tag = random() | 0
    if (tag !== 0) return tag
  }
}

/** Two random numbers by which an association is known to be the one that a cookie was made beside (section 5.2.2). */
export interface TieTags {
  readonly local: number
  readonly peer: number
}

/** A last packet, which leaves when the association is gone already. */
interface Farewell {
  readonly type: number
  readonly value: Uint8Array
}

const NOTHING = new Uint8Array(0)

/**
 * One end of an association (RFC 9260), as a state machine without sockets or clocks.
 *
 * What comes is given to `input`; afterwards, and after every other call, `output` is asked for packets until it has none.
 * `onTimeout` is called when the time is `nextTimer()`. Times are in ms, from any clock that does not go back.
 *
 * The byte stream of PROTOCOL.md ends each direction by a mark when both ends know of it, and by SHUTDOWN when not.
 */
export class Association {
  readonly localPort: number
  readonly peerPort: number
  readonly localTag: number
  readonly localInitialTsn: Tsn
  readonly #options: AssociationOptions
  readonly #user: AssociationUser
  readonly #packets: PacketWriter
  readonly #path: Path
  readonly #control: ControlChunks
  readonly #chunk = new ChunkReader()
  #peerTag = 0
  #initiation: Initiation | undefined
  #exchange: Exchange | undefined
  #closed = false
  #bursting = false
  #sendsZeroChecksum = false
  #farewell: Farewell | undefined
  #saidComplete = false
  #tieTags: TieTags | undefined
  /** Whether the packet that is being read has had a SACK. */
  #hadSack = false

  /** Begins an association with a peer: the ASSOCIATE primitive (section 11.1.2). */
  static initiate(options: AssociationOptions): Association {
    const tag = randomTag(options.random)
    const initialTsn = options.random() | 0
    const association = new Association(options, tag, initialTsn)
    const { windowBytes: window, zeroChecksumAcceptable } = options
    const fields = { initiateTag: tag, window, outboundStreams: 1, inboundStreams: 1, initialTsn }
    association.#initiation = new Initiation(fields, zeroChecksumAcceptable)
    return association
  }

  /** Builds the association of a cookie that has come back (section 5.1.5). */
  static accept(options: AssociationOptions, cookie: CookieState, now: number): Association {
    const association = new Association(options, cookie.localTag, cookie.localInitialTsn)
    association.adopt(cookie, now)
    return association
  }

  private constructor(options: AssociationOptions, tag: number, initialTsn: Tsn) {
    this.localPort = options.localPort
    this.peerPort = options.peerPort
    this.localTag = tag
    this.localInitialTsn = initialTsn
    this.#options = options
    this.#user = options.user
    this.#packets = options.packets
    this.#path = new Path(options)
    this.#control = new ControlChunks(this.#path.packetBytes)
  }

  get state(): AssociationState {
    if (this.#closed) return 'CLOSED'
    if (this.#initiation !== undefined)
      return this.#initiation.isCookieEchoed ? 'COOKIE-ECHOED' : 'COOKIE-WAIT'
    return this.#exchange!.state
  }

  /** Whether the handshake is still under way. */
  get isBeginning(): boolean {
    return this.#initiation !== undefined
  }

  /** 0 while it is not known. */
  get peerTag(): number {
    return this.#peerTag
  }

  /** Its tie-tags, made when they are asked for first. */
  get tieTags(): TieTags {
    const { random } = this.#options
    this.#tieTags ??= { local: randomTag(random), peer: randomTag(random) }
    return this.#tieTags
  }

  /** Whether the peer, if it has missed the farewell, will ask for it once more (section 8.4, 5). */
  get mayBeAsked(): boolean {
    return this.#saidComplete
  }

  /** Whether `output` should not wait for other packets that may have come already. */
  get isUrgent(): boolean {
    return this.#exchange?.isUrgent === true
  }

  /** Whether the largest packet is known to reach the peer. */
  get pathTakesLargest(): boolean {
    return this.#path.takesLargest
  }

  /**
   * For tests and for those who look on: cwnd, data in flight, the same with the headers and padding of its chunks, and
   * the packet that the path takes.
   */
  get figures(): {
    congestionWindow: number
    flightBytes: number
    flightWireBytes: number
    packetBytes: number
  } {
    return {
      congestionWindow: this.#exchange?.congestionWindow ?? 0,
      flightBytes: this.#exchange?.flight.dataBytes ?? 0,
      flightWireBytes: this.#exchange?.flight.wireBytes ?? 0,
      packetBytes: this.#path.packetBytes,
    }
  }

  /** Queues bytes of the stream. They must not change until `onAcknowledged` has counted them. */
  send(segments: readonly Uint8Array[]): void {
    this.#exchange?.send(segments)
  }

  /** Ends this direction behind what was sent. */
  end(now: number): void {
    this.#exchange?.end()
    this.#goOn(now)
  }

  /** Breaks the association off; `onClosed` is not called. */
  abort(cause: Cause): void {
    if (!this.#closed) this.#leave({ type: ChunkType.ABORT, value: causeBytes(cause) })
  }

  /** The user has taken bytes of those that it was given. */
  consumed(byteLength: number, now: number): void {
    this.#exchange?.consumed(byteLength, now)
  }

  /** The operating system says that nobody is there. */
  onRefused(cause: Error, now: number): void {
    if (this.#closed) return
    if (this.#initiation !== undefined) this.#fail(refused(cause))
    else if (this.#exchange!.isSettled) this.#complete(undefined)
    else this.#path.onRefused(now)
  }

  /** What carries the packets is gone. Where only the farewell was missing, nothing is. */
  onLost(error: ConnectError): void {
    if (this.#closed) return
    if (this.#initiation === undefined && this.#exchange!.isSettled) this.#complete(undefined)
    else this.#fail(error)
  }

  /** The peer has begun anew (section 5.2.4, action A): what it knew of this association is lost. */
  onRestarted(): void {
    if (!this.#closed) this.#fail(peerRestarted())
  }

  /** The peer's cookie: this association is established by it, or was (section 5.2.4, actions B and D). */
  adopt(cookie: CookieState, now: number): void {
    if (this.#exchange === undefined || this.#initiation !== undefined) {
      this.#learn(cookie.peerTag, cookie.peerInitialTsn, cookie.peerWindow, cookie.peerMarksEnds)
      this.#agreeOnChecksum(cookie.peerZeroChecksumAcceptable)
      this.#establish(now)
    }
    this.#control.add(ChunkType.COOKIE_ACK, NOTHING)
  }

  /** Sends SHUTDOWN ACK once more, to a peer that has begun anew meanwhile (sections 5.2.4 and 9.2). */
  answerShutdownAck(now: number, cause?: Cause): void {
    // The peer knows no longer what it has announced.
    this.#sendsZeroChecksum = false
    if (cause !== undefined) this.#control.addError(cause.code, cause.info)
    this.#exchange?.answerShutdownAck(now)
  }

  /** The earliest time at which `onTimeout` has something to do, or `output` a packet; Infinity if there is none. */
  nextTimer(): number {
    if (this.#closed) return NEVER
    return this.#initiation === undefined ? this.#exchange!.at : this.#initiation.at
  }

  onTimeout(now: number): void {
    if (this.#closed) return
    if (this.#initiation !== undefined) this.#onInitiationTimeout(this.#initiation, now)
    else this.#onExchangeTimeout(this.#exchange!, now)
  }

  /** Takes a packet that is intact and for these ports. Chunks that set up an association are the endpoint's. */
  input(packet: Uint8Array, now: number): void {
    const chunk = this.#chunk
    chunk.open(packet)
    this.#hadSack = false
    let hadData = false
    while (!this.#closed && chunk.next()) {
      if (!this.#tagIsRight(packet, chunk)) return
      if (chunk.type === ChunkType.DATA) hadData = this.#onDataChunk(chunk, now) || hadData
      else if (!this.#onControl(chunk, now)) break
    }
    // A partial chunk, and all behind it, is passed over (section 6.10).
    if (this.#closed) return
    this.#path.onHeard(now)
    if (hadData) this.#exchange?.onDataPacket(now)
    this.#goOn(now)
  }

  /** The next packet to send, or undefined if there is none. */
  output(now: number): Uint8Array | undefined {
    if (this.#farewell !== undefined) return this.#sayFarewell(this.#farewell)
    if (this.#closed) return undefined
    if (!this.#bursting) this.#exchange?.beginBurst(now)
    this.#bursting = true
    const packet = this.#probe(now) ?? this.#packetOrFarewell(now)
    if (packet === undefined) this.#bursting = false
    return packet
  }

  /** Section 8.5 and its exceptions. */
  #tagIsRight(packet: Uint8Array, chunk: ChunkReader): boolean {
    const tag = verificationTagOf(packet)
    const mayReflect = chunk.type === ChunkType.ABORT || chunk.type === ChunkType.SHUTDOWN_COMPLETE
    const reflects = mayReflect && (chunk.flags & T_FLAG) !== 0
    return tag === (reflects ? this.#peerTag : this.localTag) && tag !== 0
  }

  /** Returns whether the chunk was looked at. */
  #onDataChunk(chunk: ChunkReader, now: number): boolean {
    if (this.#initiation !== undefined || !this.#exchange!.takesData) return false
    this.#obey(this.#exchange!.onDataChunk(chunk, now))
    return true
  }

  /** Returns whether to read on in the packet. */
  #onControl(chunk: ChunkReader, now: number): boolean {
    switch (chunk.type) {
      case ChunkType.INIT:
      case ChunkType.COOKIE_ECHO:
      case ChunkType.PAD:
        return true
      case ChunkType.INIT_ACK:
        this.#onInitAck(chunk, now)
        return true
      case ChunkType.COOKIE_ACK:
        if (this.#initiation?.isCookieEchoed) this.#establish(now)
        return true
      case ChunkType.ERROR:
        this.#onError(chunk)
        return true
      case ChunkType.ABORT:
        this.#onAbort(chunk)
        return false
      case ChunkType.HEARTBEAT:
        this.#control.answerHeartbeat(chunk)
        return true
      default:
        return this.#initiation === undefined ? this.#onEstablished(this.#exchange!, chunk, now) : true
    }
  }

  /** Chunks that have a meaning only after the handshake. */
  #onEstablished(exchange: Exchange, chunk: ChunkReader, now: number): boolean {
    switch (chunk.type) {
      case ChunkType.SACK:
        // A sender has one in a packet (section 6.2); what more there are could only repeat it, or lie.
        if (!this.#hadSack) this.#obey(exchange.onSack(chunk, now))
        this.#hadSack = true
        return true
      case ChunkType.HEARTBEAT_ACK:
        exchange.onHeartbeatAck(chunk, now)
        return true
      case ChunkType.SHUTDOWN:
        this.#obey(exchange.onShutdown(chunk, now))
        return true
      case ChunkType.SHUTDOWN_ACK:
        this.#obey(exchange.onShutdownAck())
        return true
      case ChunkType.SHUTDOWN_COMPLETE:
        this.#obey(exchange.onShutdownComplete())
        return true
      default:
        return this.#control.onUnknown(chunk)
    }
  }

  /** A peer that has left answers what is late by ABORT (section 8.4); if only the farewell was missing, nothing is. */
  #onAbort(chunk: ChunkReader): void {
    const isBeginning = this.#initiation !== undefined
    if (!isBeginning && this.#exchange!.isSettled) this.#complete(undefined)
    else {
      const causes = readCauses(chunk.bytes, chunk.valueStart, chunk.end)
      const isUnknown = (chunk.flags & T_FLAG) !== 0
      this.#fail(abortedByPeer(causes, isBeginning ? 'beginning' : isUnknown ? 'unknown' : 'established'))
    }
  }

  #onInitAck(chunk: ChunkReader, now: number): void {
    const initiation = this.#initiation
    if (initiation === undefined || initiation.isCookieEchoed) return
    const init = readInit(chunk)
    this.#peerTag = initiateTagOf(chunk)
    if (init === undefined) this.#breakWith(cause(CauseCode.INVALID_MANDATORY_PARAMETER))
    else if (init.hasHostName) this.#breakWith(cause(CauseCode.UNRESOLVABLE_ADDRESS))
    else if (init.cookie === undefined) {
      this.#breakWith(missingParameter(ParameterType.STATE_COOKIE))
    } else if (init.cookie.length > MOST_COOKIE_BYTES) {
      this.#breakWith(causeWithText(CauseCode.PROTOCOL_VIOLATION, 'a cookie that fits no packet'))
    } else {
      this.#learn(init.initiateTag, init.initialTsn, init.window, marksEnds(init))
      this.#agreeOnChecksum(init.zeroChecksumAcceptable)
      if (initiation.transmissions === 1) this.#path.rto.sample(now - initiation.sentAt)
      initiation.echo(init.cookie, init.unrecognized)
    }
  }

  #learn(peerTag: number, initialTsn: Tsn, window: number, peerMarksEnds: boolean): void {
    this.#peerTag = peerTag
    const start: ExchangeStart = {
      localInitialTsn: this.localInitialTsn,
      localWindow: this.#options.windowBytes,
      peerInitialTsn: initialTsn,
      peerWindow: window,
      peerMarksEnds,
      accepted: this.#initiation === undefined,
    }
    this.#exchange = new Exchange(start, this.#path, this.#control, this.#user)
  }

  /** What the peer has said counts only where the same is true at this end (RFC 9653, section 5.2). */
  #agreeOnChecksum(acceptableToPeer: boolean): void {
    this.#sendsZeroChecksum = acceptableToPeer && this.#options.zeroChecksumAcceptable
  }

  #establish(now: number): void {
    this.#initiation = undefined
    this.#path.onUp(now)
    this.#user.onUp()
  }

  /** Only a stale cookie has consequences: the handshake begins again (section 5.2.6). */
  #onError(chunk: ChunkReader): void {
    if (!this.#initiation?.isCookieEchoed) return
    const causes = readCauses(chunk.bytes, chunk.valueStart, chunk.end)
    if (!causes.some(({ code }) => code === CauseCode.STALE_COOKIE)) return
    // INIT has no tag (section 8.5.1), and whoever answers it picks a new one.
    this.#peerTag = 0
    if (!this.#initiation.restart()) this.#fail(staleCookies())
  }

  #onInitiationTimeout(initiation: Initiation, now: number): void {
    if (now >= initiation.at && !initiation.onTimeout()) this.#fail(unreachable(initiation.transmissions))
  }

  #onExchangeTimeout(exchange: Exchange, now: number): void {
    this.#obey(exchange.onTimeout(now))
    if (this.#closed) return
    if (this.#path.errors > ASSOCIATION_MAX_RETRANS) this.#fail(unreachable(this.#path.errors))
    else this.#goOn(now)
  }

  #goOn(now: number): void {
    if (!this.#closed && this.#initiation === undefined) this.#exchange?.goOn(now)
  }

  #obey(verdict: Verdict | undefined): void {
    if (verdict === undefined) return
    if (verdict.kind === 'broken') this.#breakWith(verdict.cause)
    else if (verdict.kind === 'unanswered') this.#fail(notAnswered())
    else {
      this.#saidComplete = verdict.farewell
      this.#complete(verdict.farewell ? { type: ChunkType.SHUTDOWN_COMPLETE, value: NOTHING } : undefined)
    }
  }

  /** The end of a shutdown. */
  #complete(farewell: Farewell | undefined): void {
    this.#leave(farewell)
    this.#exchange!.complete()
    this.#user.onClosed()
  }

  #breakWith(cause: Cause): void {
    this.#leave({ type: ChunkType.ABORT, value: causeBytes(cause) })
    this.#user.onClosed(violation(describeCauses([cause])))
  }

  #fail(error: ConnectError): void {
    this.#leave(undefined)
    this.#user.onClosed(error)
  }

  #leave(farewell: Farewell | undefined): void {
    this.#closed = true
    this.#farewell = this.#peerTag === 0 ? undefined : farewell
  }

  #sayFarewell({ type, value }: Farewell): Uint8Array {
    this.#farewell = undefined
    this.#begin(this.#path.packetBytes)
    this.#packets.chunk(type, 0, value)
    return this.#finish()
  }

  #begin(limitBytes: number): void {
    this.#packets.begin(this.localPort, this.peerPort, this.#peerTag, limitBytes)
  }

  /** INIT and COOKIE ECHO have a checksum, whatever the ends have agreed on (RFC 9653, section 5.2). */
  #finish(): Uint8Array {
    return this.#packets.finish(this.#sendsZeroChecksum && this.#initiation === undefined)
  }

  /** A probe of the path's MTU, if one is due: a packet of its own. */
  #probe(now: number): Uint8Array | undefined {
    const size = this.#initiation === undefined ? this.#path.takeProbe(now) : undefined
    if (size === undefined) return undefined
    this.#begin(size)
    this.#path.writeProbe(this.#packets)
    return this.#finish()
  }

  /** The next packet; a last one where the memory of what it would hold was transferred away. */
  #packetOrFarewell(now: number): Uint8Array | undefined {
    try {
      return this.#packet(now)
    } catch (error) {
      this.abort(causeWithText(CauseCode.USER_INITIATED_ABORT, ''))
      this.#user.onClosed(error as ConnectError)
      return this.output(now)
    }
  }

  #packet(now: number): Uint8Array | undefined {
    const writer = this.#packets
    this.#begin(this.#initiation?.packetBytes ?? this.#path.packetBytes)
    if (this.#initiation === undefined) this.#exchange!.fill(writer, now)
    else if (this.#initiation.isDue) this.#initiation.write(writer, now)
    return writer.isEmpty ? undefined : this.#finish()
  }
}
