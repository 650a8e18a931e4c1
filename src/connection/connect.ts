import { type ConnectOptions, resolveConnectOptions } from '../options.ts'
import { systemPlatform } from '../platform.ts'
import { parseAddress } from '../transport/address.ts'
import { transportFor } from '../transport/schemes.ts'
import { StreamConnection } from './connection.ts'
import { quiet } from './promises.ts'
import type { Connection } from './types.ts'

/**
 * Connects to a {@link Listener}, or to any program that speaks the same frames.
 *
 * | address | what |
 * | --- | --- |
 * | `tcp://host:port`, `host:port` | TCP; the host is a name, an IPv4 address, or an IPv6 address in brackets |
 * | `tls://host:port` | TLS 1.2 or 1.3 over TCP; the server's certificate is verified |
 * | `sctp://host:port` | SCTP over UDP port 9899; `sctp://host:port?udp=N` over UDP port N |
 * | `dtls-sctp://host:port` | SCTP inside DTLS 1.2 over that UDP port; the server's certificate is verified; needs the package `koffi` |
 * | `unix:///path/to.sock` | a Unix stream socket |
 * | `memory://name` | a listener in the same process |
 *
 * @throws ConnectError `INVALID_ADDRESS` or `INVALID_OPTION`; `CONNECT_FAILED`, `CONNECT_TIMEOUT`,
 * `HANDSHAKE_FAILED`, `HANDSHAKE_TIMEOUT`, `CERTIFICATE_REJECTED`; `TRANSPORT_UNAVAILABLE`; `ABORTED` when `options.signal` fires first
 */
export function connect(address: string | URL, options?: ConnectOptions): Promise<Connection> {
  return quiet(connectTo(address, options))
}

async function connectTo(address: string | URL, options?: ConnectOptions): Promise<Connection> {
  const settings = resolveConnectOptions(options)
  const target = parseAddress(address)
  const transport = await transportFor(target, settings.tls !== undefined)
  return new StreamConnection(await transport.dial(target, settings), settings, systemPlatform)
}
