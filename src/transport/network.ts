/** Bits of an IPv6 address that one subscriber has to itself (RFC 6177): all but the first 64. */
const IPV6_GROUPS = 4

/** The host of an address as a stream gives it, without brackets; empty where there is none. */
const HOST = /^[^:]+:\/\/(?:\[([^\]]*)\]|([^/:?]*))/

/** {@link networkOf} the host of a stream's `remoteAddress`. */
export function networkOfAddress(address: string): string {
  const [, ipv6, other] = HOST.exec(address) ?? []
  return networkOf(ipv6 ?? other ?? '')
}

/**
 * Who stands behind an IP address, as far as can be told: the address itself in IPv4, the first 64 bits of it in IPv6.
 * What is no IP address is returned as it is.
 */
export function networkOf(host: string): string {
  if (!host.includes(':')) return host
  const [address = ''] = host.toLowerCase().split('%')
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const [head = '', tail] = address.split('::')
  const first = groupsOf(head)
  const last = tail === undefined ? [] : groupsOf(tail)
  const all = [...first, ...Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0'), ...last]
  return `${all.slice(0, IPV6_GROUPS).join(':')}::/64`
}

/** An IPv4 address at the end takes the place of two. */
function groupsOf(part: string): string[] {
  if (part === '') return []
  return part
    .split(':')
    .flatMap(group => (group.includes('.') ? [group, group] : [group.replace(/^0+(?=.)/, '')]))
}
