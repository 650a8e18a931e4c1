import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { until } from '../support/waiting.ts'
import { Countdown, type CuttingPath, type Mishaps } from './mishaps.ts'
import { RelayFlow, type Way } from './relay-flow.ts'

/** A way that is dead stays so. The other port is that from which the server hears the client. */
const BREAKS = [
  'both ways are dead',
  'the way to the server is dead',
  'the way to the client is dead',
  'another port',
] as const
const STALLS = ['a stall', 'a stall to the server', 'a stall to the client', 'an outage'] as const
/** Only where packets can be read. It goes where the last packet has gone. */
const ABORT = 'an ABORT'

export type DatagramMishap = (typeof BREAKS)[number] | (typeof STALLS)[number] | typeof ABORT

export const DTLS_MISHAPS: readonly DatagramMishap[] = [...BREAKS, ...BREAKS, ...STALLS]
export const SCTP_MISHAPS: readonly DatagramMishap[] = [...BREAKS, ABORT, ABORT, ABORT, ...STALLS]

/** After which a flow of which nothing is heard is forgotten. */
const QUIET_MS = 3000

/** Without a datagram for so long, all farewells have been said. */
const FAREWELL_MS = 100

/** A relay on loopback for SCTP and DTLS in UDP that breaks and delays what goes through it. */
export class CuttingRelay implements CuttingPath {
  readonly address: string
  readonly #front: Socket
  readonly #serverPort: number
  readonly #isSecure: boolean
  readonly #countdown: Countdown<DatagramMishap>
  readonly #flows = new Map<number, RelayFlow>()
  #darkUntil = 0
  #lastHeard = 0
  #isClosed = false
  cuts = 0
  stalls = 0

  private constructor(front: Socket, target: string, mishaps: Mishaps<DatagramMishap>) {
    const url = new URL(target)
    this.#front = front
    this.#isSecure = url.protocol === 'dtls-sctp:'
    this.#serverPort = Number(this.#isSecure ? url.port : url.searchParams.get('udp'))
    this.#countdown = new Countdown(mishaps)
    const port = String(front.address().port)
    if (this.#isSecure) url.port = port
    else url.searchParams.set('udp', port)
    this.address = url.href
    front.on('message', (datagram, sender) => this.#onClient(datagram, sender.port))
  }

  /** @param mishaps of all that goes through; none if not given */
  static async to(target: string, mishaps: Mishaps<DatagramMishap> = () => undefined): Promise<CuttingRelay> {
    const front = socket()
    await once(front, 'listening')
    return new CuttingRelay(front, target, mishaps)
  }

  cutAll(): void {
    this.muteAll()
  }

  muteAll(): void {
    for (const flow of this.#flows.values()) this.#befall('both ways are dead', 0, flow)
  }

  calm(): void {
    this.#countdown.stop()
    this.#darkUntil = 0
    for (const flow of this.#flows.values()) flow.release()
  }

  async close(): Promise<void> {
    this.calm()
    await until(() => performance.now() - this.#lastHeard > FAREWELL_MS, 'the relay is quiet')
    this.#isClosed = true
    this.#front.close()
    for (const flow of this.#flows.values()) flow.close()
  }

  #onClient(datagram: Buffer, port: number): void {
    const flow = this.#flows.get(port) ?? this.#open(port)
    this.#carry(datagram, flow, 'toServer')
  }

  #open(port: number): RelayFlow {
    const now = performance.now()
    for (const flow of this.#flows.values()) {
      if (now - flow.lastHeard < QUIET_MS) continue
      flow.close()
      this.#flows.delete(flow.clientPort)
    }
    const flow = new RelayFlow(this.#front, this.#backOf(port), port, this.#serverPort)
    this.#flows.set(port, flow)
    return flow
  }

  /** A socket towards the server, for the client at this port. */
  #backOf(port: number): Socket {
    return socket().on('message', datagram => {
      const flow = this.#flows.get(port)
      if (flow !== undefined) this.#carry(datagram, flow, 'toClient')
    })
  }

  #carry(datagram: Buffer, flow: RelayFlow, way: Way): void {
    const now = performance.now()
    this.#lastHeard = now
    if (this.#isClosed || now < this.#darkUntil) return
    flow.pass(datagram, way)
    if (flow.isDead) return
    const mishap = this.#countdown.count(datagram.length)
    if (mishap?.kind === ABORT) flow.abort(datagram, way)
    if (mishap !== undefined) this.#befall(mishap.kind, mishap.ms, flow)
  }

  #befall(kind: DatagramMishap, ms: number, flow: RelayFlow): void {
    if (this.#isCut(kind)) this.cuts++
    else this.stalls++
    if (kind === ABORT) return
    const ways = waysOf(kind)
    if (kind === 'an outage') this.#darkUntil = performance.now() + ms
    else if (kind === 'another port') flow.move(this.#backOf(flow.clientPort))
    else if (kind.startsWith('a stall')) for (const way of ways) flow.hold(way, ms)
    else for (const way of ways) flow.kill(way)
  }

  /** SCTP takes packets from another port, and DTLS does not. */
  #isCut(kind: DatagramMishap): boolean {
    return kind === 'another port' ? this.#isSecure : !STALLS.some(stall => stall === kind)
  }
}

function waysOf(kind: DatagramMishap): readonly Way[] {
  if (kind.includes('to the server')) return ['toServer']
  if (kind.includes('to the client')) return ['toClient']
  return ['toServer', 'toClient']
}

function socket(): Socket {
  const made = createSocket({
    type: 'udp4',
    recvBufferSize: 4 * 1024 * 1024,
    sendBufferSize: 4 * 1024 * 1024,
  })
  // A port that is gone: what was sent there is lost.
  made.on('error', () => {})
  return made.bind(0, '127.0.0.1')
}
