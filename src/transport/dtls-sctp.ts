import { ConnectError, ConnectErrorCode } from '../errors.ts'
import type { ConnectSettings, ListenSettings } from '../options.ts'
import type { Address } from './address.ts'
import { attempt } from './attempt.ts'
import type { ByteStream, ByteStreamListener, ByteStreamListenerSink } from './byte-stream.ts'
import { DtlsFailure } from './dtls-sctp/engine/dtls-engine.ts'
import { loadEngine } from './dtls-sctp/engine/load-engine.ts'
import { clientOf } from './dtls-sctp/peer/credentials.ts'
import { dtlsSctpAddressOf, dtlsSctpAddressToDial } from './dtls-sctp/udp/dtls-sctp-address.ts'
import { DtlsSctpDial } from './dtls-sctp/udp/dtls-sctp-dial.ts'
import { DtlsSctpListener } from './dtls-sctp/udp/dtls-sctp-listener.ts'
import { connectError, dialHost } from './host-dial.ts'
import { systemLookup } from './host-lookup.ts'
import { handshakeError } from './node-errors.ts'
import { serverNameOf } from './tls-server-name.ts'

export const usesTls = true

/** `dtls-sctp://host:PORT`: SCTP (RFC 9260) inside DTLS 1.2 (RFC 6347) over a UDP port, as RFC 8261 has it. */
export async function dial(
  address: Address,
  settings: ConnectSettings,
  lookup = systemLookup,
): Promise<ByteStream> {
  const target = dtlsSctpAddressToDial(address)
  const { host } = target
  const { tls = {} } = settings
  const name = serverNameOf(tls, host)
  const client = clientOf(await loadEngine(), tls)
  try {
    const attemptAt = (ip: string): DtlsSctpDial => new DtlsSctpDial(ip, client, target, name, settings)
    const dialling = await dialHost({ host, address, settings, lookup, attemptAt, errorOf: failure })
    return await handshake(dialling, address, settings)
  } finally {
    client.free()
  }
}

export async function bind(
  address: Address,
  settings: ListenSettings,
  sink: ByteStreamListenerSink,
  lookup = systemLookup,
): Promise<ByteStreamListener> {
  const target = dtlsSctpAddressOf(address)
  return DtlsSctpListener.open(await loadEngine(), address, target, settings, sink, lookup)
}

/** The rest, within `handshakeTimeoutMs`. */
function handshake(dialling: DtlsSctpDial, address: Address, settings: ConnectSettings): Promise<ByteStream> {
  const { handshakeTimeoutMs, signal } = settings
  const { text } = address
  return attempt<ByteStream>({
    what: `DTLS handshake with ${text}`,
    signal,
    timeoutMs: handshakeTimeoutMs,
    onTimeout: () =>
      new ConnectError(
        ConnectErrorCode.HANDSHAKE_TIMEOUT,
        `${dialling.isUp ? 'SCTP' : 'DTLS'} handshake with ${text} took longer than ${handshakeTimeoutMs} ms`,
      ),
    giveUp: () => dialling.giveUp(),
    begin: (succeed, fail) => void dialling.opened().then(succeed, cause => fail(failure(cause, address))),
  })
}

function failure(cause: Error, address: Address): ConnectError {
  return cause instanceof DtlsFailure
    ? handshakeError(cause, address.text, 'DTLS')
    : connectError(cause, address)
}
