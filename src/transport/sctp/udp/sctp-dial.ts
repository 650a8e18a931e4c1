import { lookup } from 'node:dns/promises'
import type { ConnectSettings } from '../../../options.ts'
import { Association } from '../association/association.ts'
import type { AssociationStream } from '../stream/association-stream.ts'
import { heartbeatIntervalMs } from './heartbeat-interval.ts'
import { freePort } from './ports.ts'
import { formatSctpAddress, type SctpAddress } from './sctp-address.ts'
import { UdpEndpoint } from './udp-endpoint.ts'
import { UdpSocket } from './udp-socket.ts'

/**
 * One attempt to reach a peer. It has a UDP socket of its own, connected to the peer, so that the operating system tells
 * when nobody is there.
 */
export class SctpDial {
  readonly #target: SctpAddress
  readonly #settings: ConnectSettings
  #stream: AssociationStream | undefined
  #givenUp = false

  constructor(target: SctpAddress, settings: ConnectSettings) {
    this.#target = target
    this.#settings = settings
  }

  begin(succeed: (stream: AssociationStream) => void, fail: (cause: Error) => void): void {
    this.#open(succeed, fail).catch(fail)
  }

  giveUp(): void {
    this.#givenUp = true
    this.#stream?.reset()
  }

  async #open(succeed: (stream: AssociationStream) => void, fail: (cause: Error) => void): Promise<void> {
    const { host, udpPort } = this.#target
    const { address } = await lookup(host)
    if (this.#givenUp) return
    const socket = await UdpSocket.connect(address, udpPort)
    if (this.#givenUp) {
      socket.close()
      return
    }
    const stream = this.#associate(new UdpEndpoint(socket), socket, address)
    this.#stream = stream
    stream.onOpened = error => (error === undefined ? succeed(stream) : fail(error))
    stream.flush()
  }

  #associate(endpoint: UdpEndpoint, socket: UdpSocket, address: string): AssociationStream {
    const { host, port: peerPort, udpPort } = this.#target
    const localPort = freePort()!
    const local = socket.address
    const stream = endpoint.makeStream(
      { address, port: udpPort },
      {
        localAddress: formatSctpAddress(local.address, localPort, local.port),
        remoteAddress: formatSctpAddress(host, peerPort, udpPort),
      },
      Association.initiate,
      { localPort, peerPort, heartbeatIntervalMs: heartbeatIntervalMs(this.#settings) },
    )
    endpoint.add(stream)
    return stream
  }
}
