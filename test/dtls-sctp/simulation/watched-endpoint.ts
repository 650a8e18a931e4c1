import type { DtlsFailure } from '../../../src/transport/dtls-sctp/engine/dtls-engine.ts'
import {
  SecureEndpoint,
  type SecureEndpointParts,
} from '../../../src/transport/dtls-sctp/peer/secure-endpoint.ts'
import type { HostParts } from '../../sctp/simulation/medium.ts'
import { showPacket } from '../../sctp/simulation/packet-view.ts'
import { Violation } from '../../sctp/simulation/violation.ts'
import type { Ledger } from './ledger.ts'

/** Looks at the packets on their way into the DTLS connection and out of it. */
export class WatchedEndpoint extends SecureEndpoint {
  readonly #host: HostParts
  readonly #ledger: Ledger
  #packed: Uint8Array[] = []

  constructor(parts: SecureEndpointParts, host: HostParts, ledger: Ledger) {
    super(parts)
    this.#host = host
    this.#ledger = ledger
  }

  /** The packets of the datagram that is going to be sent. */
  takePacked(): readonly Uint8Array[] {
    const packed = this.#packed
    this.#packed = []
    return packed
  }

  override send(packet: Uint8Array): void {
    super.send(this.#pack(packet))
  }

  override answer(packet: Uint8Array): void {
    super.answer(this.#pack(packet))
  }

  override onData(packet: Uint8Array): void {
    const { address, network, clock } = this.#host
    network.trace?.(`${clock.now.toFixed(1)} ${address} takes ${showPacket(packet)}`)
    this.#ledger.take(address, this.peer.address, packet)
    super.onData(packet)
  }

  /** Nobody has the keys but the two, and neither breaks off: whatever the network does, it is passed over. */
  override onFailed(failure: DtlsFailure): void {
    throw new Violation(`${this.#host.address}: the DTLS connection has failed: ${failure.message}`)
  }

  #pack(packet: Uint8Array): Uint8Array {
    const { address, network } = this.#host
    const sent = network.outgoing(address, packet)
    this.#packed.push(sent)
    this.#ledger.put(address, this.peer.address, sent)
    return sent
  }
}
