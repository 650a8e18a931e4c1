import { StreamConnection } from '../../../src/connection/connection.ts'
import { ConnectError } from '../../../src/errors.ts'
import {
  type ConnectOptions,
  type ConnectSettings,
  type ListenOptions,
  resolveConnectOptions,
  resolveListenOptions,
} from '../../../src/options.ts'
import { type Dialler, SessionClient } from '../../../src/session/session-client.ts'
import { SessionTable } from '../../../src/session/session-table.ts'
import { settingsInSession } from '../../../src/session/settings.ts'
import type { ByteStream } from '../../../src/transport/byte-stream.ts'
import { Chance } from '../../sctp/simulation/chance.ts'
import { must } from '../../sctp/simulation/violation.ts'
import { VirtualClock } from '../../sctp/simulation/virtual-clock.ts'
import { SimPlatform } from './sim-platform.ts'
import { type Break, WireEnd } from './wire.ts'

const NEVER = Number.POSITIVE_INFINITY

type OnWire = (near: WireEnd, far: WireEnd) => void

/** The network between clients and a listener, in virtual time, with all of them on production code. */
export class World {
  readonly clock = new VirtualClock()
  readonly chance: Chance
  /** The process of everything that has none of its own. */
  readonly platform: SimPlatform
  readonly wires: (readonly [WireEnd, WireEnd])[] = []
  /** Bytes after which each connection is cut, towards the client and towards the server; the first is for the first. */
  cuts: (readonly [number, number])[] = []
  isDown = false
  /** Where clients seem to be to the server, from the next connection on. */
  clientAddress = 'wire://there'
  /** Checked after every event. */
  invariant: () => void = () => {}
  #table: SessionTable | undefined
  #server: SimPlatform

  constructor(seed: number) {
    this.chance = new Chance(seed)
    this.platform = this.newProcess()
    this.#server = this.platform
  }

  newProcess(): SimPlatform {
    return new SimPlatform(this.clock, this.chance.fork())
  }

  /** A server, in place of the one before it, if there was one. */
  serve(
    options: ListenOptions,
    onConnection: (connection: StreamConnection) => void,
    process = this.platform,
  ): void {
    const settings = resolveListenOptions({ handshakeTimeoutMs: 3000, ...options })
    const session = settings.session!
    this.#server = process
    this.#table = new SessionTable(
      settings,
      session,
      {
        onSession: stream => {
          const forConnection = settingsInSession(settings, session)
          onConnection(new StreamConnection(stream, forConnection, process, stream))
        },
        onRejected: () => {},
      },
      process,
    )
  }

  /** The listener is closed; the server's process goes on. */
  closeListener(): void {
    void this.#table?.close()
    this.#table = undefined
  }

  /** Connects, again and again until the session is welcomed. */
  async connect(options: ConnectOptions): Promise<StreamConnection> {
    const settings = resolveConnectOptions({ handshakeTimeoutMs: 3000, ...options })
    for (let tries = 0; tries < 300; tries++) {
      const connection = await this.tryConnect(settings, this.platform)
      if (connection !== undefined) return connection
      await this.platform.sleep(200)
    }
    throw new Error('a session does not begin')
  }

  /** Connects once; undefined if that failed. */
  async tryConnect(
    settings: ConnectSettings,
    process: SimPlatform,
    onWire?: OnWire,
  ): Promise<StreamConnection | undefined> {
    const dialler: Dialler = { dial: signal => this.#dial(process, signal, onWire), redirect() {} }
    const inSession = settingsInSession(settings, settings.session!)
    try {
      return await new SessionClient(inSession, settings.session!, dialler, process).begin()
    } catch (error) {
      must(error instanceof ConnectError, () => `begin threw ${error}`)
      return undefined
    }
  }

  dial(signal: AbortSignal | undefined): Promise<ByteStream> {
    return this.#dial(this.platform, signal)
  }

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
    await this.runUntil(() => isSettled, mostMs)
    await promise
  }

  async runUntil(isDone: () => boolean, mostMs: number): Promise<void> {
    await drain()
    while (!isDone()) {
      must(this.clock.step(), 'nothing happens any longer, and somebody still waits')
      await drain()
      this.invariant()
      must(this.clock.now < mostMs, () => `it goes on after ${mostMs} ms`)
    }
  }

  /** Goes on until nothing more happens. */
  async runDry(): Promise<void> {
    while (this.clock.step()) {
      await drain()
      this.invariant()
    }
  }

  async #dial(process: SimPlatform, signal: AbortSignal | undefined, onWire?: OnWire): Promise<ByteStream> {
    await process.sleep(this.isDown ? 1000 : 10)
    const table = this.#table
    if (this.isDown || table === undefined || signal?.aborted) {
      throw new ConnectError('CONNECT_FAILED', 'nobody answers')
    }
    const [toNear, toFar] = this.cuts.shift() ?? ([NEVER, NEVER] as const)
    const wire = WireEnd.pair(this.clock, this.chance, process, this.#server)
    const [near, far] = wire
    near.cutAfter(toNear)
    far.cutAfter(toFar)
    far.remoteAddress = this.clientAddress
    this.wires.push(wire)
    onWire?.(near, far)
    this.#server.input(() => table.onStream(far))
    return near
  }
}

/** Lets every promise that is settled go on. */
export function drain(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
