import type { ConnectError } from '../../../errors.ts'
import type { Platform } from '../../../platform.ts'
import type { ByteStream, ByteStreamSink } from '../../byte-stream.ts'
import type { Association } from '../association/association.ts'
import type { AssociationUser } from '../association/association-user.ts'
import type { Member } from '../endpoint/members.ts'
import type { PeerAddress } from '../endpoint/peer-address.ts'
import { causeWithText } from '../wire/causes.ts'
import { CauseCode } from '../wire/numbers.ts'
import { AssociationTimer } from './association-timer.ts'
import { InboundBytes } from './inbound-bytes.ts'

/** What takes an association's packets away. */
export interface Carrier {
  send(packet: Uint8Array, peer: PeerAddress): void
  /** The association's packets of this moment are all sent. */
  onSent(): void
  /** The association is gone. */
  release(stream: AssociationStream): void
}

export interface StreamAddresses {
  readonly localAddress: string
  readonly remoteAddress: string
  /** What the handshake has shown, where there was one. */
  readonly tls?: ByteStream['tls']
}

/**
 * The byte stream of an association (PROTOCOL.md). What the association reports while it reads packets is noted, and
 * told on the next turn of the event loop, all packets of a turn together: so many packets cost one call, one SACK and
 * one burst.
 */
export class AssociationStream implements ByteStream, AssociationUser, Member {
  readonly association: Association
  peer: PeerAddress
  readonly #addresses: StreamAddresses
  readonly #carrier: Carrier
  readonly #platform: Platform
  readonly #timer: AssociationTimer
  readonly #inbound: InboundBytes
  #sink: ByteStreamSink | undefined
  #turnAwaited = false
  #answering = false
  #acknowledged = 0
  #ended = false
  #finished = false
  #closed = false
  #error: ConnectError | undefined
  /** Whether the sink was told that the stream is gone, and whether the endpoint was. */
  #gone = false
  #left = false
  /** Told when the association is gone. */
  onLeft: (() => void) | undefined
  /** Told once that the association is established, or that it never will be. */
  onOpened: ((error?: ConnectError) => void) | undefined

  constructor(
    peer: PeerAddress,
    addresses: StreamAddresses,
    carrier: Carrier,
    platform: Platform,
    begin: (user: AssociationUser) => Association,
  ) {
    this.peer = peer
    this.#addresses = addresses
    this.#carrier = carrier
    this.#platform = platform
    this.#inbound = new InboundBytes(platform.allocate)
    this.#timer = new AssociationTimer(platform, () => this.#onTimer())
    this.association = begin(this)
  }

  get localAddress(): string {
    return this.#addresses.localAddress
  }

  get remoteAddress(): string {
    return this.#addresses.remoteAddress
  }

  get tls(): ByteStream['tls'] {
    return this.#addresses.tls
  }

  open(sink: ByteStreamSink): void {
    this.#sink = sink
    this.onTouched()
  }

  write(segments: readonly Uint8Array[]): boolean {
    this.association.send(segments)
    this.flush()
    return false
  }

  end(): void {
    this.association.end(this.#platform.now())
    this.flush()
  }

  pause(): void {
    this.#inbound.paused = true
  }

  resume(): void {
    this.#inbound.paused = false
    this.onTouched()
  }

  reset(): void {
    this.association.abort(causeWithText(CauseCode.USER_INITIATED_ABORT, ''))
    this.flush()
    this.#inbound.drop()
    this.#ended = false
    this.#closed = true
    this.onTouched()
  }

  /** Sends what the association has to send, and sets its timer. */
  flush(): void {
    const now = this.#platform.now()
    for (
      let packet = this.association.output(now);
      packet !== undefined;
      packet = this.association.output(now)
    ) {
      this.#carrier.send(packet, this.peer)
    }
    this.#carrier.onSent()
    // The association may have found that it cannot go on.
    if (this.#closed) this.#awaitTurn()
    this.#timer.set(this.association.nextTimer(), now)
  }

  /** The operating system says that nobody is where the peer should be. */
  onRefused(cause: Error): void {
    this.association.onRefused(cause, this.#platform.now())
    this.onTouched()
  }

  /** What carries the packets is gone. */
  onLost(error: ConnectError): void {
    this.association.onLost(error)
    this.onTouched()
  }

  onTouched(): void {
    this.#inbound.settle()
    if (this.association.isUrgent) this.flush()
    this.#awaitTurn()
  }

  onReplaced(): void {
    this.onTouched()
    this.#leave()
  }

  onUp(): void {
    this.onOpened?.()
    this.onOpened = undefined
  }

  onData(bytes: Uint8Array): void {
    this.#inbound.push(bytes)
  }

  onEnd(): void {
    this.#ended = true
  }

  onAcknowledged(byteLength: number): void {
    this.#acknowledged += byteLength
  }

  onFinish(): void {
    this.#finished = true
  }

  onClosed(error?: ConnectError): void {
    this.#closed = true
    this.#error = error
    this.onOpened?.(error)
    this.onOpened = undefined
  }

  #awaitTurn(): void {
    if (this.#turnAwaited || this.#gone) return
    this.#turnAwaited = true
    this.#platform.nextTurn(() => {
      this.#turnAwaited = false
      this.#turn()
    })
  }

  #onTimer(): void {
    const now = this.#platform.now()
    if (now >= this.association.nextTimer()) this.association.onTimeout(now)
    this.flush()
    this.onTouched()
  }

  /**
   * Where the sink was given data, the packets wait for two more turns: in the first, whoever answers the data gives its
   * answer away, and the SACK then goes with it.
   */
  #turn(): void {
    const delivered = this.#sink !== undefined && !this.#gone && this.#tell(this.#sink)
    if (this.association.state === 'CLOSED') this.#leave()
    else if (!delivered || this.#answering) this.#endTurn()
    else {
      this.#answering = true
      this.#platform.nextTurn(() => this.#platform.nextTurn(() => this.#endTurn()))
    }
  }

  #endTurn(): void {
    this.#answering = false
    this.flush()
    if (this.association.state === 'CLOSED') this.#leave()
  }

  /** Tells the sink what has happened, in the order in which it may. */
  #tell(sink: ByteStreamSink): boolean {
    const taken = this.#inbound.deliver(sink)
    if (taken > 0) this.association.consumed(taken, this.#platform.now())
    if (this.#ended && this.#inbound.isEmpty) {
      this.#ended = false
      sink.onEnd()
    }
    if (this.#acknowledged > 0) {
      const byteLength = this.#acknowledged
      this.#acknowledged = 0
      sink.onWritten(byteLength)
    }
    if (this.#finished) {
      this.#finished = false
      sink.onFinish()
    }
    if (this.#closed && (this.#inbound.isEmpty || this.#error !== undefined)) {
      this.#gone = true
      sink.onClose(this.#error)
    }
    return taken > 0
  }

  /** The association is gone; the sink may still have something to read. */
  #leave(): void {
    if (this.#left) return
    this.#left = true
    this.flush()
    this.#timer.stop()
    this.#carrier.release(this)
    this.onLeft?.()
  }
}
