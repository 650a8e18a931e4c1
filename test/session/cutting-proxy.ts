import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { freshPath } from '../support/media.ts'
import { Countdown, type CuttingPath, type Mishaps } from './mishaps.ts'
import { ProxyLane } from './proxy-lane.ts'

/**
 * A break is told to both ends, to one or to none; who is not told hears nothing more. A stall passes: what was held back
 * comes late, also to an end whose peer has gone by then.
 */
const BREAKS = [
  'both are reset',
  'both are ended',
  'the client is reset',
  'the server is reset',
  'nobody is told',
] as const
const STALLS = ['a stall', 'a stall to the server', 'a stall to the client'] as const

export type StreamMishap = (typeof BREAKS)[number] | (typeof STALLS)[number]

export const STREAM_MISHAPS: readonly StreamMishap[] = [...BREAKS, ...STALLS]

/** A proxy on loopback that breaks and delays what goes through it: TCP, whatever is in it, or Unix sockets. */
export class CuttingProxy implements CuttingPath {
  readonly address: string
  readonly #server: Server
  readonly #countdown: Countdown<StreamMishap>
  readonly #pairs = new Set<Pair>()
  cuts = 0
  stalls = 0

  private constructor(server: Server, address: string, target: string, mishaps: Mishaps<StreamMishap>) {
    this.#server = server
    this.#countdown = new Countdown(mishaps)
    this.address = address
    server.on('connection', near => {
      const far = connectTo(target)
      const pair = new Pair(near, far, this.#countdown, this)
      this.#pairs.add(pair)
      const onClose = (): unknown => near.closed && far.closed && this.#pairs.delete(pair)
      for (const socket of [near, far]) socket.on('close', onClose)
    })
  }

  /** @param mishaps of all connections, one after the other; none if not given */
  static async to(target: string, mishaps: Mishaps<StreamMishap> = () => undefined): Promise<CuttingProxy> {
    const server = createServer({ noDelay: true, allowHalfOpen: true })
    const { protocol } = new URL(target)
    const where = protocol === 'unix:' ? { path: freshPath('proxy') } : { host: '127.0.0.1', port: 0 }
    await new Promise<void>(resolve => server.listen(where, resolve))
    const place = where.path ?? `127.0.0.1:${(server.address() as AddressInfo).port}`
    return new CuttingProxy(server, `${protocol}//${place}`, target, mishaps)
  }

  cutAll(): void {
    for (const pair of this.#pairs) pair.befall('both are reset', 0)
  }

  muteAll(): void {
    for (const pair of this.#pairs) pair.befall('nobody is told', 0)
  }

  calm(): void {
    this.#countdown.stop()
  }

  async close(): Promise<void> {
    this.#server.close()
    for (const pair of this.#pairs) pair.befall('both are ended', 0)
  }
}

interface Tally {
  cuts: number
  stalls: number
}

/** A connection through the proxy. */
class Pair {
  readonly #near: Socket
  readonly #far: Socket
  readonly #toServer: ProxyLane
  readonly #toClient: ProxyLane
  readonly #countdown: Countdown<StreamMishap>
  readonly #tally: Tally

  constructor(near: Socket, far: Socket, countdown: Countdown<StreamMishap>, tally: Tally) {
    this.#near = near
    this.#far = far
    this.#countdown = countdown
    this.#tally = tally
    this.#toServer = new ProxyLane(near, far)
    this.#toClient = new ProxyLane(far, near)
    near.on('data', chunk => this.#carry(chunk, this.#toServer))
    far.on('data', chunk => this.#carry(chunk, this.#toClient))
  }

  befall(kind: StreamMishap, ms: number): void {
    if (kind.startsWith('a stall')) {
      this.#tally.stalls++
      if (kind !== 'a stall to the client') this.#toServer.hold(ms)
      if (kind !== 'a stall to the server') this.#toClient.hold(ms)
      return
    }
    if (!this.#toServer.isCut) this.#tally.cuts++
    this.#toServer.cut()
    this.#toClient.cut()
    if (kind === 'nobody is told') return
    const byReset = kind !== 'both are ended'
    if (kind !== 'the client is reset') sever(this.#far, byReset)
    if (kind !== 'the server is reset') sever(this.#near, byReset)
  }

  #carry(chunk: Buffer, lane: ProxyLane): void {
    for (let rest = chunk; rest.length > 0 && !lane.isCut; ) {
      const part = rest.subarray(0, this.#countdown.left)
      rest = rest.subarray(part.length)
      lane.pass(part)
      const mishap = this.#countdown.count(part.length)
      if (mishap !== undefined) this.befall(mishap.kind, mishap.ms)
    }
  }
}

/** A Unix socket has no reset. */
function sever(socket: Socket, byReset: boolean): void {
  if (byReset && socket.remoteFamily !== undefined) socket.resetAndDestroy()
  else socket.destroy()
}

function connectTo(target: string): Socket {
  const { protocol, port, pathname } = new URL(target)
  const where =
    protocol === 'unix:' ? { path: pathname } : { host: '127.0.0.1', port: Number(port), noDelay: true }
  return connect({ ...where, allowHalfOpen: true })
}
