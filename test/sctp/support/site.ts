import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import type { ConnectError } from '../../../src/errors.ts'
import { Association } from '../../../src/transport/sctp/association/association.ts'
import type { AssociationUser } from '../../../src/transport/sctp/association/association-user.ts'
import type { CookieState } from '../../../src/transport/sctp/association/cookie.ts'
import { type Acceptor, Endpoint, type EndpointHost } from '../../../src/transport/sctp/endpoint/endpoint.ts'
import type { Member } from '../../../src/transport/sctp/endpoint/members.ts'
import type { PeerAddress } from '../../../src/transport/sctp/endpoint/peer-address.ts'
import { PacketWriter } from '../../../src/transport/sctp/wire/packet-writer.ts'
import { random } from '../../support/data.ts'
import { decodePacket, type Packet } from './packets.ts'

export const SITE_PORT = 5000
export const PEER_PORT = 6000
export const PEER: PeerAddress = { address: '192.0.2.1', port: 9899 }

export interface SiteOptions {
  readonly seed?: number
  readonly windowBytes?: number
  readonly heartbeatIntervalMs?: number
  readonly largestPacketBytes?: number
  /** Whether it is as if DTLS carried the packets. */
  readonly zeroChecksumAcceptable?: boolean
  /** Associations that are taken; more are turned away. */
  readonly mostAccepted?: number
}

/** What happened to an association, and what it has delivered. */
export class SiteMember implements Member, AssociationUser {
  peer: PeerAddress
  association!: Association
  /** In order: `up`, `data`, `end`, `finish`, `closed`, or `closed CODE`. Data that follows data is noted once. */
  readonly log: string[] = []
  readonly received: Uint8Array[] = []
  receivedBytes = 0
  acknowledged = 0
  error: ConnectError | undefined
  isTouched = true
  /** Whether its own direction was ended: nothing may be sent after that. */
  ended = false
  /** Whether what comes is taken at once, so that the window stays open. */
  takes = true

  constructor(peer: PeerAddress) {
    this.peer = peer
  }

  get data(): Uint8Array {
    return Buffer.concat(this.received)
  }

  onReplaced(): void {
    this.onTouched()
  }

  onTouched(): void {
    this.isTouched = true
  }

  onUp(): void {
    this.#note('up')
  }

  onData(bytes: Uint8Array): void {
    if (this.log.at(-1) !== 'data') this.#note('data')
    this.received.push(bytes.slice())
    this.receivedBytes += bytes.length
  }

  onEnd(): void {
    this.#note('end')
  }

  onAcknowledged(byteLength: number): void {
    this.acknowledged += byteLength
  }

  onFinish(): void {
    this.#note('finish')
  }

  onClosed(error?: ConnectError): void {
    this.error = error
    this.#note(error === undefined ? 'closed' : `closed ${error.code}`)
  }

  #note(what: string): void {
    assert.ok(!this.log.some(entry => entry.startsWith('closed')), `${what} after the association was closed`)
    this.log.push(what)
  }
}

/** Timers at one moment before it counts as a loop. */
const MOST_AT_ONCE = 20

/** One of our endpoints without a network: what it sends lies in `sent`, and its clock moves when the test says so. */
export class Site implements EndpointHost, Acceptor {
  now = 1_000_000
  readonly random: () => number
  readonly packets = new PacketWriter(byteLength => new Uint8Array(byteLength).fill(0xdb))
  readonly zeroChecksumAcceptable: boolean
  readonly endpoint: Endpoint
  readonly members: SiteMember[] = []
  /** What was sent and not taken yet, and where to. */
  readonly sent: { readonly bytes: Uint8Array; readonly to: PeerAddress }[] = []
  readonly #options: SiteOptions

  constructor(options: SiteOptions = {}) {
    const next = random(options.seed ?? 1)
    this.random = () => Math.floor(next() * 2 ** 32)
    this.#options = options
    this.zeroChecksumAcceptable = options.zeroChecksumAcceptable ?? false
    this.endpoint = new Endpoint(this)
  }

  mac(key: Uint8Array, message: Uint8Array): Uint8Array {
    return createHmac('sha256', key).update(message).digest()
  }

