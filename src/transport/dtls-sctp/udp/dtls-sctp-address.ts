import { type Address, addressError, formatAddress, hostAndPort } from '../../address.ts'

/** What SDP says where a web browser is at the other end (RFC 8841, section 12). */
export const DEFAULT_SCTP_PORT = 5000

/** `dtls-sctp://host:PORT` or `dtls-sctp://host:PORT?sctp=N`. */
export interface DtlsSctpAddress {
  readonly host: string
  /** The UDP port. */
  readonly port: number
  /** The SCTP port, of both ends. */
  readonly sctpPort: number
}

export function dtlsSctpAddressOf(address: Address): DtlsSctpAddress {
  const { host, port } = hostAndPort(address)
  const given = [...new URLSearchParams(address.query)]
  const [name, value] = given[0] ?? ['sctp', String(DEFAULT_SCTP_PORT)]
  if (given.length > 1 || name !== 'sctp') {
    throw addressError(address.text, 'only ?sctp=PORT, the SCTP port, can stand behind ?')
  }
  const sctpPort = /^\d{1,5}$/.test(value) ? Number(value) : 0
  if (sctpPort < 1 || sctpPort > 65_535) {
    throw addressError(address.text, 'sctp must be a port from 1 to 65535')
  }
  return { host, port, sctpPort }
}

/** Port 0 means any free one, and so only something to listen on. */
export function dtlsSctpAddressToDial(address: Address): DtlsSctpAddress {
  const target = dtlsSctpAddressOf(address)
  if (target.port === 0) {
    throw addressError(address.text, 'port 0 picks a free one to listen on; it cannot be connected to')
  }
  return target
}

export function formatDtlsSctpAddress(host: string, port: number, sctpPort: number): string {
  const address = formatAddress('dtls-sctp:', host, port)
  return sctpPort === DEFAULT_SCTP_PORT ? address : `${address}?sctp=${sctpPort}`
}
