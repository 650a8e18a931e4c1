import { StreamConnection } from '../connection/connection.ts'
import { withCaller } from '../connection/promises.ts'
import type { Connection } from '../connection/types.ts'
import { asConnectError, ConnectErrorCode } from '../errors.ts'
import {
  type ConnectOptions,
  type ConnectSettings,
  resolveConnectOptions,
  resolveTlsConnect,
} from '../options.ts'
import { systemPlatform } from '../platform.ts'
import type { Redirect } from '../session-options.ts'
import { parseAddress } from '../transport/address.ts'
import type { ByteStream, ByteStreamSink } from '../transport/byte-stream.ts'
import { transportFor } from '../transport/schemes.ts'
import { type Dialler, SessionClient } from './session-client.ts'
import { missingSessions, offeringSessions, settingsInSession } from './settings.ts'

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
 * `HANDSHAKE_FAILED`, `HANDSHAKE_TIMEOUT`, `SESSION_REFUSED`, `VERSION_UNSUPPORTED`, `PROTOCOL_VIOLATION`, `CERTIFICATE_REJECTED`; `TRANSPORT_UNAVAILABLE`; `ABORTED` when `options.signal` fires first
 */
export function connect(address: string | URL, options?: ConnectOptions): Promise<Connection> {
  return withCaller(connectTo(address, options))
}

async function connectTo(address: string | URL, options?: ConnectOptions): Promise<Connection> {
  const settings = resolveConnectOptions(options)
  if (settings.session === undefined) {
    return new StreamConnection(await dial(address, settings), settings, systemPlatform)
  }
  const { session } = settings
  const inSession = settingsInSession(settings, session)
  return new SessionClient(inSession, session, new AddressDialler(address, inSession), systemPlatform).begin()
}

/** Dials an address that may change. */
class AddressDialler implements Dialler {
  #address: string | URL
  #settings: ConnectSettings

  constructor(address: string | URL, settings: ConnectSettings) {
    this.#address = address
    this.#settings = settings
  }

  async dial(signal: AbortSignal | undefined): Promise<ByteStream> {
    const stream = await dial(this.#address, { ...this.#settings, signal })
    const problem = missingSessions(stream)
    if (problem === undefined) return stream
    stream.open(nobody)
    stream.reset(false)
    throw problem
  }

  redirect({ address, tls }: Redirect): void {
    if (tls !== undefined) this.#settings = { ...this.#settings, tls: resolveTlsConnect(tls) }
    if (address !== undefined) this.#address = address
  }
}

async function dial(address: string | URL, settings: ConnectSettings): Promise<ByteStream> {
  const target = parseAddress(address)
  const transport = await transportFor(target, settings.tls !== undefined)
  const offered = settings.session === undefined ? settings : offeringSessions(settings, transport.usesTls)
  try {
    return await transport.dial(target, offered)
  } catch (error) {
    throw asConnectError(error, ConnectErrorCode.CONNECT_FAILED, `connecting to ${target.text}`)
  }
}

const nobody: ByteStreamSink = {
  onData() {},
  room: () => undefined,
  onEnd() {},
  onWritten() {},
  onSpoilt() {},
  onFinish() {},
  onClose() {},
}
