import { ConnectError, ConnectErrorCode } from '../errors.ts'
import { optionError } from '../option-rules.ts'
import { type Address, addressError } from './address.ts'
import { loadLater } from './load-later.ts'
import type { Transport } from './transport.ts'

/** Every scheme and the module that carries it; a module is loaded when its scheme is first used. */
const schemes: Readonly<Record<string, () => Promise<Transport>>> = {
  'tcp:': () => import('./tcp.ts'),
  'tls:': () => import('./tls.ts'),
  'unix:': () => import('./unix.ts'),
  'sctp:': () => import('./sctp.ts'),
  'dtls-sctp:': () => import('./dtls-sctp.ts'),
  'memory:': () => import('./memory.ts'),
}

/** What has been loaded. `import()` would find it again, but leaves 3 KB of garbage behind for each connection. */
const loaded = new Map<string, Transport>()

/**
 * Loads the transport that carries an address.
 *
 * @throws ConnectError `INVALID_ADDRESS` if none has its scheme; `TRANSPORT_UNAVAILABLE` if it cannot be loaded now;
 * `INVALID_OPTION` if `tls` options were given to one that would ignore them
 */
export async function transportFor(address: Address, hasTlsOptions: boolean): Promise<Transport> {
  const load = Object.hasOwn(schemes, address.scheme) ? schemes[address.scheme] : undefined
  if (load === undefined) {
    const known = Object.keys(schemes).join(' ')
    throw addressError(address.text, `scheme ${address.scheme} is not known; there are ${known}`)
  }
  const transport = loaded.get(address.scheme) ?? (await loadTransport(address.scheme, load))
  if (hasTlsOptions && !transport.usesTls) {
    throw optionError('tls', `has no meaning on ${address.text}; use tls:// or dtls-sctp:// to encrypt`)
  }
  return transport
}

async function loadTransport(scheme: string, load: () => Promise<Transport>): Promise<Transport> {
  try {
    const transport = await loadLater(load)
    loaded.set(scheme, transport)
    return transport
  } catch (cause) {
    const message = `${scheme} cannot be loaded, and is tried again when it is next used: ${(cause as Error).message}`
    throw new ConnectError(ConnectErrorCode.TRANSPORT_UNAVAILABLE, message, { cause })
  }
}
