import { createHmac } from 'node:crypto'
import { Association, type AssociationOptions } from '../../../src/transport/sctp/association/association.ts'
import type { CookieState } from '../../../src/transport/sctp/association/cookie.ts'
import { type Acceptor, Endpoint, type EndpointHost } from '../../../src/transport/sctp/endpoint/endpoint.ts'
import type { Member } from '../../../src/transport/sctp/endpoint/members.ts'
import type { PeerAddress } from '../../../src/transport/sctp/endpoint/peer-address.ts'
import { PacketWriter } from '../../../src/transport/sctp/wire/packet-writer.ts'
import type { Chance } from './chance.ts'
import { FlowWatch } from './flow-watch.ts'
import type { Host, HostParts } from './medium.ts'
import type { Network } from './network.ts'
import type { User } from './user.ts'
import { must } from './violation.ts'
import type { Appointment, VirtualClock } from './virtual-clock.ts'

/** The SCTP port that everybody uses at both ends. */
export const PORT = 5000

export interface HostPlan {
  readonly windowBytes: number
  readonly largestPacketBytes: number
  readonly heartbeatIntervalMs: number
  /** As if DTLS carried the packets (RFC 9653). */
  readonly zeroChecksumAcceptable: boolean
  /** Undefined for any. */
  readonly initialTsn: number | undefined
  /** Inside DTLS: several packets may share a datagram of so many bytes; 0: each has its own. */
  readonly sharedDatagramBytes: number
  /** Between packets that have come and what the program does about them, up to so many ms. */
  readonly turnMs: number
  /** A timer goes off late, as in a program that is busy: how likely, and by up to so many ms. */
  readonly lateTimers: number
  readonly lateMs: number
}

/** A burst that is longer does not end. */
const MOST_AT_ONCE = 5000

/** What is held before its turn is counted by itself; and a chunk that was begun inside the window may go beyond it. */
const CHUNK_BYTES = 1200

/** An association of a host, with what drives it. */
class SimulatedMember implements Member {
  readonly association: Association
  readonly user: User
  readonly watch: FlowWatch
  readonly #touch: (member: SimulatedMember) => void
  peer: PeerAddress
  turn: Appointment | undefined
  wake: Appointment | undefined

  constructor(
    association: Association,
    user: User,
    watch: FlowWatch,
    peer: PeerAddress,
    touch: (member: SimulatedMember) => void,
  ) {
    this.association = association
    this.user = user
    this.watch = watch
    this.peer = peer
    this.#touch = touch
  }

  onReplaced(): void {
    this.onTouched()
  }

  onTouched(): void {
    this.#touch(this)
  }
}

/** What an endpoint draws: tags and initial TSNs alike, so a tag is such a number as well, give or take. */
export function randomBits({ initialTsn }: HostPlan, chance: Chance): number {
  return initialTsn === undefined ? chance.bits() : (initialTsn + chance.between(0, 40)) | 0
}

export const mac = (key: Uint8Array, message: Uint8Array): Uint8Array =>
  createHmac('sha256', key).update(message).digest()

/** A machine: an endpoint behind one UDP port, its associations, and the programs that use them. */
export class SimulatedHost implements Host, EndpointHost, Acceptor {
  readonly packets = new PacketWriter(byteLength => new Uint8Array(byteLength))
  readonly zeroChecksumAcceptable: boolean
  readonly address: string
  readonly #plan: HostPlan
  readonly #peerWindow: number
  readonly #clock: VirtualClock
  readonly #network: Network
  readonly #chance: Chance
  readonly #members = new Set<SimulatedMember>()
  readonly #watches: FlowWatch[] = []
  readonly #endpoint: Endpoint
  #flipped = false
  #isGone = false
  onAccept: ((cookie: CookieState) => User) | undefined

  constructor({ address, plan, peerWindow, clock, network, chance }: HostParts) {
    this.address = address
    this.zeroChecksumAcceptable = plan.zeroChecksumAcceptable
    this.#plan = plan
    this.#peerWindow = peerWindow
    this.#clock = clock
    this.#network = network
    this.#chance = chance
    this.#endpoint = new Endpoint(this)
  }

