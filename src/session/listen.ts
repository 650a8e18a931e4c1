import { StreamListener } from '../connection/listener.ts'
import { withCaller } from '../connection/promises.ts'
import type { Listener } from '../connection/types.ts'
import { asConnectError, type ConnectError, ConnectErrorCode } from '../errors.ts'
import { optionError } from '../option-rules.ts'
import { type ListenOptions, type ListenSettings, resolveListenOptions } from '../options.ts'
import { systemPlatform } from '../platform.ts'
import type { ListenSessionSettings } from '../session-options.ts'
import { type Address, parseAddress } from '../transport/address.ts'
import type { ByteStreamListener, ByteStreamListenerSink } from '../transport/byte-stream.ts'
import { transportFor } from '../transport/schemes.ts'
import type { Transport } from '../transport/transport.ts'
import type { SessionStream } from './session-stream.ts'
import { SessionTable } from './session-table.ts'
import { offeringSessions, settingsInSession } from './settings.ts'

/**
 * Listens on an address, as for {@link connect}. Port 0 picks a free port; `listener.address` tells which. The host
 * `0.0.0.0` means every IPv4 address of the machine, `[::]` every address.
 *
 * On `sctp:`, `?udp=0` picks a free UDP port as well. Listeners of one process on different SCTP ports can share a UDP
 * port; another process cannot.
 *
 * A Unix socket's file is removed by `close()`, unless another has taken its path by then. If a listener has died without
 * that, the next one takes the file over.
 *
 * @throws ConnectError `INVALID_ADDRESS` or `INVALID_OPTION`; `LISTEN_FAILED`; `TRANSPORT_UNAVAILABLE`; `ABORTED` when
 * `options.signal` fires first
 */
export function listen(address: string | URL, options?: ListenOptions): Promise<Listener> {
  return withCaller(listenOn(address, options))
}

async function listenOn(address: string | URL, options?: ListenOptions): Promise<Listener> {
  const settings = resolveListenOptions(options)
  const target = parseAddress(address)
  const transport = await transportFor(target, settings.tls !== undefined)
  if (settings.session !== undefined) {
    const offered = offeringSessions(settings, transport.usesTls)
    return listenForSessions(offered, settings.session, sink => bind(transport, target, offered, sink))
  }
  const listener = new StreamListener(settings, systemPlatform)
  try {
    listener.attach(await bind(transport, target, settings, listener))
  } catch (error) {
    listener.giveUp()
    throw error
  }
  return listener
}

async function bind(
  transport: Transport,
  address: Address,
  settings: ListenSettings,
  sink: ByteStreamListenerSink,
): Promise<ByteStreamListener> {
  if (settings.socketMode !== undefined && address.scheme !== 'unix:') {
    throw optionError('socketMode', `has no meaning on ${address.text}; only Unix sockets are files`)
  }
  try {
    return await transport.bind(address, settings, sink)
  } catch (error) {
    throw asConnectError(error, ConnectErrorCode.LISTEN_FAILED, `listening on ${address.text}`)
  }
}

/** A listener whose connections come out of a table of sessions. */
async function listenForSessions(
  settings: ListenSettings,
  session: ListenSessionSettings,
  bind: (sink: ByteStreamListenerSink) => Promise<ByteStreamListener>,
): Promise<Listener> {
  const listener = new StreamListener(settingsInSession(settings, session), systemPlatform)
  const acceptor = {
    onSession: (stream: SessionStream) => listener.onStream(stream, stream),
    onRejected: (error: ConnectError) => listener.onRejected(error),
  }
  const table = new SessionTable(settings, session, acceptor, systemPlatform)
  const source = await bind(table).catch(error => {
    void table.close()
    listener.giveUp()
    throw error
  })
  listener.attach({
    address: source.address,
    ...(source.updateTls === undefined ? {} : { updateTls: tls => source.updateTls?.(tls) }),
    async close() {
      await Promise.all([table.close(), source.close()])
    },
  })
  return listener
}
