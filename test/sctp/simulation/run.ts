import type { CookieState } from '../../../src/transport/sctp/association/cookie.ts'
import { Chance } from './chance.ts'
import { PORT } from './host.ts'
import { Link } from './link.ts'
import { type Host, type Medium, plainMedium } from './medium.ts'
import { Network } from './network.ts'
import type { Incident, Plan, SideName } from './plan.ts'
import { User } from './user.ts'
import { must } from './violation.ts'
import { VirtualClock } from './virtual-clock.ts'

const CLIENT = '192.0.2.1'
const SERVER = '192.0.2.2'

/** What a run was like, for those who measure. */
export interface Outcome {
  readonly ms: number
  readonly packets: number
  readonly events: number
  /** Bytes of the users, both ways. */
  readonly bytes: number
  readonly errors: readonly string[]
  /** Chunks that were sent more than once. */
  readonly sentAgain: number
  /** Packets with a checksum of 0. */
  readonly zeroChecksums: number
}

/** Two machines, the path between them, and one run from the first INIT to the last farewell. */
export class Run {
  readonly #plan: Plan
  readonly #medium: Medium
  readonly #chance: Chance
  readonly #clock = new VirtualClock()
  readonly #network: Network
  readonly #users: User[] = []
  /** The users who have dialled and whom nobody has accepted yet, by their tags. */
  readonly #dialled = new Map<number, User>()
  /** The tags of cookies that were taken. */
  readonly #cookies = new Set<number>()
  readonly #links: { readonly client: Link; readonly server: Link }
  #client: Host
  #server: Host
  #dials = 0
  #dialAgainAt: number | undefined

  constructor(plan: Plan, seed: number, trace?: (line: string) => void, medium = plainMedium) {
    this.#plan = plan
    this.#medium = medium
    this.#chance = new Chance(seed)
    this.#network = new Network(this.#clock, plan.withoutAdaptation)
    this.#network.trace = trace
    const link = (from: SideName): Link => new Link(plan[from].link, this.#clock, this.#chance.fork())
    this.#links = { client: link('client'), server: link('server') }
    this.#client = this.#startHost('client')
    this.#server = this.#startHost('server')
    for (const incident of plan.incidents) this.#clock.at(incident.at, () => this.#happen(incident))
    this.#clock.at(0, () => this.#dial())
  }

  /** @throws Violation where something happened that never must */
  play(): Outcome {
    try {
      this.#play()
      return this.#outcome
    } finally {
      this.#client.vanish()
      this.#server.vanish()
    }
  }

  #play(): void {
    if (this.#plan.serverDialsAt !== undefined) this.#meet(this.#plan.serverDialsAt)
    while (!this.#isOver) {
      must(this.#clock.step(), () => `nothing happens any longer, and ${this.#unfinished} still wait`)
      must(
        this.#clock.now <= this.#plan.mostMs,
        () => `at ${this.#clock.now}, ${this.#unfinished} still wait`,
      )
      this.#checkEffort()
    }
    this.#checkEnds()
    this.#medium.checkEnd()
  }

  get #outcome(): Outcome {
    const errors = this.#users.flatMap(({ error }) => (error === undefined ? [] : [error.message]))
    const { now, events } = this.#clock
    const { packets, zeroChecksums } = this.#network
    const counts = { packets, zeroChecksums, events, bytes: this.#bytes, sentAgain: this.#sentAgain }
    return { ms: now, errors, ...counts }
  }

  get #sentAgain(): number {
    return this.#client.sentAgain + this.#server.sentAgain
  }

  get #bytes(): number {
    return this.#users.reduce((sum, { received }) => sum + received, 0)
  }

