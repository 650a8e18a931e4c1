import { connect } from 'node:net'
import type { ConnectSettings, ListenSettings } from '../options.ts'
import { type Address, formatAddress, hostAndPort } from './address.ts'
import type { ByteStream, ByteStreamListener, ByteStreamListenerSink } from './byte-stream.ts'
import { dialHost } from './host-dial.ts'
import { systemLookup } from './host-lookup.ts'
import { peerOf } from './socket-addresses.ts'
import { SocketAttempt } from './socket-dial.ts'
import { bindHost } from './socket-listener.ts'
import { EventReads } from './socket-reads.ts'
import { resetSocket } from './socket-reset.ts'
import { TlsAcceptor } from './tls-acceptor.ts'
import { clientHandshake, clientOptions } from './tls-client.ts'
import { carryTls, type TlsCarrier } from './tls-node.ts'

export const usesTls = true

/** `tls://host:port`: TLS 1.2 (RFC 5246) or 1.3 (RFC 8446) over TCP. */
export async function dial(
  address: Address,
  settings: ConnectSettings,
  lookup = systemLookup,
): Promise<ByteStream> {
  const { host, port } = hostAndPort(address)
  const { tls = {} } = settings
  const options = clientOptions(tls, host)
  const attemptAt = (host: string): SocketAttempt<TlsCarrier> =>
    new SocketAttempt({
      target: { host, port },
      settings,
      make: ({ socket }) => carryTls(socket, tls.requireCloseNotify ?? true),
      open: target => new EventReads(connect(target).pause()),
    })
  const carrier = await dialHost({ host, address, settings, lookup, attemptAt })
  return clientHandshake(carrier, options, address, settings)
}

export async function bind(
  address: Address,
  settings: ListenSettings,
  sink: ByteStreamListenerSink,
  lookup = systemLookup,
): Promise<ByteStreamListener> {
  const { host, port } = hostAndPort(address)
  const acceptor = new TlsAcceptor(settings, sink)
  const listener = await bindHost(host, port, lookup, {
    address,
    settings,
    open: accepted => new EventReads(accepted),
    onSocket: ({ socket }, place) => acceptor.accept(socket, place),
    onRejected: error => sink.onRejected(error),
    peerOf: socket => peerOf('tls:', socket),
    turnAway: resetSocket,
  })
  return {
    address: formatAddress('tls:', host, listener.port),
    updateTls: tls => acceptor.update(tls),
    async close() {
      await listener.close()
      acceptor.close()
    },
  }
}
