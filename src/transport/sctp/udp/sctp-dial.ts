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
    this.#open().then(succeed, fail)
  }

  giveUp(): void {
    this.#givenUp = true
    this.#stream?.reset()
  }

  /** A name may have several addresses: the next is tried where nobody is at one. */
  async #open(): Promise<AssociationStream> {
    const addresses = await lookup(this.#target.host, { all: true })
    for (const [index, { address }] of addresses.entries()) {
      try {
        return await this.#reach(address)
      } catch (cause) {
        if (this.#givenUp || index === addresses.length - 1) throw cause
      }
    }
    throw new Error('the name has no address')
  }

  async #reach(address: string): Promise<AssociationStream> {
    const socket = await UdpSocket.connect(address, this.#target.udpPort)
    if (this.#givenUp) {
      socket.close()
      throw new Error('given up')
    }
    const stream = this.#associate(new UdpEndpoint(socket), socket)
    this.#stream = stream
    return new Promise((resolve, reject) => {
      stream.onOpened = error => (error === undefined ? resolve(stream) : reject(error))
      stream.flush()
    })
  }

  #associate(endpoint: UdpEndpoint, socket: UdpSocket): AssociationStream {
    const { host, port: peerPort, udpPort } = this.#target
    const localPort = freePort()!
    const local = socket.address
    const stream = endpoint.makeStream(
      socket.remoteAddress,
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