  get #isOver(): boolean {
    const begun = this.#dials > 0 && this.#dialAgainAt === undefined
    return begun && this.#client.isIdle && this.#server.isIdle && this.#clock.now >= this.#lastIncident
  }

  get #lastIncident(): number {
    return this.#plan.incidents.reduce((last, { at }) => Math.max(last, at), this.#plan.serverDialsAt ?? 0)
  }

  get #unfinished(): string {
    const open = this.#users.filter(({ isClosed, hasAborted }) => !isClosed && !hasAborted)
    return open
      .map(user => {
        const { name, written, acknowledged, received, consumed, hasEnded, peerHasEnded } = user
        return `${name} ${JSON.stringify({ written, acknowledged, received, consumed, hasEnded, peerHasEnded })}`
      })
      .join(' and ')
  }

  #startHost(side: SideName): Host {
    const address = side === 'client' ? CLIENT : SERVER
    const other = side === 'client' ? 'server' : 'client'
    const started = this.#medium.host({
      address,
      plan: this.#plan[side].host,
      peerWindow: this.#plan[other].host.windowBytes,
      clock: this.#clock,
      network: this.#network,
      chance: this.#chance.fork(),
    })
    this.#network.attach(address, started, this.#links[side])
    if (side === 'server') started.onAccept = cookie => this.#accept(cookie)
    if (side === 'server' && this.#plan.serverDialsAt === undefined) started.listen()
    return started
  }

  #newUser(side: SideName): User {
    const { user, next } = this.#plan[side]
    const isFirst = this.#dials <= 1
    const name = `${side} of dial ${this.#dials}`
    const made = new User(name, isFirst ? user : next, this.#chance.fork())
    this.#users.push(made)
    return made
  }

  #dial(): void {
    this.#dialAgainAt = undefined
    this.#dials++
    const user = this.#newUser('client')
    this.#dialled.set(this.#client.dial(SERVER, user), user)
  }

  /** The server dials too, and each is the other's partner (RFC 9260, section 5.2.1). */
  #meet(at: number): void {
    this.#clock.at(at, () => {
      const user = this.#newUser('server')
      const client = this.#users[0]!
      user.partner = client
      client.partner = user
      this.#server.dial(CLIENT, user)
    })
  }

  /**
   * The user for an association that the server accepts. A client that has not heard of the first before its cookie was
   * stale gets another.
   */
  #accept(cookie: CookieState): User {
    must(cookie.peerPort === PORT, 'a cookie of another port')
    must(!this.#cookies.has(cookie.localTag), 'a cookie was taken twice')
    this.#cookies.add(cookie.localTag)
    const user = this.#newUser('server')
    const client = this.#dialled.get(cookie.peerTag)
    if (client !== undefined && (client.partner === undefined || !client.isUp)) {
      client.partner = user
      user.partner = client
    }
    return user
  }

  #happen(incident: Incident): void {
    if (incident.kind === 'rebinding') {
      this.#network.rebind(CLIENT)
      return
    }
    this.#network.trace?.(`${this.#clock.now} ${incident.kind} at the ${incident.who}`)
    if (incident.kind === 'close') {
      const host = incident.who === 'client' ? this.#client : this.#server
      host.close()
      return
    }
    if (incident.who === 'client') {
      this.#lose(this.#client)
      this.#client = this.#startHost('client')
    } else {
      this.#lose(this.#server)
      this.#server = this.#startHost('server')
    }
    this.#dialLater(this.#clock.now + incident.dialMs)
  }

  /** The client's program dials again once its association is gone: at one time there is one between two ports. */
  #dialLater(at: number): void {
    this.#dialAgainAt = at
    this.#clock.at(at, () => {
      if (this.#client.isIdle) this.#dial()
      else this.#dialLater(at + 500)
    })
  }

  #lose(host: Host): void {
    const side = host === this.#client ? 'client' : 'server'
    for (const user of this.#users) if (user.name.startsWith(side)) user.vanish()
    host.vanish()
  }

  /** Packets and events are in proportion to what was carried and to the time that it took. */
  #checkEffort(): void {
    const { events, now } = this.#clock
    const { packets, bytes } = this.#network
    const writes = this.#users.reduce((sum, user) => sum + user.writes, 0)
    const most = 100 + 4 * writes + this.#bytes / 200 + now / 100
    must(packets < most, () => `${packets} packets for ${this.#bytes} bytes in ${now} ms`)
    const mostBytes = 1_500_000 + 200 * writes + 5 * this.#bytes + now
    must(bytes < mostBytes, () => `${bytes} bytes for ${this.#bytes} in ${now} ms`)
    must(events < 6 * most, () => `${events} events for ${this.#bytes} bytes in ${now} ms`)
  }

  #checkEnds(): void {
    for (const { name, error } of this.#users) {
      const code = error?.code
      must(code === undefined || code === 'CONNECTION_RESET', () => `${name} failed: ${error?.message}`)
    }
    const { mustEndWell, isPerfect } = this.#plan
    must(
      !isPerfect || this.#sentAgain === 0,
      () => `${this.#sentAgain} chunks were sent again without a need`,
    )
    if (mustEndWell === 'none') return
    const clients = this.#users.filter(({ name }) => name.startsWith('client'))
    for (const client of mustEndWell === 'all' ? clients : clients.slice(-1)) this.#checkEnd(client)
  }

  #checkEnd(client: User): void {
    const server = client.partner
    must(server !== undefined, () => `${client.name} was never accepted: ${client.error?.message}`)
    const { mayMissFarewell } = this.#plan
    if (mayMissFarewell && (endedWell(client, server) || endedWell(server, client))) return
    for (const { name, error } of [client, server]) {
      must(error === undefined, () => `${name} failed: ${error?.message}`)
    }
  }
}

/** Whether one has ended well, and the other would have if it knew. */
const endedWell = (one: User, other: User): boolean =>
  one.isClosed && one.error === undefined && other.hasEnded && other.received === one.written
