import assert from 'node:assert/strict'
import type { PeerAddress } from '../../../src/transport/sctp/endpoint/peer-address.ts'
import {
  ADAPTATION,
  chunk,
  data,
  type InitFields,
  init,
  initAck,
  parameter,
  readInit,
  Type,
} from './chunks.ts'
import { type Chunk, encodePacket, type Packet } from './packets.ts'
import { PEER, PEER_PORT, SITE_PORT, type Site, type SiteMember } from './site.ts'

export const HAND_TAG = 0xfeed0001
export const HAND_TSN = 0xffffff00
const HAND_INIT = { tag: HAND_TAG, tsn: HAND_TSN, window: 100_000 }

/** The other end of an association with a {@link Site}: it does only what the test makes it do. */
export class HandPeer {
  readonly site: Site
  readonly from: PeerAddress
  readonly port: number
  member!: SiteMember
  /** What the site expects in packets to it. */
  siteTag = 0
  /** The first TSN of the site. */
  siteTsn = 0
  /** Chunks of data that the site is known to have sent. */
  sentCount = 0
  /** The next TSN of this end. */
  tsn = HAND_TSN
  #sequence = 0

  constructor(site: Site, from: PeerAddress = PEER, port: number = PEER_PORT) {
    this.site = site
    this.from = from
    this.port = port
  }

  /** Chunks to the site, in one packet; returns what it answers at once. */
  send(...chunks: readonly Chunk[]): Chunk[] {
    return this.sendWith({}, ...chunks)
  }

  /** The same with another tag or other ports, or from elsewhere. */
  sendWith(other: Partial<Packet> & { readonly from?: PeerAddress }, ...chunks: readonly Chunk[]): Chunk[] {
    this.deliver(this.encode(chunks, other), other.from)
    return this.chunks()
  }

  encode(chunks: readonly Chunk[], other: Partial<Packet> = {}): Uint8Array {
    return encodePacket({
      sourcePort: other.sourcePort ?? this.port,
      destinationPort: other.destinationPort ?? SITE_PORT,
      tag: other.tag ?? this.siteTag,
      chunks,
    })
  }

  deliver(bytes: Uint8Array, from = this.from): void {
    this.site.receive(bytes, from)
  }

  /** The next bytes of the stream, as a whole user message. */
  data(bytes: Uint8Array = Uint8Array.of(1), flags = 3): Chunk {
    const made = data({ tsn: this.tsn, sequence: this.#sequence, data: bytes, flags })
    this.tsn = (this.tsn + 1) >>> 0
    this.#sequence = (this.#sequence + 1) & 0xffff
    return made
  }

  /** The chunks that the site has sent since the last time. */
  chunks(): Chunk[] {
    return this.site.take().flatMap(packet => packet.chunks)
  }

  /** Connects to a site that listens. */
  connect(fields: Partial<InitFields> = {}): this {
    const cookie = this.cookie(fields)
    const answer = this.send(chunk(Type.COOKIE_ECHO, 0, cookie))
    assert.deepEqual(
      answer.map(({ type }) => type),
      [Type.COOKIE_ACK],
    )
    this.member = this.site.members.at(-1)!
    return this
  }

  /** The first half: INIT and INIT ACK. Returns the cookie. */
  cookie(fields: Partial<InitFields> = {}): Uint8Array {
    const [answer] = this.sendWith({ tag: 0 }, init({ ...HAND_INIT, ...fields }))
    assert.ok(answer !== undefined, 'an answer to INIT')
    const ack = readInit(answer)
    this.siteTag = ack.tag
    this.siteTsn = ack.tsn
    return ack.parameters.find(({ type }) => type === 7)!.value
  }

  /** Takes the INIT of a site that dials. */
  takeInit(): InitFields {
    const [first] = this.chunks()
    assert.ok(first !== undefined, 'an INIT')
    const fields = readInit(first)
    this.siteTag = fields.tag
    this.siteTsn = fields.tsn
    return fields
  }

  /** Answers the INIT of a site that dials, up to the COOKIE ACK. */
  answer(fields: Partial<InitFields> = {}): this {
    this.member = this.site.members.at(-1)!
    this.takeInit()
    const echo = this.send(handInitAck(fields))
    assert.deepEqual(
      echo.map(({ type }) => type),
      [Type.COOKIE_ECHO],
    )
    this.send(chunk(Type.COOKIE_ACK))
    return this
  }
}

export const COOKIE = Uint8Array.of(1, 2, 3, 4, 5)

export const handInitAck = (fields: Partial<InitFields> = {}): Chunk =>
  initAck({ ...HAND_INIT, parameters: [ADAPTATION, parameter(7, COOKIE)], ...fields })

export const typesOf = (chunks: readonly Chunk[]): number[] => chunks.map(({ type }) => type)

/** One of ours that was connected to by hand. */
export const accepted = (site: Site, fields: Partial<InitFields> = {}): HandPeer =>
  new HandPeer(site.listen()).connect(fields)

/** One of ours that has dialled. */
export function dialled(site: Site, fields: Partial<InitFields> = {}): HandPeer {
  site.dial()
  return new HandPeer(site).answer(fields)
}
