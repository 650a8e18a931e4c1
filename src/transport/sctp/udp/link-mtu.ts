import { readFileSync } from 'node:fs'
import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import { MAX_PACKET_BYTES } from '../wire/packet-writer.ts'

const UDP_HEADER_BYTES = 8
const headerBytes = (address: string): number => UDP_HEADER_BYTES + (isIPv6(address) ? 40 : 20)

/** Where the operating system does not say. */
const USUAL_MTU = 1500

export function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
}

/**
 * Largest packet that the link of a local address takes without splitting it. Node can neither ask for the route's MTU
 * nor forbid fragments, so of a link that cannot be looked up, the usual MTU is taken.
 */
export function largestPacketBytes(localAddress: string): number {
  const mtu = mtuOf(localAddress) ?? USUAL_MTU
  return Math.min(MAX_PACKET_BYTES, mtu - headerBytes(localAddress))
}

/** By the interface that has the address; Linux shows its MTU as a file. */
function mtuOf(localAddress: string): number | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    // Where a sandbox forbids to look at the interfaces, this throws.
    const name = Object.entries(networkInterfaces()).find(([, addresses]) =>
      addresses?.some(({ address }) => address === localAddress),
    )?.[0]
    if (name === undefined) return undefined
    return Number(readFileSync(`/sys/class/net/${name}/mtu`, 'utf8')) || undefined
  } catch {
    return undefined
  }
}
