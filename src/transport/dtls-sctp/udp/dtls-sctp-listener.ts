import { aborted, ConnectError, ConnectErrorCode, rejectionOf } from '../../../errors.ts'
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
import { Handshakes } from './handshakes.ts'

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
  readonly #handshakes: Handshakes<AcceptedPeer>
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
    handshakes = new Handshakes<AcceptedPeer>(),
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
      return new DtlsSctpListener(engine, server, socket, target, settings, tls, sink, handshakes)
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
    handshakes: Handshakes<AcceptedPeer>,
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
    this.#handshakes = handshakes
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
    const remoteAddress = this.#nameOf(peer)
    try {
      const place = this.#admission.enter({ ip: peer.address, remoteAddress }, places)
      const full = this.#makeRoom(peer, replaced)
      if (full === undefined) return place
      place.leave()
      this.#sink.onRejected(rejectionOf(full, remoteAddress))
    } catch (error) {
      this.#sink.onRejected(error as ConnectError)
    }
    return undefined
  }

  /** Room for a handshake. What it replaces gives way as soon as it begins. */
  #makeRoom({ address }: PeerAddress, replaced: readonly AcceptedPeer[]): ConnectError | undefined {
    if (!this.#handshakes.isFull || replaced.some(peer => this.#handshakes.has(peer))) return undefined
    const weakest = this.#handshakes.weakestAgainst(address)
    const full = new ConnectError(
      ConnectErrorCode.LISTENER_FULL,
      `${this.address} turned a peer away: ${this.#handshakes.size} handshakes are under way`,
    )
    weakest?.giveWay(full)
    return weakest === undefined ? full : undefined
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
      onAssociated: accepted => this.#handshakes.remove(accepted),
      onLingering: () => socket.onLingering(),
      onLeft: accepted => this.#peers.delete(accepted),
      onGone: accepted => {
        this.#handshakes.remove(accepted)
        socket.onGone(accepted)
      },
    })
    this.#peers.add(accepted)
    this.#handshakes.add(accepted)
    return accepted
  }
}

function explain(cause: Error, { port }: DtlsSctpAddress): string {
  return codeOf(cause) === 'EADDRINUSE' ? `UDP port ${port} is in use` : cause.message
}
