import { aborted, ConnectError, ConnectErrorCode } from '../../../errors.ts'
import type { ListenSettings } from '../../../options.ts'
import type { Address } from '../../address.ts'
import { Admission, type Peer, type Place } from '../../admission.ts'
import type { ByteStreamListener, ByteStreamListenerSink } from '../../byte-stream.ts'
import { type Lookup, lookUpToListen } from '../../host-lookup.ts'
import { Association } from '../association/association.ts'
import type { CookieState } from '../association/cookie.ts'
import type { Acceptor } from '../endpoint/endpoint.ts'
import type { PeerAddress } from '../endpoint/peer-address.ts'
import type { AssociationStream } from '../stream/association-stream.ts'
import { heartbeatIntervalMs } from './heartbeat-interval.ts'
import { freePort } from './ports.ts'
import { formatSctpAddress, type SctpAddress } from './sctp-address.ts'
import { SharedByPort } from './shared-by-port.ts'
import { UdpEndpoint } from './udp-endpoint.ts'
import { UdpSocket } from './udp-socket.ts'

const endpoints = new SharedByPort(
  async (address, udpPort) => new UdpEndpoint(await UdpSocket.bind(address, udpPort)),
)

/** A listener on an SCTP port of an endpoint that it may share with others. */
export class SctpListener implements ByteStreamListener, Acceptor {
  readonly address: string
  readonly #endpoint: UdpEndpoint
  readonly #port: number
  readonly #settings: ListenSettings
  readonly #sink: ByteStreamListenerSink
  readonly #admission: Admission

  /** @throws ConnectError `LISTEN_FAILED`, `ABORTED` */
  static async open(
    address: Address,
    target: SctpAddress,
    settings: ListenSettings,
    sink: ByteStreamListenerSink,
    lookup: Lookup,
  ): Promise<SctpListener> {
    const { signal } = settings
    const what = `listening on ${address.text}`
    const failed = (why: string, cause?: unknown): ConnectError =>
      new ConnectError(ConnectErrorCode.LISTEN_FAILED, `${what} failed: ${why}`, { cause })
    if (signal?.aborted) throw aborted(what, signal.reason)
    const endpoint = await lookUpToListen(target.host, lookup, signal, what)
      .then(ip => endpoints.at(ip, target.udpPort))
      .catch(cause => {
        throw cause instanceof ConnectError ? cause : failed(explain(cause, target), cause)
      })
    const port = target.port === 0 ? freePort(used => endpoint.isListening(used)) : target.port
    if (port === undefined || endpoint.isListening(port)) throw failed(`SCTP port ${target.port} is in use`)
    const listener = new SctpListener(endpoint, target.host, port, settings, sink)
    if (signal?.aborted) {
      await listener.close()
      throw aborted(what, signal.reason)
    }
    return listener
  }

  private constructor(
    endpoint: UdpEndpoint,
    host: string,
    port: number,
    settings: ListenSettings,
    sink: ByteStreamListenerSink,
  ) {
    this.address = formatSctpAddress(host, port, endpoint.address.port)
    this.#endpoint = endpoint
    this.#port = port
    this.#settings = settings
    this.#sink = sink
    this.#admission = new Admission(this.address, settings)
    endpoint.listen(port, this)
  }

  async close(): Promise<void> {
    this.#endpoint.unlisten(this.#port, this)
  }

  accept(cookie: CookieState, peer: PeerAddress, now: number): AssociationStream | undefined {
    const remoteAddress = formatSctpAddress(peer.address, cookie.peerPort, peer.port)
    const place = this.#enter({ ip: peer.address, remoteAddress })
    if (place === undefined) return undefined
    const stream = this.#endpoint.makeStream(
      { address: peer.address, port: peer.port },
      {
        localAddress: this.address,
        remoteAddress,
      },
      options => Association.accept(options, cookie, now),
      {
        localPort: cookie.localPort,
        peerPort: cookie.peerPort,
        heartbeatIntervalMs: heartbeatIntervalMs(this.#settings),
      },
    )
    stream.onLeft = () => place.leave()
    place.established()
    this.#sink.onStream(stream)
    return stream
  }

  #enter(peer: Peer): Place | undefined {
    try {
      return this.#admission.enter(peer)
    } catch (error) {
      this.#sink.onRejected(error as ConnectError)
      return undefined
    }
  }
}

function explain(cause: Error, { udpPort }: SctpAddress): string {
  const inUse = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE'
  return inUse
    ? `UDP port ${udpPort} is in use; ?udp=N behind the address names another, ?udp=0 picks one`
    : cause.message
}
