import { StreamConnection } from '../../../src/connection/connection.ts'
import { ConnectError } from '../../../src/errors.ts'
import {
  type ConnectOptions,
  type ListenOptions,
  resolveConnectOptions,
  resolveListenOptions,
} from '../../../src/options.ts'
import { SessionClient } from '../../../src/session/session-client.ts'
import { SessionTable } from '../../../src/session/session-table.ts'
import { settingsInSession } from '../../../src/session/settings.ts'
import type { ByteStream } from '../../../src/transport/byte-stream.ts'
import { Chance } from '../../sctp/simulation/chance.ts'
import { must } from '../../sctp/simulation/violation.ts'
import { VirtualClock } from '../../sctp/simulation/virtual-clock.ts'
import { SimPlatform } from './sim-platform.ts'
import { type Break, WireEnd } from './wire.ts'

const NEVER = Number.POSITIVE_INFINITY

/** The network between a client and a listener, in virtual time, with both on production code. */
export class World {
  readonly clock = new VirtualClock()
  readonly chance: Chance
  readonly platform: SimPlatform
  readonly wires: (readonly [WireEnd, WireEnd])[] = []
  /** Bytes after which each connection is cut, towards the client and towards the server; the first is for the first. */
  cuts: (readonly [number, number])[] = []
  isDown = false
  /** Checked after every event. */
  invariant: () => void = () => {}
  #table: SessionTable | undefined

  constructor(seed: number) {
    this.chance = new Chance(seed)
    this.platform = new SimPlatform(this.clock, this.chance.fork())
  }

  /** A server, in place of the one before it, if there was one. */
  serve(options: ListenOptions, onConnection: (connection: StreamConnection) => void): void {
    const settings = resolveListenOptions({ handshakeTimeoutMs: 3000, ...options })
    const session = settings.session!
    this.#table = new SessionTable(
      settings,
      session,
      {
        onSession: stream => {
          const forConnection = settingsInSession(settings, session)
          onConnection(new StreamConnection(stream, forConnection, this.platform, stream))
        },
        onRejected: () => {},
      },
      this.platform,
    )
  }

  /** Connects, again and again until the session is welcomed. */
  async connect(options: ConnectOptions): Promise<StreamConnection> {
    const settings = resolveConnectOptions({ handshakeTimeoutMs: 3000, ...options })
    for (let tries = 0; ; tries++) {
      must(tries < 300, 'a session does not begin')
      const inSession = settingsInSession(settings, settings.session!)
      const client = new SessionClient(inSession, settings.session!, this, this.platform)
      try {
        return await client.begin()
      } catch (error) {
        must(error instanceof ConnectError, () => `begin threw ${error}`)
        await this.platform.sleep(200)
      }
    }
  }

  async dial(signal: AbortSignal | undefined): Promise<ByteStream> {
    await this.platform.sleep(this.isDown ? 1000 : 10)
    if (this.isDown || signal?.aborted) throw new ConnectError('CONNECT_FAILED', 'nobody answers')
    const cuts = this.cuts.shift() ?? ([NEVER, NEVER] as const)
    const wire = WireEnd.pair(this.clock, this.chance, cuts)
    this.wires.push(wire)
    this.#table!.onStream(wire[1])
    return wire[0]
  }

  redirect(): void {}

  /** Breaks all connections that there are, each end in its own way. */
  breakAll(how: () => Break): void {
    for (const [near, far] of this.wires) {
      near.breakOff(how())
      far.breakOff(how())
    }
  }

  /** Goes on until the promise is settled. */
  async run(promise: Promise<unknown>, mostMs: number): Promise<void> {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    promise.then(settle, settle)
    await drain()
    while (!isSettled) {
      must(this.clock.step(), 'nothing happens any longer, and somebody still waits')
      await drain()
      this.invariant()
      must(this.clock.now < mostMs, () => `it goes on after ${mostMs} ms`)
    }
    await promise
  }
}

/** Lets every promise that is settled go on. */
export function drain(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
