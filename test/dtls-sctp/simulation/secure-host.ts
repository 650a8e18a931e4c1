import type { DtlsConnection } from '../../../src/transport/dtls-sctp/engine/dtls-engine.ts'
import { isClientHello, recordLengthAt } from '../../../src/transport/dtls-sctp/link/records.ts'
import type { CookieState } from '../../../src/transport/sctp/association/cookie.ts'
import type { PeerAddress } from '../../../src/transport/sctp/endpoint/peer-address.ts'
import { PacketWriter } from '../../../src/transport/sctp/wire/packet-writer.ts'
import type { Host, HostParts } from '../../sctp/simulation/medium.ts'
import type { User } from '../../sctp/simulation/user.ts'
import { must, Violation } from '../../sctp/simulation/violation.ts'
import { SecureEnd } from './secure-end.ts'
import type { SecureMedium } from './secure-medium.ts'
import { SimulatedPlatform } from './simulated-platform.ts'

/** Where the real machine stands still in a handshake, OpenSSL sends a flight twice, and nobody waits for the third. */
const MOST_HANDSHAKES = 5

/** A machine whose associations are each in a DTLS connection. It stands for the UDP sockets of a client or a listener. */
export class SecureHost implements Host {
  readonly #parts: HostParts
  readonly #medium: SecureMedium
  readonly #platform: SimulatedPlatform
  readonly #packets = new PacketWriter(byteLength => new Uint8Array(byteLength))
  /** By the addresses of their peers. */
  readonly #ends = new Map<string, SecureEnd>()
  /** All that there were. */
  readonly #all: SecureEnd[] = []
  /** Does its handshake, and then takes the place of the one before. */
  #coming: SecureEnd | undefined
  #isListening = false
  #isGone = false
  onAccept: ((cookie: CookieState) => User) | undefined

  constructor(parts: HostParts, medium: SecureMedium) {
    this.#parts = parts
    this.#medium = medium
    this.#platform = new SimulatedPlatform(parts.clock, parts.plan, parts.chance)
  }

  get isIdle(): boolean {
    return this.#ends.size === 0 && this.#all.every(({ driver }) => driver?.isDone !== false)
  }

  get sentAgain(): number {
    return this.#all.reduce((sum, { watch }) => sum + (watch?.sentAgain ?? 0), 0)
  }

  listen(): void {
    this.#isListening = true
  }

  dial(address: string, user: User): number {
    for (let tries = 0; tries < MOST_HANDSHAKES; tries++) {
      const end = this.#begin(this.#medium.connect(), { address, port: 9899 }, user)
      this.#medium.shakeHands()
      if (end.endpoint.isUp) return end.localTag
    }
    throw new Violation(`${user.name}: no DTLS connection`)
  }

  receive(datagram: Uint8Array, from: PeerAddress): void {
    if (this.#isGone) return
    if (isClientHello(datagram)) this.#onClientHello(datagram, from)
    else if (this.#coming !== undefined) this.#coming.endpoint.receive(datagram)
    else this.#ends.get(keyOf(from))?.endpoint.receive(datagram)
  }

  close(): void {
    for (const end of [...this.#ends.values()]) end.close('this end has closed its DTLS connection')
  }

  vanish(): void {
    this.#isGone = true
    this.#platform.stop()
    this.#coming?.vanish()
    for (const end of this.#ends.values()) end.vanish()
    this.#ends.clear()
  }

  /** One that is replayed is the listener's concern, which is not here. */
  #onClientHello(datagram: Uint8Array, peer: PeerAddress): void {
    if (!this.#isListening || !this.#medium.isShakingHands) return
    const { address, network } = this.#parts
    const hello = datagram.subarray(0, recordLengthAt(datagram, 0))
    const { answer, connection, failure } = this.#medium.onClientHello(hello)
    if (failure !== undefined) throw failure
    if (connection !== undefined) this.#begin(connection, peer, undefined)
    else if (answer !== undefined) this.#medium.later(() => network.hand(address, answer, peer))
  }

  #begin(connection: DtlsConnection, peer: PeerAddress, user: User | undefined): SecureEnd {
    const end = new SecureEnd({
      host: this.#parts,
      medium: this.#medium,
      platform: this.#platform,
      packets: this.#packets,
      connection,
      peer,
      user,
      accept: cookie => this.onAccept?.(cookie),
      onUp: () => this.#onUp(end),
      onGone: () => this.#onGone(end),
    })
    this.#coming?.vanish()
    this.#coming = end
    this.#all.push(end)
    end.start()
    return end
  }

  /** RFC 6347, section 4.2.8. */
  #onUp(end: SecureEnd): void {
    const key = keyOf(end.peer)
    const before = this.#ends.get(key)
    this.#coming = undefined
    this.#ends.set(key, end)
    before?.close('the peer has begun anew')
  }

  #onGone(end: SecureEnd): void {
    const { driver } = end
    const isTold = driver === undefined || driver.user.isClosed || driver.user.hasAborted
    must(isTold, () => `${driver?.user.name}: gone without a word`)
    const key = keyOf(end.peer)
    if (this.#ends.get(key) === end) this.#ends.delete(key)
  }
}

const keyOf = ({ address, port }: PeerAddress): string => `${address} ${port}`
