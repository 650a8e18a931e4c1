import { lookup } from 'node:dns/promises'
import { aborted } from '../errors.ts'

/** One address of a host. */
export interface HostAddress {
  readonly address: string
  /** 4 or 6. */
  readonly family: number
}

/** Finds the addresses of a host: a name, or an address, which is its own. The preferred ones come first. */
export type Lookup = (host: string) => Promise<readonly HostAddress[]>

/** By the operating system, in the order of RFC 6724, or in the one that the program has set in `node:dns`. */
export const systemLookup: Lookup = host => lookup(host, { all: true })

/**
 * The address that a listener on a host binds. A look-up cannot be stopped: once the signal fires, nothing waits for its
 * answer any longer.
 *
 * @throws ConnectError `ABORTED`; otherwise whatever the look-up throws
 */
export function lookUpToListen(
  host: string,
  find: Lookup,
  signal: AbortSignal | undefined,
  what: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(aborted(what, signal?.reason))
    if (signal?.aborted) return onAbort()
    signal?.addEventListener('abort', onAbort)
    find(host)
      .then(addresses => resolve(bindable(addresses)))
      .catch(reject)
      .finally(() => signal?.removeEventListener('abort', onAbort))
  })
}

/** A link-local IPv6 address cannot be bound without its zone, which a look-up does not tell (RFC 4007, section 6). */
function bindable(addresses: readonly HostAddress[]): string {
  const found = addresses.find(({ address }) => !/^fe[89ab].:[^%]*$/i.test(address)) ?? addresses[0]
  if (found === undefined) throw noAddressError()
  return found.address
}

export function noAddressError(): Error {
  return new Error('the name has no address')
}
