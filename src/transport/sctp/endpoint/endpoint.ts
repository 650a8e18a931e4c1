import { randomTag } from '../association/association.ts'
import { causeBytes } from '../association/control-chunks.ts'
import { type CookiePorts, CookieSigner, type CookieState, type Mac } from '../association/cookie.ts'
import { marksEnds, writeInitChunk } from '../association/initiation.ts'
import { BASE_PACKET_BYTES } from '../association/protocol-values.ts'
import { writeU32 } from '../wire/bytes.ts'
import { type Cause, cause, causeWithText } from '../wire/causes.ts'
import { ChunkReader } from '../wire/chunk-reader.ts'
import { type InitChunk, initiateTagOf, readInit } from '../wire/init-chunk.ts'
import { CauseCode, ChunkType, T_FLAG } from '../wire/numbers.ts'
import { destinationPortOf, isIntact, sourcePortOf, verificationTagOf } from '../wire/packet.ts'
import type { PacketWriter } from '../wire/packet-writer.ts'
import { type Member, Members } from './members.ts'
import { answerOutOfTheBlue } from './out-of-the-blue.ts'
import type { PeerAddress } from './peer-address.ts'
import { UsedCookies } from './used-cookies.ts'

/** INIT ACK is at most this many times as long as INIT; as QUIC has it (RFC 9000, section 8). */
const MOST_AMPLIFICATION = 3

/** What an endpoint needs from where it runs. */
export interface EndpointHost {
  /** Sends an answer that belongs to no association. */
  answer(packet: Uint8Array, peer: PeerAddress): void
  /** Gives 32 random bits. */
  readonly random: () => number
  readonly mac: Mac
  readonly packets: PacketWriter
  /**
   * Whether DTLS carries the packets (RFC 8261), and detects errors in them: then a checksum of 0 is taken, and INIT ACK
   * says so (RFC 9653). To be the same as that of the endpoint's associations.
   */
  readonly zeroChecksumAcceptable: boolean
  /** Receive window that INIT ACK advertises to a peer, in bytes. */
  windowFor(peer: PeerAddress): number
}

/** Who takes the associations that peers begin with a port. */
export interface Acceptor {
  /** A peer has shown by its cookie that it is where it says. Undefined turns it away. */
  accept(cookie: CookieState, peer: PeerAddress, now: number): Member | undefined
}

/**
 * Everything behind one UDP socket (RFC 6951): tells packets apart by their tags and ports, answers those that begin an
 * association without keeping anything of them (RFC 9260, section 5.1), and those that belong nowhere (section 8.4).
 */
export class Endpoint {
  readonly #host: EndpointHost
  readonly #packets: PacketWriter
  readonly #cookies: CookieSigner
  readonly #members = new Members()
  readonly #acceptors = new Map<number, Acceptor>()
  readonly #used = new UsedCookies()
  readonly #chunk = new ChunkReader()

  constructor(host: EndpointHost) {
    this.#host = host
    this.#packets = host.packets
    this.#cookies = new CookieSigner(host.mac, host.random)
  }

  get isUnused(): boolean {
    return this.#acceptors.size === 0 && this.#members.count === 0
  }

  isListening(port: number): boolean {
    return this.#acceptors.has(port)
  }

  listen(port: number, acceptor: Acceptor): void {
    this.#acceptors.set(port, acceptor)
  }

  /** Whoever listens on the port now, if it is another, goes on. */
  unlisten(port: number, acceptor: Acceptor): void {
    if (this.#acceptors.get(port) === acceptor) this.#acceptors.delete(port)
  }

  add(member: Member): void {
    this.#members.add(member)
  }

  remove(member: Member): void {
    this.#members.remove(member)
  }

  /** Takes a datagram that has come. */
  receive(packet: Uint8Array, peer: PeerAddress, now: number): void {
    if (!isIntact(packet, this.#host.zeroChecksumAcceptable)) return
    if (sourcePortOf(packet) === 0 || destinationPortOf(packet) === 0) return
    const chunk = this.#chunk
    chunk.open(packet)
    if (!chunk.next()) return
    const { type } = chunk
    if (type === ChunkType.INIT) this.#onInit(packet, chunk, peer, now)
    else if (verificationTagOf(packet) === 0) return
    else if (mustBeAlone(type) && chunk.next()) return
    else if (type === ChunkType.COOKIE_ECHO) this.#onCookieEcho(packet, chunk, peer, now)
    else this.#onMore(packet, chunk, peer, now)
  }

  #onMore(packet: Uint8Array, chunk: ChunkReader, peer: PeerAddress, now: number): void {
    const named = this.#members.byTag(verificationTagOf(packet))
    // An association has one path. What its peer sends from another address is not answered, let alone by ABORT.
    if (named !== undefined && named.peer.address !== peer.address) return
    const member = this.#memberOf(packet, named, peer) ?? this.#memberByReflection(packet, chunk, peer)
    if (member === undefined || isStray(chunk, member)) this.#answerOutOfTheBlue(packet, peer)
    else this.#give(packet, member, now)
  }

  #give(packet: Uint8Array, member: Member, now: number): void {
    member.association.input(packet, now)
    member.onTouched()
  }

  /** The association that a packet's tag names, if the ports are its own; the peer's UDP port may have changed. */
  #memberOf(packet: Uint8Array, member: Member | undefined, peer: PeerAddress): Member | undefined {
    if (member === undefined) return undefined
    const { localPort, peerPort } = member.association
    if (destinationPortOf(packet) !== localPort || sourcePortOf(packet) !== peerPort) return undefined
    this.#members.move(member, peer)
    return member
  }

