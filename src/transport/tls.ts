import { connect } from 'node:net'
import type { ConnectSettings, ListenSettings } from '../options.ts'
import { type Address, formatAddress, hostAndPort } from './address.ts'
import type { ByteStream, ByteStreamListener, ByteStreamListenerSink } from './byte-stream.ts'
import { dialSocket } from './socket-dial.ts'
import { bindSockets } from './socket-listener.ts'
import { EventReads } from './socket-reads.ts'
import { resetSocket } from './socket-reset.ts'
import { TlsAcceptor } from './tls-acceptor.ts'
import { clientHandshake, clientOptions } from './tls-client.ts'
import { carryTls } from './tls-node.ts'

export const usesTls = true

/** `tls://host:port`: TLS 1.2 (RFC 5246) or 1.3 (RFC 8446) over TCP. */
export async function dial(address: Address, settings: ConnectSettings): Promise<ByteStream> {
  const target = hostAndPort(address)
  const { tls = {} } = settings
  const options = clientOptions(tls, target.host)
  const carrier = await dialSocket(
    target,
    address,
    settings,
    ({ socket }) => carryTls(socket, tls.requireCloseNotify ?? true),
    target => new EventReads(connect(target).pause()),
  )
  return clientHandshake(carrier, options, address, settings)
}

export async function bind(
  address: Address,
  settings: ListenSettings,
  sink: ByteStreamListenerSink,
): Promise<ByteStreamListener> {
  const { host, port } = hostAndPort(address)
  const acceptor = new TlsAcceptor(settings, sink)
  const listener = await bindSockets({
    target: { host, port },
    address,
    settings,
    open: accepted => new EventReads(accepted),
    onSocket: ({ socket }) => acceptor.accept(socket),
    onRejected: error => sink.onRejected(error),
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
