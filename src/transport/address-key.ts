/** The host of a stream's address, without brackets; empty where there is none. */
const HOST = /^[^:]+:\/\/(?:\[([^\]]*)\]|([^/:?]*))/

/** {@link addressKey} of the host in a stream's `remoteAddress`; the name itself where that is no IP address. */
export function addressKeyOf(remoteAddress: string): string {
  const [, ipv6, other] = HOST.exec(remoteAddress) ?? []
  return addressKey(ipv6) ?? other ?? ''
}

/**
 * What counts as one address: an IPv4 address, also where it is written as an IPv6 one; of IPv6, the /64 that one
 * subscriber mostly has for itself (RFC 6177), with the link that it is on.
 */
export function addressKey(ip: string | undefined): string | undefined {
  if (ip === undefined || !ip.includes(':')) return ip
  const [address, zone] = ip.split('%', 2) as [string, string?]
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped !== null) return mapped[1]
  const [head, tail] = address.split('::', 2) as [string, string?]
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  // A dotted end stands for two groups.
  const written = before.length + after.length + (address.includes('.') ? 1 : 0)
  const zeros = tail === undefined ? 0 : 8 - written
  const groups = [...before, ...Array<string>(zeros).fill('0'), ...after].slice(0, 4)
  const network = groups.map(group => Number.parseInt(group, 16).toString(16)).join(':')
  return `${network}::/64${zone === undefined ? '' : `%${zone}`}`
}
