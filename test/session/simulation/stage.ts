import type { StreamConnection } from '../../../src/connection/connection.ts'
import { resolveConnectOptions, resolveListenOptions } from '../../../src/options.ts'
import { must } from '../../sctp/simulation/violation.ts'
import { Coverage } from './coverage.ts'
import { EventLog } from './event-log.ts'
import { Losses } from './losses.ts'
import type { Plan } from './plan.ts'
import { Progress } from './progress.ts'
import { Referee } from './referee.ts'
import { ServerModel } from './server-model.ts'
import type { SimPlatform } from './sim-platform.ts'
import type { Slot } from './slot.ts'
import { User } from './user.ts'
import { Watcher } from './watcher.ts'
import type { WireEnd } from './wire.ts'
import type { World } from './world.ts'

/** All who play in a run, and all who look on. */
export class Stage {
  readonly world: World
  readonly plan: Plan
  readonly coverage = new Coverage()
  readonly log = new EventLog()
  readonly watcher: Watcher
  readonly progress: Progress
  readonly slots: readonly Slot[]
  /** Called for each connection that is made. */
  onWire: (near: WireEnd, far: WireEnd) => void = () => {}
  server!: ServerModel
  readonly #referee: Referee
  readonly #losses: Losses
  readonly #servers: ServerModel[] = []
  readonly #processes: SimPlatform[] = []
  #playing = 0
  #failure: { readonly cause: unknown } | undefined

  constructor(world: World, plan: Plan) {
    this.world = world
    this.plan = plan
    this.watcher = new Watcher(world.clock, this.coverage, this.log)
    this.progress = new Progress(plan.patience)
    this.#referee = new Referee(this.coverage)
    this.#losses = new Losses(this.watcher, this.coverage)
    const settings = resolveConnectOptions(plan.connecting)
    this.slots = plan.clients.map((users, index): Slot => {
      const process = this.#newProcess()
      const client = new User('client', users.client, process, world.chance.fork())
      const server = new User('server', users.server, process, world.chance.fork())
      client.sendQueueBytes = settings.sendQueueBytes
      client.windowBytes = settings.session!.windowBytes
      return { index, process, settings, client, server, session: undefined, isBeginning: false, refusals: 0 }
    })
  }

  get now(): number {
    return this.world.clock.now
  }

  /** Until everybody has come to an end. */
  async play(mostMs: number): Promise<void> {
    this.world.invariant = () => this.#check()
    this.serve()
    for (const [i, slot] of this.slots.entries()) {
      this.#play(this.#begin(slot, this.plan.clients[i]!.startAt), slot.client)
    }
    await this.world.runUntil(() => this.#playing === 0, mostMs)
  }

  /** A new server process listens, instead of the one before it. */
  serve(): void {
    const { listening } = this.plan
    const process = this.#newProcess()
    const model = new ServerModel(process, resolveListenOptions(listening), this.coverage)
    this.server = model
    this.#servers.push(model)
    this.world.serve(listening, connection => this.#onConnection(model, connection), process)
  }

  /** The program of a user is over: its process has ended. */
  leave(user: User): void {
    if (user.isGone) return
    user.isGone = true
    if (user.isPlaying) this.#playing--
  }

  /** All that was begun comes to an end by itself. */
  async windDown(mostMs: number): Promise<void> {
    const { world } = this
    const end = this.now + mostMs
    world.invariant = () => {
      this.#checkRules()
      must(this.now <= end, () => `something goes on ${mostMs} ms after all users have ended`)
    }
    await world.runDry()
  }

  checkEnd(): void {
    this.#noteKinds()
    for (const session of this.watcher.sessions) {
      if (session.slot.session === session) this.#losses.checkEnd(session)
    }
  }

  #noteKinds(): void {
    const { slots, coverage, plan } = this
    for (const { client, server } of slots) {
      for (const kind of [...client.kinds, ...server.kinds]) coverage.note(kind)
    }
    if (slots.length > 1) coverage.note('several clients')
    if (this.#processes.some(({ lateInputs }) => lateInputs > 0)) coverage.note('input behind late timers')
    for (const { session } of [plan.connecting, plan.listening]) {
      if (typeof session === 'object' && session.windowMessages === 1) coverage.note('window of one message')
    }
  }

  #newProcess(): SimPlatform {
    const process = this.world.newProcess()
    process.proofMs = this.plan.proofMs
    this.#processes.push(process)
    return process
  }

  async #begin(slot: Slot, startAt: number): Promise<void> {
    const { process, settings, client, server } = slot
    await process.sleep(startAt)
    slot.isBeginning = true
    const onWire = (near: WireEnd, far: WireEnd): void => {
      this.watcher.onWire(near, far, slot, this.server)
      this.onWire(near, far)
    }
    while (this.server.closedAt === undefined) {
      const connection = await this.world.tryConnect(settings, process, onWire)
      if (connection !== undefined) return client.use(connection, server)
      await process.sleep(200)
    }
  }

  #onConnection(model: ServerModel, connection: StreamConnection): void {
    const session = model.sessions.get(connection.session!.id)
    must(
      session !== undefined && !session.isShown,
      'a session is handed out that is not known, or was before',
    )
    const { client, server } = session.slot
    must(server.connection === undefined, 'a client has two sessions')
    session.server.user = server
    server.platform = model.process
    server.sendQueueBytes = model.settings.sendQueueBytes
    server.windowBytes = model.settings.session!.windowBytes
    this.#play(server.use(connection, client), server)
  }

  #play(program: Promise<void>, user: User): void {
    this.#playing++
    user.isPlaying = true
    const end = (): void => {
      if (!user.isGone) this.#playing--
      user.isPlaying = false
    }
    program.then(end, cause => {
      end()
      this.#failure ??= { cause }
    })
  }

  #check(): void {
    this.#checkRules()
    let moves = 0
    for (const { client, server } of this.slots) moves += client.moves + server.moves
    this.log.note(moves)
    const canConnect = this.server.closedAt === undefined && !this.world.isDown
    this.progress.check(this.slots, canConnect, moves, this.now)
  }

  #checkRules(): void {
    const failure = this.watcher.failure ?? this.#failure
    if (failure !== undefined) throw failure.cause
    const { now } = this
    for (const session of this.watcher.sessions) {
      const server = this.#serverOf(session.id)
      this.#losses.look(session, server, now)
      this.#referee.checkSession(session)
    }
    for (const departure of this.watcher.departures.splice(0)) this.#referee.checkDeparture(departure)
    this.#referee.checkTable(this.server, now)
  }

  #serverOf(id: string): ServerModel {
    return this.#servers.find(({ sessions }) => sessions.has(id))!
  }
}
