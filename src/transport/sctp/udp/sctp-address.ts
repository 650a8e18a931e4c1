import { type Address, addressError, formatAddress, hostAndPort } from '../../address.ts'

/** The UDP encapsulation port that is registered for SCTP (RFC 6951, section 5.1). */
export const DEFAULT_UDP_PORT = 9899

/** `sctp://host:PORT` or `sctp://host:PORT?udp=N`. */
export interface SctpAddress {
  readonly host: string
  /** The SCTP port. */
  readonly port: number
  readonly udpPort: number
}

export function sctpAddressOf(address: Address): SctpAddress {
  const { host, port } = hostAndPort(address)
  const given = [...new URLSearchParams(address.query)]
  const [name, value] = given[0] ?? ['udp', String(DEFAULT_UDP_PORT)]
  if (given.length > 1 || name !== 'udp') {
    throw addressError(address.text, 'only ?udp=PORT, the UDP encapsulation port, can stand behind ?')
  }
  if (!/^\d{1,5}$/.test(value) || Number(value) > 65_535) {
    throw addressError(address.text, 'udp must be a port from 0 to 65535')
  }
  return { host, port, udpPort: Number(value) }
}

/** Port 0 means any free one, and so only something to listen on. */
export function sctpAddressToDial(address: Address): SctpAddress {
  const target = sctpAddressOf(address)
  if (target.port === 0 || target.udpPort === 0) {
    throw addressError(address.text, 'port 0 picks a free one to listen on; it cannot be connected to')
  }
  return target
}

export function formatSctpAddress(host: string, port: number, udpPort: number): string {
  const address = formatAddress('sctp:', host, port)
  return udpPort === DEFAULT_UDP_PORT ? address : `${address}?udp=${udpPort}`
}
