import { aborted, ConnectError, ConnectErrorCode } from '../../../errors.ts'
import { optionError } from '../../../option-rules.ts'
import type { ListenSettings, TlsIdentity, TlsListenOptions } from '../../../options.ts'
import type { Address } from '../../address.ts'
import { Admission, type Place } from '../../admission.ts'
import type { ByteStreamListener, ByteStreamListenerSink } from '../../byte-stream.ts'
import { type Lookup, lookUpToListen } from '../../host-lookup.ts'
import { codeOf, rejectedHandshake } from '../../node-errors.ts'
import type { PeerAddress } from '../../sctp/endpoint/peer-address.ts'
import { SharedByPort } from '../../sctp/udp/shared-by-port.ts'
import { UdpSocket } from '../../sctp/udp/udp-socket.ts'
import { keepMutual } from '../../tls-credentials.ts'
import type { DtlsConnection, DtlsCookies, DtlsEngine, DtlsServer } from '../engine/dtls-engine.ts'
import { clientRandomOf, refusalOf } from '../link/records.ts'
import { serverOf } from '../peer/credentials.ts'
import { AcceptedPeer } from './accepted-peer.ts'
import { type DtlsSctpAddress, formatDtlsSctpAddress } from './dtls-sctp-address.ts'
import { DtlsSocket, type HelloTaker } from './dtls-socket.ts'

const sockets = new SharedByPort(async (address, port) => new DtlsSocket(await UdpSocket.bind(address, port)))

/** A listener on a UDP port. */
export class DtlsSctpListener implements ByteStreamListener, HelloTaker {
  readonly address: string
  readonly #engine: DtlsEngine
  readonly #target: DtlsSctpAddress
  readonly #settings: ListenSettings
  readonly #tls: TlsListenOptions
  readonly #sink: ByteStreamListenerSink
  readonly #socket: DtlsSocket
  readonly #admission: Admission
  readonly #peers = new Set<AcceptedPeer>()
  #server: DtlsServer
  #isClosed = false

  /** @throws ConnectError `LISTEN_FAILED`, `INVALID_OPTION`, `ABORTED` */
  static async open(
    engine: DtlsEngine,
    address: Address,
    target: DtlsSctpAddress,
    settings: ListenSettings,
    sink: ByteStreamListenerSink,
    lookup: Lookup,
  ): Promise<DtlsSctpListener> {
    const { signal, tls } = settings
    const what = `listening on ${address.text}`
    if (tls === undefined) throw optionError('tls', 'with cert and key is required to listen on dtls-sctp:')
    if (signal?.aborted) throw aborted(what, signal.reason)
    const server = serverOf(engine, tls)
    try {
      const ip = await lookUpToListen(target.host, lookup, signal, what)
      const socket = await sockets.at(ip, target.port)
      if (signal?.aborted) {
        socket.closeIfUnused()
        throw aborted(what, signal.reason)
      }
      if (socket.hasListener) throw new Error(`UDP port ${target.port} is in use`)
      return new DtlsSctpListener(engine, server, socket, target, settings, tls, sink)
    } catch (cause) {
      server.free()
      if (cause instanceof ConnectError) throw cause
      throw new ConnectError(
        ConnectErrorCode.LISTEN_FAILED,
        `${what} failed: ${explain(cause as Error, target)}`,
        {
          cause,
        },
      )
    }
  }

  private constructor(
    engine: DtlsEngine,
    server: DtlsServer,
    socket: DtlsSocket,
    target: DtlsSctpAddress,
    settings: ListenSettings,
    tls: TlsListenOptions,
    sink: ByteStreamListenerSink,
  ) {
    this.address = formatDtlsSctpAddress(target.host, socket.address.port, target.sctpPort)
    this.#engine = engine
    this.#server = server
    this.#socket = socket
    this.#target = target
    this.#settings = settings
    this.#tls = tls
    this.#sink = sink
    this.#admission = new Admission(this.address, settings)
    socket.listen(this)
  }

  /** @throws ConnectError `INVALID_OPTION` if it cannot be used, or would change whether clients need a certificate */
  updateTls(tls: TlsIdentity): void {
    keepMutual(this.#tls, tls)
    if (this.#isClosed) return
    const { alpnProtocols, minVersion } = this.#tls
    const server = serverOf(this.#engine, { ...tls, alpnProtocols, minVersion })
    this.#server.free()
    this.#server = server
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#socket.unlisten()
    this.#server.free()
    for (const peer of [...this.#peers]) peer.onListenerClosed()
  }

  onClientHello(
    record: Uint8Array,
    cookies: DtlsCookies,
    peer: PeerAddress,
    replaced: readonly AcceptedPeer[],
  ): AcceptedPeer | undefined {
    const { answer, connection, failure } = this.#server.onClientHello(record, cookies)
    if (answer !== undefined && answer.length > 0) this.#socket.socket.send(answer, peer)
    if (failure !== undefined) this.#sink.onRejected(rejectedHandshake(failure, this.#nameOf(peer), 'DTLS'))
    if (connection === undefined) return undefined
    const place = this.#enter(peer, replaced)
    if (place !== undefined) return this.#accept(record, connection, peer, place)
    connection.free()
    this.#socket.socket.send(refusalOf(record), peer)
    return undefined
  }

  /** A peer that begins anew takes the place that it has. */
  #enter(peer: PeerAddress, replaced: readonly AcceptedPeer[]): Place | undefined {
    const places = replaced.map(({ place }) => place)
    try {
      return this.#admission.enter({ ip: peer.address, remoteAddress: this.#nameOf(peer) }, places)
    } catch (error) {
      this.#sink.onRejected(error as ConnectError)
      return undefined
    }
  }

  #nameOf({ address, port }: PeerAddress): string {
    return formatDtlsSctpAddress(address, port, this.#target.sctpPort)
  }

  #accept(record: Uint8Array, connection: DtlsConnection, peer: PeerAddress, place: Place): AcceptedPeer {
    const socket = this.#socket
    const accepted = new AcceptedPeer({
      socket: socket.socket,
      peer: { address: peer.address, port: peer.port },
      connection,
      place,
      clientRandom: clientRandomOf(record),
      target: this.#target,
      localAddress: this.address,
      settings: this.#settings,
      sink: this.#sink,
      onUp: accepted => socket.onUp(accepted),
      onLingering: () => socket.onLingering(),
      onLeft: accepted => this.#peers.delete(accepted),
      onGone: accepted => socket.onGone(accepted),
    })
    this.#peers.add(accepted)
    return accepted
  }
}

function explain(cause: Error, { port }: DtlsSctpAddress): string {
  return codeOf(cause) === 'EADDRINUSE' ? `UDP port ${port} is in use` : cause.message
}
