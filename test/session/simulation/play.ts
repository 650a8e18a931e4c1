import type { StreamConnection } from '../../../src/connection/connection.ts'
import type { Chance } from '../../sctp/simulation/chance.ts'
import { must } from '../../sctp/simulation/violation.ts'
import { User, type UserPlan } from './user.ts'
import type { Break } from './wire.ts'
import { World } from './world.ts'

const RETENTION_MS = 40_000
const DISTURBED_MS = 30_000
/** What is left after the last disturbance takes at most this long, or is lost. */
const MOST_MS = 600_000

export interface Outcome {
  readonly ms: number
  readonly connections: number
  readonly isLost: boolean
  readonly messages: number
}

/** Plays one run; whatever is thrown tells its seed. */
export async function play(seed: number): Promise<Outcome> {
  try {
    return await new Run(seed).play()
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`seed ${seed}: ${why}\n  again: npm run soak:session -- --start ${seed} --seeds 1`, {
      cause,
    })
  }
}

class Run {
  readonly #world: World
  readonly #chance: Chance
  readonly #client: User
  #server: User
  readonly #window: { windowBytes: number; windowMessages: number }
  readonly #sendQueueBytes: number
  /** Whether the session may be lost: a server was restarted, or the network was away for too long. */
  #mayBeLost = false
  #ends: Promise<void>[] = []
  #accepted: StreamConnection | undefined

  constructor(seed: number) {
    this.#world = new World(Math.imul(seed, 0x9e3779b1) ^ 0x5e55)
    this.#chance = this.#world.chance.fork()
    const { chance: shared } = this.#world
    this.#window = { windowBytes: shared.magnitude(50, 20_000), windowMessages: shared.magnitude(1, 60) }
    this.#sendQueueBytes = shared.magnitude(100, 20_000)
    this.#client = this.#newUser('client')
    this.#server = this.#newUser('server')
  }

  async play(): Promise<Outcome> {
    const world = this.#world
    world.invariant = () => this.#check()
    const session = { ...this.#window, silenceTimeoutMs: 4000 }
    const options = { sendQueueBytes: this.#sendQueueBytes, closeTimeoutMs: 300_000, allowHalfOpen: true }
    this.#serve()
    this.#plan()
    const client = (async () => {
      const connection = await world.connect({ ...options, session: { ...session, retryDelayMaxMs: 1000 } })
      await this.#client.use(connection, this.#server)
    })()
    await world.run(client, MOST_MS)
    await world.run(Promise.all(this.#ends), MOST_MS)
    this.#checkEnds()
    const messages = this.#client.read + this.#server.read
    const isLost = this.#client.error !== undefined
    return { ms: world.clock.now, connections: world.wires.length, isLost, messages }
  }

  #serve(): void {
    const session = { ...this.#window, silenceTimeoutMs: 4000, retentionMs: RETENTION_MS }
    this.#world.serve(
      { sendQueueBytes: this.#sendQueueBytes, closeTimeoutMs: 300_000, allowHalfOpen: true, session },
      connection => {
        must(this.#accepted === undefined, 'a session is handed out twice')
        this.#accepted = connection
        const used = this.#server.use(connection, this.#client)
        used.catch(() => {})
        this.#ends.push(used)
      },
    )
  }

  #newUser(name: string): User {
    const { chance } = this.#world
    const count = chance.between(0, 40)
    const plan: UserPlan = {
      sizes: Array.from({ length: count }, () => chance.magnitude(1, 3000)),
      sendGapMs: chance.pick([0, 5, 200, 1000]),
      readGapMs: chance.pick([0, 5, 200, 1000]),
      restMs: chance.pick([0, 0, 3000, 15_000]),
    }
    return new User(name, plan, this.#world.platform, chance.fork())
  }

  /** What goes wrong, and when. */
  #plan(): void {
    const { clock } = this.#world
    const chance = this.#chance
    const at = (run: () => void): void => void clock.at(chance.magnitude(1, DISTURBED_MS), run)
    for (let i = chance.between(0, 6); i > 0; i--) at(() => this.#world.breakAll(() => this.#someBreak()))
    for (let i = chance.between(0, 2); i > 0; i--) at(() => this.#stall(chance.between(1, 6000)))
    if (chance.yes(0.2)) at(() => this.#outage(chance.between(1, 15_000)))
    if (chance.yes(0.1)) at(() => this.#outage(chance.between(50_000, 150_000)))
    if (chance.yes(0.1)) at(() => this.#restart())
  }

  #someBreak(): Break {
    const chance = this.#chance
    return {
      lateMs: chance.pick([undefined, 0, 20, 3000]),
      toldAfterMs: chance.pick([undefined, 0, 10, 2000]),
    }
  }

  #stall(ms: number): void {
    for (const [near, far] of this.#world.wires) this.#chance.pick([near, far]).stall(ms)
  }

  #outage(ms: number): void {
    const world = this.#world
    if (ms > 20_000) this.#mayBeLost = true
    world.isDown = true
    world.breakAll(() => this.#someBreak())
    world.clock.at(world.clock.now + ms, () => {
      world.isDown = false
    })
  }

  /** The server's process ends without a word, and another takes its place. */
  #restart(): void {
    if (this.#accepted === undefined) return
    this.#mayBeLost = true
    this.#server.isGone = true
    this.#ends = []
    for (const [near, far] of this.#world.wires) {
      far.breakOff({ lateMs: undefined, toldAfterMs: undefined })
      near.breakOff({ lateMs: undefined, toldAfterMs: this.#chance.pick([0, 50, undefined]) })
    }
    this.#world.serve({ session: { ...this.#window, retentionMs: RETENTION_MS } }, () =>
      must(false, 'a new session after a restart'),
    )
  }

  /** What holds after every event. */
  #check(): void {
    for (const user of [this.#client, this.#server]) {
      const { connection } = user
      if (connection === undefined || user.isGone) continue
      const { reader, session } = connection
      const unread = reader.received - connection.countConsumed()
      must(unread <= this.#window.windowMessages, () => `${user.name}: ${unread} messages wait to be read`)
      must(session !== undefined, 'a connection without its session')
    }
    const open = this.#world.wires.filter(([near]) => !near.isClosed).length
    must(open <= 2, () => `the client has ${open} connections open`)
  }

  #checkEnds(): void {
    const [client, server] = [this.#client, this.#server]
    client.checkLoss(server)
    if (!server.isGone) server.checkLoss(client)
    if (this.#mayBeLost) return
    for (const user of [client, server]) {
      must(user.closedCleanly && user.sawEnd, () => `${user.name}: ${user.error?.message ?? 'no clean end'}`)
    }
  }
}
