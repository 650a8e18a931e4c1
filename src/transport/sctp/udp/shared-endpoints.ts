import { UdpEndpoint } from './udp-endpoint.ts'
import { UdpSocket } from './udp-socket.ts'

/** The endpoints that listeners share, by address and UDP port: to SCTP what the operating system's table is to TCP. */
const endpoints = new Map<string, Promise<UdpEndpoint>>()

const keyOf = (address: string, udpPort: number): string => `${address} ${udpPort}`

/** The endpoint of an address, which is opened if it is not there. Port 0 opens one on a free port. */
export async function sharedEndpoint(address: string, udpPort: number): Promise<UdpEndpoint> {
  const present = endpoints.get(keyOf(address, udpPort))
  if (present !== undefined) return present
  const opening = open(address, udpPort)
  if (udpPort !== 0) share(address, udpPort, opening)
  const endpoint = await opening
  if (udpPort === 0) share(address, endpoint.address.port, opening)
  return endpoint
}

async function open(address: string, udpPort: number): Promise<UdpEndpoint> {
  return new UdpEndpoint(await UdpSocket.bind(address, udpPort))
}

function share(address: string, udpPort: number, opening: Promise<UdpEndpoint>): void {
  const key = keyOf(address, udpPort)
  const forget = (): void => {
    if (endpoints.get(key) === opening) endpoints.delete(key)
  }
  endpoints.set(key, opening)
  opening.then(endpoint => {
    endpoint.onClosed = forget
  }, forget)
}
