import type { ConnectSettings, ListenSettings } from '../options.ts'
import type { Address } from './address.ts'
import type { ByteStream, ByteStreamListener, ByteStreamListenerSink } from './byte-stream.ts'
import { dialHost } from './host-dial.ts'
import { systemLookup } from './host-lookup.ts'
import { sctpAddressOf, sctpAddressToDial } from './sctp/udp/sctp-address.ts'
import { SctpDial } from './sctp/udp/sctp-dial.ts'
import { SctpListener } from './sctp/udp/sctp-listener.ts'

export const usesTls = false

/** `sctp://host:PORT`: SCTP (RFC 9260) over UDP (RFC 6951); `?udp=N` names the UDP port, 9899 if it is not said. */
export async function dial(
  address: Address,
  settings: ConnectSettings,
  lookup = systemLookup,
): Promise<ByteStream> {
  const target = sctpAddressToDial(address)
  const attemptAt = (ip: string): SctpDial => new SctpDial(ip, target, settings)
  return dialHost<ByteStream>({ host: target.host, address, settings, lookup, attemptAt })
}

export async function bind(
  address: Address,
  settings: ListenSettings,
  sink: ByteStreamListenerSink,
  lookup = systemLookup,
): Promise<ByteStreamListener> {
  return SctpListener.open(address, sctpAddressOf(address), settings, sink, lookup)
}
