import { systemPlatform } from '../../../platform.ts'
import type { PeerAddress } from '../../sctp/endpoint/peer-address.ts'
import { mac, packets, random } from '../../sctp/udp/endpoint-services.ts'
import { receiveWindowBytes } from '../../sctp/udp/receive-window.ts'
import type { UdpSocket } from '../../sctp/udp/udp-socket.ts'
import type { DtlsConnection } from '../engine/dtls-engine.ts'
import { SecureEndpoint, type SecureEndpointOwner } from '../peer/secure-endpoint.ts'
import { UdpPath } from './udp-path.ts'

/** The endpoint of a DTLS connection whose datagrams take a UDP socket. */
export function secureEndpoint(
  socket: UdpSocket,
  peer: PeerAddress,
  connection: DtlsConnection,
  owner: SecureEndpointOwner,
): SecureEndpoint {
  return new SecureEndpoint({
    connection,
    peer,
    carrier: new UdpPath(socket, peer),
    windowBytes: receiveWindowBytes(peer.address, socket.receiveBufferBytes),
    platform: systemPlatform,
    random,
    mac,
    packets,
    owner,
  })
}
