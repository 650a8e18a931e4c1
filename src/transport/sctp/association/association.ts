import type { ConnectError } from '../../../errors.ts'
import { readI32 } from '../wire/bytes.ts'
import { type Cause, causeWithText, missingParameter, readCauses } from '../wire/causes.ts'
import { CHUNK_HEADER_BYTES, ChunkReader } from '../wire/chunk-reader.ts'
import { readInit } from '../wire/init-chunk.ts'
import {
  CauseCode,
  ChunkType,
  ParameterType,
  reportsUnknown,
  stopsAtUnknown,
  T_FLAG,
} from '../wire/numbers.ts'
import { COMMON_HEADER_BYTES, verificationTagOf } from '../wire/packet.ts'
import type { PacketWriter } from '../wire/packet-writer.ts'
import { cumulativeOnly, readSack, SACK_BYTES, type Sack } from '../wire/sack-chunk.ts'
import type { Tsn } from '../wire/serial.ts'
import { ControlChunks, causeBytes } from './control-chunks.ts'
import type { CookieState } from './cookie.ts'
import { abortedByPeer, notAnswered, peerRestarted, unreachable, violation } from './failures.ts'
import { InboundData, type InboundUser } from './inbound-data.ts'
import { Initiation } from './initiation.ts'
import { OutboundData } from './outbound-data.ts'
import { Path } from './path.ts'
import { ADAPTATION_CODE, ASSOCIATION_MAX_RETRANS, BASE_PACKET_BYTES } from './protocol-values.ts'
import { ShutdownTimers } from './shutdown.ts'

/** RFC 9260, section 4. */
export type AssociationState =
  | 'COOKIE-WAIT'
  | 'COOKIE-ECHOED'
  | 'ESTABLISHED'
  | 'SHUTDOWN-PENDING'
  | 'SHUTDOWN-SENT'
  | 'SHUTDOWN-RECEIVED'
  | 'SHUTDOWN-ACK-SENT'
  | 'CLOSED'

/** Whom an association serves. It is called from inside `input` and `onTimeout`, and must not call back. */
export interface AssociationUser {
  /** The association is established. */
  onUp(): void
  /** The next bytes of the stream. Their memory is the packet's. */
  onData(bytes: Uint8Array): void
  /** The peer has ended its direction. */
  onEnd(): void
  /** The peer has the next `byteLength` bytes of those sent. */
  onAcknowledged(byteLength: number): void
  /** The peer knows the end of this direction. */
  onFinish(): void
  /** The association is gone; without an error, both directions have ended. The last call. */
  onClosed(error?: ConnectError): void
}

export interface AssociationOptions {
  readonly localPort: number
  readonly peerPort: number
  /** Receive window to advertise, in bytes. */
  readonly windowBytes: number
  /** Quiet time before the peer is asked whether it is there, in ms; 0: it is never asked. */
  readonly heartbeatIntervalMs: number
  /** Largest packet that the local link takes, in bytes. */
  readonly largestPacketBytes: number
  /** Gives 32 random bits. */
  readonly random: () => number
  readonly packets: PacketWriter
  readonly user: AssociationUser
}

const NEVER = Number.POSITIVE_INFINITY

/**
 * When both directions have ended, the end that was connected to begins the shutdown, for it mostly stays and can answer
 * a peer that misses the farewell. The other waits so long for it, in ms.
 */
const LEAVE_SHUTDOWN_MS = 1000

/** SHUTDOWNs or SHUTDOWN ACKs that are not answered before an end that has nothing more to learn leaves. */
const FAREWELL_TRANSMISSIONS = 4

/** A tag or the like: 32 random bits that are not all 0 (RFC 9260, section 5.3.1). */
export function randomTag(random: () => number): number {
  for (;;) {
    const tag = random() | 0
    if (tag !== 0) return tag
  }
}

/**
 * One end of an association (RFC 9260), as a state machine without sockets or clocks.
 *
 * What comes is given to `input`; afterwards, and after every other call, `output` is asked for packets until it has none.
 * `onTimeout` is called when the time is `nextTimer()`. Times are in ms, from any clock that does not go back.
 *
 * The byte stream of PROTOCOL.md ends each direction by a mark when both ends know of it, and by SHUTDOWN when not.
 */
