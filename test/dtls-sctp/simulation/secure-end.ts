import { ConnectError, ConnectErrorCode } from '../../../src/errors.ts'
import type { DtlsConnection, DtlsFailure } from '../../../src/transport/dtls-sctp/engine/dtls-engine.ts'
import { MAX_DATA_BYTES, RECORD_OVERHEAD_BYTES } from '../../../src/transport/dtls-sctp/link/records.ts'
import type { SecureEndpointOwner } from '../../../src/transport/dtls-sctp/peer/secure-endpoint.ts'
import { LINGER_MS } from '../../../src/transport/dtls-sctp/udp/linger.ts'
import { Association, type AssociationOptions } from '../../../src/transport/sctp/association/association.ts'
import type { CookieState } from '../../../src/transport/sctp/association/cookie.ts'
import type { Acceptor } from '../../../src/transport/sctp/endpoint/endpoint.ts'
import type { PeerAddress } from '../../../src/transport/sctp/endpoint/peer-address.ts'
import type { AssociationStream } from '../../../src/transport/sctp/stream/association-stream.ts'
import type { PacketWriter } from '../../../src/transport/sctp/wire/packet-writer.ts'
import type { FlowWatch } from '../../sctp/simulation/flow-watch.ts'
import { mac, PORT, randomBits } from '../../sctp/simulation/host.ts'
import type { HostParts } from '../../sctp/simulation/medium.ts'
import type { User } from '../../sctp/simulation/user.ts'
import { Violation } from '../../sctp/simulation/violation.ts'
import type { SecureMedium } from './secure-medium.ts'
import type { SimulatedPlatform } from './simulated-platform.ts'
import { StreamDriver } from './stream-driver.ts'
import { watchOver } from './watch-over.ts'
import { WatchedEndpoint } from './watched-endpoint.ts'

/** How long a server waits for an association: longer than any of these networks need. */
const HANDSHAKE_MS = 300_000

/** What one end is made of. */
export interface SecureEndParts {
  readonly host: HostParts
  readonly medium: SecureMedium
  readonly platform: SimulatedPlatform
  readonly packets: PacketWriter
  readonly connection: DtlsConnection
  readonly peer: PeerAddress
  /** Who dials; undefined at a server. */
  readonly user: User | undefined
  /** Gives the program for an association that the peer begins. */
  readonly accept: (cookie: CookieState) => User | undefined
  /** The DTLS handshake is done. */
  readonly onUp: (end: SecureEnd) => void
  /** The connection is gone. */
  readonly onGone: (end: SecureEnd) => void
}

/** One end of a DTLS connection, with its association and its program: what is around a `SecureEndpoint`. */
export class SecureEnd implements SecureEndpointOwner, Acceptor {
  readonly endpoint: WatchedEndpoint
  readonly peer: PeerAddress
  driver: StreamDriver | undefined
  watch: FlowWatch | undefined
  readonly #parts: SecureEndParts
  #stream: AssociationStream | undefined
  #cancelTimer: (() => void) | undefined

  constructor(parts: SecureEndParts) {
    this.#parts = parts
    this.peer = parts.peer
    const { plan, chance } = parts.host
    const { largestPacketBytes, sharedDatagramBytes } = plan
    const room =
      sharedDatagramBytes === 0 ? MAX_DATA_BYTES : (sharedDatagramBytes >> 2) - RECORD_OVERHEAD_BYTES
    const carrier = {
      isDrained: true,
      sharedDatagramBytes,
      largestDataBytes: Math.min(room, largestPacketBytes),
      send: (datagram: Uint8Array) => this.#send(datagram),
    }
    const { connection, peer, platform, packets } = parts
    const { windowBytes } = plan
    const random = (): number => randomBits(plan, chance)
    const whole = { connection, peer, carrier, windowBytes, platform, random, mac, packets, owner: this }
    this.endpoint = new WatchedEndpoint(whole, parts.host, parts.medium.ledger)
  }

  start(): void {
    this.endpoint.start()
  }

  /** Closes the connection, whatever its association is doing. */
  close(why: string): void {
    this.endpoint.close(new ConnectError(ConnectErrorCode.CONNECTION_RESET, why))
  }

  /** The machine is gone. */
  vanish(): void {
    this.#parts.connection.free()
  }

  onUp(): void {
    const { user, platform } = this.#parts
    if (user !== undefined) this.#associate(user)
    else {
      this.endpoint.listen(PORT, this)
      this.#cancelTimer = platform.startTimer(() => this.endpoint.close(), HANDSHAKE_MS)
    }
    this.#parts.onUp(this)
  }

  onFailed(failure: DtlsFailure): void {
    throw new Violation(`${this.#parts.host.address}: the DTLS handshake has failed: ${failure.message}`)
  }

  onLingering(): void {
    this.#cancelTimer = this.#parts.platform.startTimer(() => this.endpoint.close(), LINGER_MS)
  }

  onGone(): void {
    this.#cancelTimer?.()
    this.#parts.onGone(this)
  }

  /** A connection carries one association. */
  accept(cookie: CookieState, _peer: PeerAddress, now: number): AssociationStream | undefined {
    const user = this.endpoint.hasStream ? undefined : this.#parts.accept(cookie)
    if (user === undefined) return undefined
    this.#cancelTimer?.()
    const stream = this.#makeStream(user, options => Association.accept(options, cookie, now))
    this.driver!.open(stream)
    return stream
  }

  #associate(user: User): void {
    const stream = this.#makeStream(user, Association.initiate)
    // Whoever has dialled hears of it when the packet has been read.
    stream.onOpened = error => {
      if (error === undefined) this.#parts.platform.nextTurn(() => this.driver!.open(stream))
    }
    this.endpoint.add(stream)
    stream.flush()
  }

  #makeStream(user: User, make: (options: AssociationOptions) => Association): AssociationStream {
    const { host, platform } = this.#parts
    const { windowBytes, heartbeatIntervalMs } = host.plan
    const driver = new StreamDriver(user, windowBytes, platform)
    this.driver = driver
    const begin = (options: AssociationOptions): Association => {
      const association = make({ ...options, user: driver.before(options.user) })
      this.watch = watchOver(user.name, association, host.peerWindow)
      return association
    }
    const addresses = { localAddress: host.address, remoteAddress: this.peer.address }
    this.#stream = this.endpoint.makeStream(addresses, begin, {
      localPort: PORT,
      peerPort: PORT,
      heartbeatIntervalMs,
    })
    return this.#stream
  }

  /** The tag of the association that this end has begun. */
  get localTag(): number {
    return this.#stream!.association.localTag
  }

  /** The handshake takes no time and loses nothing: OpenSSL has a clock of its own for it. */
  #send(datagram: Uint8Array): void {
    const { host, medium } = this.#parts
    const { peer } = this
    const packets = this.endpoint.takePacked()
    if (this.endpoint.isUp) host.network.carry(host.address, datagram, peer, packets)
    else medium.later(() => host.network.hand(host.address, datagram, peer))
  }
}