  readonly random = (): number => randomBits(this.#plan, this.#chance)

  readonly mac = mac

  get isIdle(): boolean {
    return this.#members.size === 0
  }

  get sentAgain(): number {
    return this.#watches.reduce((sum, { sentAgain }) => sum + sentAgain, 0)
  }

  windowFor(): number {
    return this.#plan.windowBytes
  }

  listen(): void {
    this.#endpoint.listen(PORT, this)
  }

  dial(address: string, user: User): number {
    const association = Association.initiate(this.#options(user))
    const member = this.#add(association, user, { address, port: 9899 })
    this.#endpoint.add(member)
    this.#touch(member)
    return association.localTag
  }

  accept(cookie: CookieState, peer: PeerAddress, now: number): Member | undefined {
    if (this.onAccept === undefined) return undefined
    const user = this.onAccept(cookie)
    return this.#add(Association.accept(this.#options(user), cookie, now), user, peer)
  }

  receive(packet: Uint8Array, from: PeerAddress, isFlipped: boolean): void {
    if (this.#isGone) return
    if (!isFlipped) for (const { watch } of this.#members) watch.onInput(packet)
    this.#flipped = isFlipped
    this.#endpoint.receive(packet, from, this.#clock.now)
    this.#flipped = false
  }

  /** Sends an answer of the endpoint itself. */
  answer(packet: Uint8Array, peer: PeerAddress): void {
    must(!this.#flipped, `${this.address} answers a packet that was changed on its way`)
    this.#network.send(this.address, packet, peer)
  }

  close(): void {
    throw new Error('its associations are in nothing that could be closed')
  }

  vanish(): void {
    this.#isGone = true
    for (const { turn, wake } of this.#members) {
      this.#clock.cancel(turn)
      this.#clock.cancel(wake)
    }
    this.#members.clear()
  }

  #options(user: User): AssociationOptions {
    const { windowBytes, heartbeatIntervalMs, largestPacketBytes } = this.#plan
    const { packets, random, zeroChecksumAcceptable } = this
    const path = { localPort: PORT, peerPort: PORT, largestPacketBytes, heartbeatIntervalMs }
    return { ...path, windowBytes, zeroChecksumAcceptable, packets, random, user }
  }

  #add(association: Association, user: User, peer: PeerAddress): SimulatedMember {
    const watch = new FlowWatch(user.name, association, this.#peerWindow)
    const member = new SimulatedMember(association, user, watch, peer, touched => this.#touch(touched))
    user.isFed = () => this.#flipped
    this.#members.add(member)
    this.#watches.push(watch)
    return member
  }

  /** All that comes until the program has its turn is dealt with together. */
  #touch(member: SimulatedMember): void {
    must(!this.#flipped, `${member.user.name}: takes a packet that was changed on its way`)
    if (member.turn !== undefined || this.#isGone) return
    const { turnMs } = this.#plan
    const at = this.#clock.now + (turnMs === 0 ? 0 : this.#chance.between(0, turnMs))
    member.turn = this.#clock.at(at, () => {
      member.turn = undefined
      this.#turn(member)
    })
  }

  #turn(member: SimulatedMember): void {
    const { association, user } = member
    user.act(association, this.#clock.now)
    const unread = user.received - user.consumed
    must(
      unread <= 2 * this.#plan.windowBytes + CHUNK_BYTES,
      () => `${user.name}: ${unread} bytes wait to be read`,
    )
    this.#drain(member)
    this.#clock.cancel(member.wake)
    if (association.state === 'CLOSED') this.#release(member)
    else this.#setWake(member)
  }

  #onWake(member: SimulatedMember): void {
    const { association, user, watch } = member
    const { now } = this.#clock
    const isDue = now >= association.nextTimer()
    if (isDue) {
      watch.onTimeout()
      association.onTimeout(now)
    }
    this.#turn(member)
    const next = association.nextTimer()
    must(!isDue || next > now, () => `${user.name}: a timer for ${next} at ${now}, in ${association.state}`)
  }

  #drain(member: SimulatedMember): void {
    const { user, watch } = member
    const { now } = this.#clock
    for (let count = 0; ; count++) {
      must(count < MOST_AT_ONCE, `${user.name}: a burst without end`)
      const packet = watch.output(now)
      if (packet === undefined) break
      this.#network.send(this.address, packet, member.peer)
    }
    this.packets.release(false)
  }

  #setWake(member: SimulatedMember): void {
    const { association, user } = member
    const { now } = this.#clock
    const timer = association.nextTimer()
    const late = this.#chance.yes(this.#plan.lateTimers) ? this.#chance.between(0, this.#plan.lateMs) : 0
    const at = Math.min(timer + late, user.wakeAt)
    if (at === Number.POSITIVE_INFINITY) return
    member.wake = this.#clock.at(Math.max(at, now), () => this.#onWake(member))
  }

  #release(member: SimulatedMember): void {
    const { user } = member
    must(user.isClosed || user.hasAborted, `${user.name}: gone without a word`)
    this.#clock.cancel(member.turn)
    this.#endpoint.remove(member)
    this.#members.delete(member)
  }
}