  /** ABORT and SHUTDOWN COMPLETE of a peer that knows no tag but its own (section 8.5.1). */
  #memberByReflection(packet: Uint8Array, chunk: ChunkReader, peer: PeerAddress): Member | undefined {
    if (!isReflected(chunk)) return undefined
    const member = this.#members.byPeer(destinationPortOf(packet), sourcePortOf(packet), peer)
    return member?.association.peerTag === verificationTagOf(packet) ? member : undefined
  }

  #answerOutOfTheBlue(packet: Uint8Array, peer: PeerAddress): void {
    const answer = answerOutOfTheBlue(packet, this.#chunk, this.#packets)
    if (answer !== undefined) this.#host.answer(answer, peer)
  }

  /** Sections 5.1, 5.2.1 and 5.2.2. INIT travels alone and without a tag (sections 6.10 and 8.5.1). */
  #onInit(packet: Uint8Array, chunk: ChunkReader, peer: PeerAddress, now: number): void {
    if (verificationTagOf(packet) !== 0) return
    const init = readInit(chunk)
    const initiateTag = initiateTagOf(chunk)
    if (chunk.next() || chunk.malformed) return
    const localPort = destinationPortOf(packet)
    const peerPort = sourcePortOf(packet)
    const present = this.#members.byPeer(localPort, peerPort, peer)
    const refusal = this.#refusalOf(init, localPort, present)
    if (refusal !== undefined) this.#sendAbort(localPort, peerPort, initiateTag, refusal, peer)
    else if (present?.association.state === 'SHUTDOWN-ACK-SENT') {
      present.association.answerShutdownAck(now)
      present.onTouched()
    } else this.#answerInit({ localPort, peerPort }, init!, packet.length, present, peer, now)
  }

  #refusalOf(init: InitChunk | undefined, localPort: number, present: Member | undefined): Cause | undefined {
    if (init === undefined) return cause(CauseCode.INVALID_MANDATORY_PARAMETER)
    if (init.hasHostName) return cause(CauseCode.UNRESOLVABLE_ADDRESS)
    if (present !== undefined || this.#acceptors.has(localPort)) return undefined
    return causeWithText(CauseCode.USER_INITIATED_ABORT, `nobody listens on SCTP port ${localPort}`)
  }

  #answerInit(
    ports: CookiePorts,
    init: InitChunk,
    initBytes: number,
    present: Member | undefined,
    peer: PeerAddress,
    now: number,
  ): void {
    const association = present?.association
    const isBeginning = association?.isBeginning === true
    const localTag = isBeginning ? association.localTag : this.#unusedTag()
    const initialTsn = isBeginning ? association.localInitialTsn : this.#host.random() | 0
    const ties = isBeginning ? undefined : association?.tieTags
    const state: CookieState = {
      ...ports,
      localTag,
      peerTag: init.initiateTag,
      localInitialTsn: initialTsn,
      peerInitialTsn: init.initialTsn,
      peerWindow: init.window,
      peerMarksEnds: marksEnds(init),
      peerZeroChecksumAcceptable: init.zeroChecksumAcceptable,
      localTieTag: ties?.local ?? 0,
      peerTieTag: ties?.peer ?? 0,
    }
    const cookie = this.#cookies.sign(state, peer.address, now)
    const window = this.#host.windowFor(peer)
    const fields = { initiateTag: localTag, window, outboundStreams: 1, inboundStreams: 1, initialTsn }
    this.#packets.begin(ports.localPort, ports.peerPort, init.initiateTag, this.#initAckLimit(initBytes))
    const zero = this.#host.zeroChecksumAcceptable
    writeInitChunk(this.#packets, ChunkType.INIT_ACK, fields, zero, cookie, init.unrecognized)
    this.#host.answer(this.#packets.finish(), peer)
  }

  /** Where an address may be forged, it gets no more than a few times what was sent in its name. */
  #initAckLimit(initBytes: number): number {
    if (this.#host.zeroChecksumAcceptable) return BASE_PACKET_BYTES
    return Math.min(BASE_PACKET_BYTES, MOST_AMPLIFICATION * initBytes)
  }

  #unusedTag(): number {
    for (;;) {
      const tag = randomTag(this.#host.random)
      if (!this.#members.has(tag)) return tag
    }
  }

  /** Sections 5.1.5 and 5.2.4. */
  #onCookieEcho(packet: Uint8Array, chunk: ChunkReader, peer: PeerAddress, now: number): void {
    const ports = { localPort: destinationPortOf(packet), peerPort: sourcePortOf(packet) }
    const opened = this.#cookies.open(packet.subarray(chunk.valueStart, chunk.end), ports, peer.address, now)
    if (opened.kind === 'forged') return
    const { state, ageMs } = opened
    if (state.localTag !== verificationTagOf(packet)) return
    const present = this.#presentFor(state, peer)
    const same =
      present?.association.localTag === state.localTag && present.association.peerTag === state.peerTag
    if (opened.kind === 'stale' && !same) this.#sendStale(state, ageMs, peer)
    else if (present === undefined) this.#accept(packet, state, peer, now)
    else this.#onCookieFor(packet, present, state, peer, now)
  }

  #presentFor(state: CookieState, peer: PeerAddress): Member | undefined {
    return this.#members.byTag(state.localTag) ?? this.#members.byPeer(state.localPort, state.peerPort, peer)
  }

  /** The table of section 5.2.4: an association with the peer is there already. */
  #onCookieFor(
    packet: Uint8Array,
    present: Member,
    state: CookieState,
    peer: PeerAddress,
    now: number,
  ): void {
    const { association } = present
    const localMatches = association.localTag === state.localTag
    const peerMatches = association.peerTag === state.peerTag
    const { tieTags } = association
    const tiesMatch = state.localTieTag === tieTags.local && state.peerTieTag === tieTags.peer
    if (localMatches && (peerMatches || association.isBeginning)) {
      this.#members.move(present, peer)
      association.adopt(state, now) // B and D
      this.#give(packet, present, now)
    } else if (!localMatches && !peerMatches && tiesMatch) this.#onRestart(packet, present, state, peer, now) // A
  }

  #onRestart(packet: Uint8Array, present: Member, state: CookieState, peer: PeerAddress, now: number): void {
    if (present.association.state === 'SHUTDOWN-ACK-SENT') {
      present.association.answerShutdownAck(now, cause(CauseCode.COOKIE_RECEIVED_WHILE_SHUTTING_DOWN))
      present.onTouched()
      return
    }
    this.#members.remove(present)
    present.association.onRestarted()
    present.onReplaced()
    this.#accept(packet, state, peer, now)
  }

  /** A cookie makes one association, however often it comes. */
  #accept(packet: Uint8Array, state: CookieState, peer: PeerAddress, now: number): void {
    if (this.#used.has(state.localTag)) {
      this.#answerOutOfTheBlue(packet, peer)
      return
    }
    const member = this.#acceptors.get(state.localPort)?.accept(state, peer, now)
    if (member === undefined) {
      this.#sendAbort(state.localPort, state.peerPort, state.peerTag, cause(CauseCode.OUT_OF_RESOURCE), peer)
      return
    }
    this.#used.add(state.localTag, now)
    this.#members.add(member)
    this.#give(packet, member, now)
  }

  #sendAbort(localPort: number, peerPort: number, tag: number, why: Cause, peer: PeerAddress): void {
    if (tag === 0) return
    this.#packets.begin(localPort, peerPort, tag, BASE_PACKET_BYTES)
    this.#packets.chunk(ChunkType.ABORT, 0, causeBytes(why))
    this.#host.answer(this.#packets.finish(), peer)
  }

  /** Section 5.2.6; how stale it is, in microseconds. */
  #sendStale(state: CookieState, ageMs: number, peer: PeerAddress): void {
    const info = new Uint8Array(4)
    writeU32(info, 0, Math.min(0xffffffff, Math.floor(ageMs * 1000)))
    this.#packets.begin(state.localPort, state.peerPort, state.peerTag, BASE_PACKET_BYTES)
    this.#packets.chunk(ChunkType.ERROR, 0, causeBytes(cause(CauseCode.STALE_COOKIE, info)))
    this.#host.answer(this.#packets.finish(), peer)
  }
}

/** Section 6.10; INIT is looked at where it is read. */
function mustBeAlone(type: number): boolean {
  return type === ChunkType.INIT_ACK || type === ChunkType.SHUTDOWN_COMPLETE
}

function isReflected(chunk: ChunkReader): boolean {
  return (
    (chunk.type === ChunkType.ABORT || chunk.type === ChunkType.SHUTDOWN_COMPLETE) &&
    (chunk.flags & T_FLAG) !== 0
  )
}

/** A SHUTDOWN ACK for an association that is only being set up is for an earlier one (section 8.5.1, E). */
function isStray(chunk: ChunkReader, member: Member): boolean {
  return chunk.type === ChunkType.SHUTDOWN_ACK && member.association.isBeginning
}
