import type { ConnectSettings } from '../../../options.ts'
import type { AddressAttempt } from '../../address-race.ts'
import { Association } from '../association/association.ts'
import type { AssociationStream } from '../stream/association-stream.ts'
import { heartbeatIntervalMs } from './heartbeat-interval.ts'
import { freePort } from './ports.ts'
import { formatSctpAddress, type SctpAddress } from './sctp-address.ts'
import { UdpEndpoint } from './udp-endpoint.ts'
import { UdpSocket } from './udp-socket.ts'

/**
 * An attempt to reach a peer at one IP address. It has a UDP socket of its own, connected to the peer, so that the
 * operating system tells when nobody is there.
 */
export class SctpDial implements AddressAttempt<AssociationStream> {
  readonly #ip: string
  readonly #target: SctpAddress
  readonly #settings: ConnectSettings
  #stream: AssociationStream | undefined
  #isGivenUp = false

  constructor(ip: string, target: SctpAddress, settings: ConnectSettings) {
    this.#ip = ip
    this.#target = target
    this.#settings = settings
  }

  begin(succeed: (stream: AssociationStream) => void, fail: (cause: Error) => void): void {
    UdpSocket.connect(this.#ip, this.#target.udpPort)
      .then(socket => {
        if (this.#isGivenUp) socket.close()
        else this.#open(socket, succeed, fail)
      })
      .catch(fail)
  }

  giveUp(): void {
    this.#isGivenUp = true
    this.#stream?.reset()
  }

  #open(socket: UdpSocket, succeed: (stream: AssociationStream) => void, fail: (cause: Error) => void): void {
    const stream = this.#associate(new UdpEndpoint(socket), socket)
    this.#stream = stream
    stream.onOpened = error => (error === undefined ? succeed(stream) : fail(error))
    stream.flush()
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