export class Association implements InboundUser {
  readonly localPort: number
  readonly peerPort: number
  readonly #localTag: number
  readonly #localInitialTsn: Tsn
  readonly #options: AssociationOptions
  readonly #user: AssociationUser
  readonly #packets: PacketWriter
  readonly #path: Path
  readonly #control = new ControlChunks()
  readonly #shutdown = new ShutdownTimers()
  readonly #chunk = new ChunkReader()
  readonly #accepted: boolean
  #peerTag = 0
  #state: AssociationState
  #initiation: Initiation | undefined
  #inbound: InboundData | undefined
  #outbound: OutboundData | undefined
  /** Whether both ends end a direction by a mark. */
  #endMarks = false
  #endWanted = false
  #peerEnded = false
  #finished = false
  #bursting = false
  #saidComplete = false
  /** When this end begins the shutdown, unless the other has by then. */
  #shutdownAt = NEVER
  /** A last packet, which leaves when the association is gone already. */
  #farewell: { readonly type: number; readonly value: Uint8Array } | undefined

  /** Begins an association with a peer: the ASSOCIATE primitive (section 11.1.2). */
  static initiate(options: AssociationOptions): Association {
    const association = new Association(
      options,
      randomTag(options.random),
      options.random() | 0,
      'COOKIE-WAIT',
    )
    association.#initiation = new Initiation({
      initiateTag: association.#localTag,
      window: options.windowBytes,
      outboundStreams: 1,
      inboundStreams: 1,
      initialTsn: association.#localInitialTsn,
    })
    return association
  }

  /** Builds the association of a cookie that has come back (section 5.1.5). */
  static accept(options: AssociationOptions, cookie: CookieState, now: number): Association {
    const association = new Association(options, cookie.localTag, cookie.localInitialTsn, 'ESTABLISHED')
    association.adopt(cookie, now)
    return association
  }

  private constructor(options: AssociationOptions, tag: number, initialTsn: Tsn, state: AssociationState) {
    this.localPort = options.localPort
    this.peerPort = options.peerPort
    this.#options = options
    this.#user = options.user
    this.#packets = options.packets
    this.#localTag = tag
    this.#localInitialTsn = initialTsn
    this.#state = state
    this.#accepted = state === 'ESTABLISHED'
    this.#path = new Path(options)
  }

  get state(): AssociationState {
    return this.#state
  }

  get localTag(): number {
    return this.#localTag
  }

  /** 0 while it is not known. */
  get peerTag(): number {
    return this.#peerTag
  }

  get localInitialTsn(): Tsn {
    return this.#localInitialTsn
  }

  /** Whether the peer, if it has missed the farewell, will ask for it once more (section 8.4, 5). */
  get mayBeAsked(): boolean {
    return this.#saidComplete
  }

  /** For tests and for those who look on: cwnd, bytes in flight, and the packet that the path takes. */
  get figures(): { congestionWindow: number; flightBytes: number; packetBytes: number } {
    return {
      congestionWindow: this.#outbound?.congestionWindow ?? 0,
      flightBytes: this.#outbound?.flightBytes ?? 0,
      packetBytes: this.#path.packetBytes,
    }
  }

  /** Queues bytes of the stream. They must not change until `onAcknowledged` has counted them. */
  send(segments: readonly Uint8Array[]): void {
    this.#outbound?.queue(segments)
  }

  /** Ends this direction behind what was sent. */
  end(now: number): void {
    this.#endWanted = true
    if (this.#endMarks) this.#outbound?.queueEnd()
    else if (this.#state === 'ESTABLISHED') this.#state = 'SHUTDOWN-PENDING'
    this.#goOn(now)
  }

  /** Breaks the association off; `onClosed` is not called. */
  abort(cause: Cause): void {
    if (this.#state === 'CLOSED') return
    this.#leave({ type: ChunkType.ABORT, value: causeBytes(cause) })
  }

  /** The user has taken bytes of those that it was given. */
  consumed(byteLength: number, now: number): void {
    this.#inbound?.consumed(byteLength, now)
  }

  /** The operating system says that nobody is there. An established association finds that out by itself. */
  onRefused(): void {
    if (this.#state === 'SHUTDOWN-ACK-SENT' || (this.#state === 'SHUTDOWN-SENT' && this.#bothEnded)) {
      this.#complete(undefined)
    } else if (this.#state === 'COOKIE-WAIT' || this.#state === 'COOKIE-ECHOED') this.#fail(unreachable(1))
  }

  /** The peer has begun anew (section 5.2.4, action A): what it knew of this association is lost. */
  onRestarted(): void {
    this.#leave(undefined)
    this.#user.onClosed(peerRestarted())
  }

  /** The peer's cookie: this association is established by it, or was (section 5.2.4, actions B and D). */
  adopt(cookie: CookieState, now: number): void {
    if (this.#inbound === undefined || this.#state === 'COOKIE-WAIT' || this.#state === 'COOKIE-ECHOED') {
      this.#learn(cookie.peerTag, cookie.peerInitialTsn, cookie.peerWindow, cookie.peerAdaptationCode)
      this.#establish(now)
    }
    this.#control.add(ChunkType.COOKIE_ACK, new Uint8Array(0))
  }

  /** Answers a packet that only a peer which has lost this association would send, while it is being closed. */
  answerShutdownAck(now: number, cause?: Cause): void {
    if (cause !== undefined) this.#control.addError(cause.code, cause.info)
    this.#shutdown.send(now)
  }

  /** The earliest time at which `onTimeout` has something to do, or `output` a packet; Infinity if there is none. */
  nextTimer(): number {
    if (this.#state === 'CLOSED') return NEVER
    return Math.min(
      this.#initiation?.at ?? NEVER,
      this.#outbound?.timeoutAt ?? NEVER,
      this.#inbound?.sackAt ?? NEVER,
      this.#shutdown.at,
      this.#state === 'ESTABLISHED' ? this.#shutdownAt : NEVER,
      this.#path.at,
    )
  }

  onTimeout(now: number): void {
    if (this.#state === 'CLOSED') return
    if (this.#initiation !== undefined && now >= this.#initiation.at && !this.#initiation.onTimeout()) {
      this.#fail(unreachable(this.#initiation.transmissions))
      return
    }
    if (this.#outbound !== undefined && now >= this.#outbound.timeoutAt)
      this.#onRetransmission(this.#outbound, now)
    this.#path.onTimeout(now)
    if (now >= this.#shutdown.at) this.#onShutdownTimeout(now)
    this.#goOn(now)
    if (this.#path.errors > ASSOCIATION_MAX_RETRANS) this.#fail(unreachable(this.#path.errors))
  }

  /** Takes a packet that is intact and for these ports. Chunks that set up an association are the endpoint's. */
  input(packet: Uint8Array, now: number): void {
    const chunk = this.#chunk
    chunk.open(packet)
    let hadData = false
    while (this.#state !== 'CLOSED' && chunk.next()) {
      if (!this.#tagIsRight(packet, chunk)) return
      if (chunk.type === ChunkType.DATA) hadData = this.#onData(chunk, now) || hadData
      else if (!this.#onControl(chunk, now)) break
    }
    if (this.#state === 'CLOSED') return
    if (chunk.malformed) {
      this.#break('a chunk does not fit its packet')
      return
    }
    this.#path.onHeard(now)
    if (hadData) this.#inbound?.onPacket(now)
    this.#goOn(now)
  }

  /** The next packet to send, or undefined if there is none. */
  output(now: number): Uint8Array | undefined {
    if (this.#farewell !== undefined) return this.#sayFarewell(this.#farewell)
    if (this.#state === 'CLOSED') return undefined
    if (!this.#bursting) this.#outbound?.beginBurst(now)
    this.#bursting = true
    const packet = this.#probe(now) ?? this.#packet(now)
    if (packet === undefined) this.#bursting = false
    return packet
  }

  onData(bytes: Uint8Array): void {
    this.#user.onData(bytes)
  }

  onEndMark(): void {
    this.#endByPeer()
  }

  /** Section 8.5 and its exceptions. */
  #tagIsRight(packet: Uint8Array, chunk: ChunkReader): boolean {
    const tag = verificationTagOf(packet)
    const mayReflect = chunk.type === ChunkType.ABORT || chunk.type === ChunkType.SHUTDOWN_COMPLETE
    const reflects = mayReflect && (chunk.flags & T_FLAG) !== 0
    return tag === (reflects ? this.#peerTag : this.#localTag) && tag !== 0
  }

  #onData(chunk: ChunkReader, now: number): boolean {
    const { state } = this
    if (this.#inbound === undefined) return false
    if (state !== 'ESTABLISHED' && state !== 'SHUTDOWN-PENDING' && state !== 'SHUTDOWN-SENT') return false
    const cause = this.#inbound.onChunk(chunk, now)
    if (cause !== undefined) this.#breakWith(cause)
    // Section 9.2: data in this state is answered by SHUTDOWN, and at once.
    if (this.#state === 'SHUTDOWN-SENT') {
      this.#shutdown.onHeard()
      this.#shutdown.send(now)
      this.#inbound.sackNow(now)
    }
    return true
  }

  /** Returns whether to read on in the packet. */
  #onControl(chunk: ChunkReader, now: number): boolean {
    switch (chunk.type) {
      case ChunkType.SACK:
        this.#onSack(readSack(chunk), now)
        return true
      case ChunkType.HEARTBEAT:
        this.#onHeartbeat(chunk)
        return true
      case ChunkType.HEARTBEAT_ACK:
        if (this.#path.onHeartbeatAck(chunk, now)) this.#outbound?.setPacketBytes(this.#path.packetBytes)
        return true
      case ChunkType.INIT_ACK:
        this.#onInitAck(chunk)
        return true
      case ChunkType.COOKIE_ACK:
        if (this.#state === 'COOKIE-ECHOED') this.#establish(now)
        return true
      case ChunkType.ABORT:
        this.#leave(undefined)
        this.#user.onClosed(abortedByPeer(readCauses(chunk.bytes, chunk.valueStart, chunk.end)))
        return false
      case ChunkType.ERROR:
        this.#onError(chunk)
        return true
      case ChunkType.SHUTDOWN:
        this.#onShutdown(chunk, now)
        return true
      case ChunkType.SHUTDOWN_ACK:
        this.#onShutdownAck()
        return true
      case ChunkType.SHUTDOWN_COMPLETE:
        if (this.#state === 'SHUTDOWN-ACK-SENT') this.#complete(undefined)
        return true
      case ChunkType.INIT:
      case ChunkType.COOKIE_ECHO:
      case ChunkType.PAD:
        return true
      default:
        return this.#onUnknown(chunk)
    }
  }

  /** Section 8.3. What is larger than a packet that passes for sure cannot be given back. */
  #onHeartbeat(chunk: ChunkReader): void {
    if (COMMON_HEADER_BYTES + CHUNK_HEADER_BYTES + chunk.valueBytes > BASE_PACKET_BYTES) return
    this.#control.add(ChunkType.HEARTBEAT_ACK, chunk.bytes.slice(chunk.valueStart, chunk.end))
  }

  /** Section 3.2: the upper bits of a chunk type tell what to do where it is not known. */
  #onUnknown(chunk: ChunkReader): boolean {
    if (reportsUnknown(chunk.type, 8)) {
      this.#control.addError(CauseCode.UNRECOGNIZED_CHUNK_TYPE, chunk.bytes.slice(chunk.start, chunk.end))
    }
    return !stopsAtUnknown(chunk.type, 8)
  }

  #onInitAck(chunk: ChunkReader): void {
    if (this.#state !== 'COOKIE-WAIT') return
    const init = readInit(chunk)
    if (init === undefined || init.hasHostName) {
      const code = init === undefined ? CauseCode.INVALID_MANDATORY_PARAMETER : CauseCode.UNRESOLVABLE_ADDRESS
      this.#breakWith(causeWithText(code, ''), 'its INIT ACK is not valid')
      return
    }
    this.#peerTag = init.initiateTag
    if (init.cookie === undefined) {
      this.#breakWith(missingParameter(ParameterType.STATE_COOKIE), 'its INIT ACK has no cookie')
      return
    }
    this.#learn(init.initiateTag, init.initialTsn, init.window, init.adaptationCode)
    this.#state = 'COOKIE-ECHOED'
    this.#initiation!.echo(init.cookie, init.unrecognized)
  }

  #learn(peerTag: number, initialTsn: Tsn, window: number, adaptationCode: number | undefined): void {
    this.#peerTag = peerTag
    this.#endMarks = adaptationCode === ADAPTATION_CODE
    this.#inbound = new InboundData(initialTsn, this.#options.windowBytes, this.#endMarks, this)
    const { rto, packetBytes } = this.#path
    this.#outbound = new OutboundData(this.#localInitialTsn, window, packetBytes, rto)
  }

  #establish(now: number): void {
    this.#initiation = undefined
    this.#state = 'ESTABLISHED'
    this.#path.onUp(now)
    this.#user.onUp()
  }

  #onError(chunk: ChunkReader): void {
    if (this.#state !== 'COOKIE-ECHOED') return
    const isStale = readCauses(chunk.bytes, chunk.valueStart, chunk.end).some(
      ({ code }) => code === CauseCode.STALE_COOKIE,
    )
    if (!isStale) return
    this.#state = 'COOKIE-WAIT'
    this.#initiation!.restart()
  }

  #onSack(sack: Sack | undefined, now: number): void {
    if (this.#outbound === undefined || this.#state === 'COOKIE-ECHOED') return
    const result = sack === undefined ? undefined : this.#outbound.onSack(sack, now)
    if (result === undefined) {
      this.#break(sack === undefined ? 'a SACK chunk is malformed' : 'a SACK for data that was never sent')
      return
    }
    if (result.roundTripMs !== undefined) this.#path.rto.sample(result.roundTripMs)
    if (result.alive) this.#path.onAnswered()
    if (result.streamBytes > 0) this.#user.onAcknowledged(result.streamBytes)
  }

  #onShutdown(chunk: ChunkReader, now: number): void {
    const { state } = this
    if (this.#outbound === undefined || state === 'COOKIE-WAIT' || state === 'COOKIE-ECHOED') return
    if (chunk.valueBytes !== 4) {
      this.#break('a SHUTDOWN chunk is malformed')
      return
    }
    const cumulativeTsn = readI32(chunk.bytes, chunk.valueStart)
    this.#onSack(cumulativeOnly(cumulativeTsn, this.#outbound.peerWindow), now)
    if (this.#state === 'CLOSED') return
    if (this.#inbound!.hasGaps) this.#break('SHUTDOWN before all data was acknowledged')
    else if (state === 'SHUTDOWN-SENT' || state === 'SHUTDOWN-ACK-SENT') {
      this.#state = 'SHUTDOWN-ACK-SENT'
      this.#shutdown.send(now)
    } else if (state !== 'SHUTDOWN-RECEIVED') {
      this.#state = 'SHUTDOWN-RECEIVED'
      this.#endByPeer()
    }
  }

  #onShutdownAck(): void {
    if (this.#state !== 'SHUTDOWN-SENT' && this.#state !== 'SHUTDOWN-ACK-SENT') return
    this.#saidComplete = true
    this.#complete({ type: ChunkType.SHUTDOWN_COMPLETE, value: new Uint8Array(0) })
  }

  #onShutdownTimeout(now: number): void {
    // Where everything is known to have arrived, only the farewell is missing: it is not waited for without end.
    const isDone = this.#bothEnded || this.#state === 'SHUTDOWN-ACK-SENT'
    if (isDone && this.#shutdown.transmissions >= FAREWELL_TRANSMISSIONS) this.#complete(undefined)
    else if (!this.#shutdown.onTimeout(now)) this.#fail(notAnswered())
  }

  #onRetransmission(outbound: OutboundData, now: number): void {
    outbound.onTimeout()
    this.#path.onRetransmission(outbound.timeouts, now)
    outbound.setPacketBytes(this.#path.packetBytes)
  }

  /** What follows from what has happened, whatever it was. */
  #goOn(now: number): void {
    const outbound = this.#outbound
    if (outbound === undefined || this.#state === 'CLOSED') return
    if (outbound.endAcknowledged && !this.#finished) {
      this.#finished = true
      this.#user.onFinish()
    }
    if (!outbound.isEmpty) return
    if (this.#state === 'ESTABLISHED' && this.#bothEnded && this.#shutdownAt === NEVER) {
      this.#shutdownAt = this.#accepted ? now : now + LEAVE_SHUTDOWN_MS
    }
    if (this.#state === 'SHUTDOWN-PENDING' || (this.#state === 'ESTABLISHED' && now >= this.#shutdownAt)) {
      this.#state = 'SHUTDOWN-SENT'
      this.#shutdown.send(now)
    } else if (this.#state === 'SHUTDOWN-RECEIVED' && this.#endWanted) {
      this.#state = 'SHUTDOWN-ACK-SENT'
      this.#shutdown.send(now)
    }
  }

  /** Whether each end knows that the other has everything. */
  get #bothEnded(): boolean {
    return this.#finished && this.#peerEnded
  }

  #endByPeer(): void {
    if (this.#peerEnded) return
    this.#peerEnded = true
    this.#user.onEnd()
  }

  /** The end of a shutdown. */
  #complete(farewell: { type: number; value: Uint8Array } | undefined): void {
    this.#leave(farewell)
    this.#endByPeer()
    if (!this.#finished) this.#user.onFinish()
    this.#user.onClosed()
  }

  #break(what: string): void {
    this.#breakWith(causeWithText(CauseCode.PROTOCOL_VIOLATION, what), what)
  }

  #breakWith(cause: Cause, what = describe(cause)): void {
    this.#leave({ type: ChunkType.ABORT, value: causeBytes(cause) })
    this.#user.onClosed(violation(what))
  }

  #fail(error: ConnectError): void {
    this.#leave(undefined)
    this.#user.onClosed(error)
  }

  #leave(farewell: { type: number; value: Uint8Array } | undefined): void {
    this.#state = 'CLOSED'
    this.#farewell = this.#peerTag === 0 ? undefined : farewell
    this.#initiation = undefined
    this.#shutdown.stop()
  }

  #sayFarewell({ type, value }: { readonly type: number; readonly value: Uint8Array }): Uint8Array {
    this.#farewell = undefined
    this.#begin()
    this.#packets.chunk(type, 0, value)
    return this.#packets.finish()
  }

  #begin(): void {
    this.#packets.begin(this.localPort, this.peerPort, this.#peerTag, this.#path.packetBytes)
  }

  /** A probe of the path's MTU, if one is due: a packet of its own. */
  #probe(now: number): Uint8Array | undefined {
    const size = this.#initiation === undefined ? this.#path.takeProbe(now) : undefined
    if (size === undefined) return undefined
    this.#packets.begin(this.localPort, this.peerPort, this.#peerTag, size)
    this.#path.writeProbe(this.#packets)
    return this.#packets.finish()
  }

  #packet(now: number): Uint8Array | undefined {
    const writer = this.#packets
    this.#begin()
    if (this.#initiation?.isDue) this.#initiation.write(writer, now)
    if (this.#state !== 'COOKIE-WAIT' && this.#state !== 'COOKIE-ECHOED') this.#fill(writer, now)
    return writer.isEmpty ? undefined : writer.finish()
  }

  #fill(writer: PacketWriter, now: number): void {
    this.#control.write(writer)
    const inbound = this.#inbound!
    const outbound = this.#outbound!
    const sackFits = writer.room >= SACK_BYTES + 4
    if (sackFits && (inbound.sackAt <= now || (inbound.sackUseful && outbound.isReady)))
      inbound.writeSack(writer)
    this.#path.writeHeartbeat(writer, now)
    if (this.#shutdown.isDue) this.#writeShutdown(writer, now)
    outbound.fill(writer, now)
    this.#path.onSent(outbound.sentBytes, now)
  }

  #writeShutdown(writer: PacketWriter, now: number): void {
    if (writer.room < CHUNK_HEADER_BYTES + 4) return
    this.#shutdown.onSent(now, this.#path.rto.ms)
    if (this.#state === 'SHUTDOWN-ACK-SENT') {
      writer.chunk(ChunkType.SHUTDOWN_ACK, 0)
      return
    }
    writer.beginChunk(ChunkType.SHUTDOWN, 0)
    writer.u32(this.#inbound!.cumulativeTsn)
    writer.endChunk()
  }
}

function describe(cause: Cause): string {
  const text = new TextDecoder().decode(cause.info)
  return cause.code === CauseCode.PROTOCOL_VIOLATION ? text : `error cause ${cause.code}`
}
