/** Where a packet comes from or goes to: an IP address as text, and the UDP encapsulation port (RFC 6951). */
export interface PeerAddress {
  readonly address: string
  readonly port: number
}

export const samePeer = (a: PeerAddress, b: PeerAddress): boolean =>
  a.port === b.port && a.address === b.address
