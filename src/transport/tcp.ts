import type { ConnectionSettings, ConnectSettings, ListenSettings } from '../options.ts'
import { type Address, formatAddress, hostAndPort } from './address.ts'
import type { ByteStream, ByteStreamListener, ByteStreamListenerSink } from './byte-stream.ts'
import { dialHost } from './host-dial.ts'
import { systemLookup } from './host-lookup.ts'
import { addressesOf, peerOf } from './socket-addresses.ts'
import { SocketAttempt } from './socket-dial.ts'
import { bindHost } from './socket-listener.ts'
import type { SocketReads } from './socket-reads.ts'
import { confirmEnd, resetSocket, sendStrayByte, watchHalfOpen } from './socket-reset.ts'
import { type SocketManners, SocketStream } from './socket-stream.ts'

export const usesTls = false

/** `tcp://host:port` (RFC 9293). */
export async function dial(
  address: Address,
  settings: ConnectSettings,
  lookup = systemLookup,
): Promise<ByteStream> {
  const { host, port } = hostAndPort(address)
  const make = (reads: SocketReads): ByteStream => streamOver(reads, settings)
  const attemptAt = (host: string): SocketAttempt<ByteStream> =>
    new SocketAttempt({ target: { host, port }, settings, make })
  return dialHost({ host, address, settings, lookup, attemptAt })
}

export async function bind(
  address: Address,
  settings: ListenSettings,
  sink: ByteStreamListenerSink,
  lookup = systemLookup,
): Promise<ByteStreamListener> {
  const { host, port } = hostAndPort(address)
  const listener = await bindHost(host, port, lookup, {
    address,
    settings,
    onSocket(reads, place) {
      sink.onStream(streamOver(reads, settings))
      place.established()
    },
    onRejected: error => sink.onRejected(error),
    peerOf: socket => peerOf('tcp:', socket),
    turnAway: resetSocket,
  })
  return { address: formatAddress('tcp:', host, listener.port), close: () => listener.close() }
}

function streamOver(reads: SocketReads, settings: ConnectionSettings): ByteStream {
  return new SocketStream(reads, addressesOf('tcp:', reads.socket), settings, manners)
}

const manners: SocketManners = {
  reset(socket, midFrame) {
    if (!midFrame) sendStrayByte(socket)
    resetSocket(socket)
  },
  onEnd(socket, settings, confirmed) {
    confirmEnd(socket, confirmed)
    watchHalfOpen(socket, settings)
  },
}
