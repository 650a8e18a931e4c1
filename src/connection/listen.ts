import { type ListenOptions, resolveListenOptions } from '../options.ts'
import { systemPlatform } from '../platform.ts'
import { parseAddress } from '../transport/address.ts'
import { transportFor } from '../transport/schemes.ts'
import { StreamListener } from './listener.ts'
import { quiet } from './promises.ts'
import type { Listener } from './types.ts'

/**
 * Listens on an address, as for {@link connect}. Port 0 picks a free port; `listener.address` tells which. The host
 * `0.0.0.0` means every IPv4 address of the machine, `[::]` every address.
 *
 * On `sctp:`, `?udp=0` picks a free UDP port as well. Listeners of one process on different SCTP ports can share a UDP
 * port; another process cannot.
 *
 * A Unix socket's file is removed by `close()`. If a listener has died without that, the next one takes the file over.
 *
 * @throws ConnectError `INVALID_ADDRESS` or `INVALID_OPTION`; `LISTEN_FAILED`; `TRANSPORT_UNAVAILABLE`; `ABORTED` when
 * `options.signal` fires first
 */
export function listen(address: string | URL, options?: ListenOptions): Promise<Listener> {
  return quiet(listenOn(address, options))
}

async function listenOn(address: string | URL, options?: ListenOptions): Promise<Listener> {
  const settings = resolveListenOptions(options)
  const target = parseAddress(address)
  const transport = await transportFor(target, settings.tls !== undefined)
  const listener = new StreamListener(settings, systemPlatform)
  listener.attach(await transport.bind(target, settings, listener))
  return listener
}