  windowFor(): number {
    return this.#options.windowBytes ?? 65_536
  }

  listen(port = SITE_PORT): this {
    this.endpoint.listen(port, this)
    return this
  }

  /** An answer that belongs to no association. */
  answer(packet: Uint8Array, to: PeerAddress): void {
    this.sent.push({ bytes: packet.slice(), to })
    this.packets.release(false)
  }

  accept(cookie: CookieState, peer: PeerAddress, now: number): SiteMember | undefined {
    if (this.members.filter(({ association }) => association.state !== 'CLOSED').length >= this.#mostAccepted)
      return undefined
    const member = new SiteMember(peer)
    member.association = Association.accept(
      this.#optionsOf(member, cookie.localPort, cookie.peerPort),
      cookie,
      now,
    )
    this.members.push(member)
    return member
  }

  /** Begins an association. */
  dial(peer = PEER, peerPort = PEER_PORT): SiteMember {
    const member = new SiteMember(peer)
    member.association = Association.initiate(this.#optionsOf(member, SITE_PORT, peerPort))
    this.members.push(member)
    this.endpoint.add(member)
    this.flush()
    return member
  }

  /** Takes a datagram, and sends what follows from it. */
  receive(bytes: Uint8Array, from = PEER): void {
    this.endpoint.receive(asRead(bytes), from, this.now)
    this.flush()
  }

  /** Sends what there is to send; what has been closed is taken out. */
  flush(): void {
    for (const member of [...this.members]) {
      if (!member.isTouched) continue
      member.isTouched = false
      this.#flush(member)
    }
  }

  /** Time passes; every timer fires when it is due. */
  advance(ms: number): void {
    const end = this.now + ms
    let atOnce = 0
    for (let at = this.nextTimer(); at <= end; at = this.nextTimer()) {
      atOnce = at <= this.now ? atOnce + 1 : 0
      assert.ok(atOnce < MOST_AT_ONCE, `a timer that is due again and again at ${this.now}`)
      this.now = Math.max(this.now, at)
      this.#fire()
    }
    this.now = end
  }

  nextTimer(): number {
    return Math.min(...this.members.map(({ association }) => association.nextTimer()))
  }

  /** What was sent since the last time, read. */
  take(): Packet[] {
    return this.sent.splice(0).map(({ bytes }) => decodePacket(bytes, this.zeroChecksumAcceptable))
  }

  get #mostAccepted(): number {
    return this.#options.mostAccepted ?? Number.POSITIVE_INFINITY
  }

  #fire(): void {
    for (const member of this.members) {
      if (this.now < member.association.nextTimer()) continue
      member.association.onTimeout(this.now)
      member.isTouched = true
    }
    this.flush()
  }

  #flush(member: SiteMember): void {
    const { association } = member
    if (member.takes && member.receivedBytes > 0) {
      association.consumed(member.receivedBytes, this.now)
      member.receivedBytes = 0
    }
    for (
      let packet = association.output(this.now);
      packet !== undefined;
      packet = association.output(this.now)
    ) {
      this.sent.push({ bytes: packet.slice(), to: member.peer })
    }
    this.packets.release(false)
    if (association.state === 'CLOSED') this.#remove(member)
  }

  #remove(member: SiteMember): void {
    this.endpoint.remove(member)
    const index = this.members.indexOf(member)
    if (index >= 0) this.members.splice(index, 1)
  }

  #optionsOf(user: AssociationUser, localPort: number, peerPort: number) {
    return {
      localPort,
      peerPort,
      windowBytes: this.windowFor(),
      heartbeatIntervalMs: this.#options.heartbeatIntervalMs ?? 0,
      largestPacketBytes: this.#options.largestPacketBytes ?? 1200,
      zeroChecksumAcceptable: this.zeroChecksumAcceptable,
      random: this.random,
      packets: this.packets,
      user,
    }
  }
}

/** As the sockets of Node give a datagram: a Buffer, whose `slice` copies nothing, in memory of its own. */
function asRead(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Uint8Array.from(bytes).buffer)
}
