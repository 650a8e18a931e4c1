import { ConnectError, ConnectErrorCode } from '../errors.ts'
import type { ConnectSettings, ListenSettings } from '../options.ts'
import type { Address } from './address.ts'
import { attempt } from './attempt.ts'
import type { ByteStream, ByteStreamListener, ByteStreamListenerSink } from './byte-stream.ts'
import { sctpAddressOf, sctpAddressToDial } from './sctp/udp/sctp-address.ts'
import { SctpDial } from './sctp/udp/sctp-dial.ts'
import { SctpListener } from './sctp/udp/sctp-listener.ts'

export const usesTls = false

/** `sctp://host:PORT`: SCTP (RFC 9260) over UDP (RFC 6951); `?udp=N` names the UDP port, 9899 if it is not said. */
export async function dial(address: Address, settings: ConnectSettings): Promise<ByteStream> {
  const { connectTimeoutMs, signal } = settings
  const what = `connecting to ${address.text}`
  const dialling = new SctpDial(sctpAddressToDial(address), settings)
  return attempt({
    what,
    signal,
    timeoutMs: connectTimeoutMs,
    onTimeout: () =>
      new ConnectError(ConnectErrorCode.CONNECT_TIMEOUT, `${what} took longer than ${connectTimeoutMs} ms`),
    giveUp: () => dialling.giveUp(),
    begin: (succeed, fail) =>
      dialling.begin(succeed, cause =>
        fail(
          new ConnectError(ConnectErrorCode.CONNECT_FAILED, `${what} failed: ${cause.message}`, { cause }),
        ),
      ),
  })
}

export async function bind(
  address: Address,
  settings: ListenSettings,
  sink: ByteStreamListenerSink,
): Promise<ByteStreamListener> {
  return SctpListener.open(address, sctpAddressOf(address), settings, sink)
}
