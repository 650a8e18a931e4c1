import type { Chance } from '../../sctp/simulation/chance.ts'
import type { StatusFrame } from './frames.ts'
import { DISTURBED_MS } from './plan.ts'
import type { Slot } from './slot.ts'
import type { Stage } from './stage.ts'
import type { Break, WireEnd } from './wire.ts'

/** What goes wrong in a run, and when. */
export class Disturbances {
  readonly #stage: Stage
  readonly #chance: Chance
  #outages = 0
  #restarts = 0

  constructor(stage: Stage, chance: Chance) {
    this.#stage = stage
    this.#chance = chance
  }

  plan(): void {
    const chance = this.#chance
    const { world, slots } = this.#stage
    const at = (run: () => void, mostMs = DISTURBED_MS): void => {
      world.clock.at(chance.magnitude(1, mostMs), run)
    }
    for (let i = chance.between(0, 6); i > 0; i--) at(() => this.#break())
    for (let i = chance.between(0, 2); i > 0; i--) at(() => this.#stall(chance.between(1, 6000)))
    if (chance.yes(0.2)) at(() => this.#outage(chance.between(1, 15_000)))
    if (chance.yes(0.08)) at(() => this.#outage(chance.between(15_000, 90_000)))
    if (chance.yes(0.1)) {
      const mostMs = chance.pick([100, DISTURBED_MS])
      for (let i = chance.between(1, 3); i > 0; i--) at(() => this.#restart(), mostMs)
    }
    if (chance.yes(0.06)) at(() => this.#endListening())
    if (chance.yes(0.04)) at(() => this.#endClient(chance.pick(slots)))
    for (let i = chance.yes(0.2) ? chance.between(1, 3) : 0; i > 0; i--) at(() => this.#suspend())
    this.#stage.onWire = (near, far) => this.#onWire(near, far)
    this.#stage.watcher.onStatus = (end, status) => this.#onStatus(end, status)
  }

  /** Some connections come to grief while they are made: on HELLO, on WELCOME, or on what follows. */
  #onWire(near: WireEnd, far: WireEnd): void {
    const chance = this.#chance
    if (this.#stage.now > DISTURBED_MS || !chance.yes(this.#stage.plan.dialFaults)) return
    if (chance.yes(0.4)) this.#delayHello(near, far)
    else {
      const spring = (): void => this.#breakWire(near, far)
      const afterBytes = chance.yes(0.6) ? chance.between(0, 150) : chance.magnitude(136, 2000)
      chance.pick([near, far]).trap = { afterBytes, spring }
    }
  }

  /** Where an end is found is where a cut is worst. */
  #onStatus(end: WireEnd, { type, isDone }: StatusFrame): void {
    const { plan, coverage, now } = this.#stage
    const isPlace = plan.cutAt === 'done' ? isDone : plan.cutAt === 'CLOSE' && type === 'CLOSE'
    if (!isPlace || now > DISTURBED_MS || this.#chance.yes(0.5)) return
    this.#breakWire(end, end.peer)
    coverage.note(isDone ? 'cut at the very end' : 'cut at CLOSE')
  }

  /** What the client has said comes when it has given up, and may have another connection. */
  #delayHello(near: WireEnd, far: WireEnd): void {
    const chance = this.#chance
    const ms = chance.magnitude(10, 6000)
    far.stall(ms)
    near.breakOff({ lateMs: undefined, toldAfterMs: chance.pick([1, 20, 500, undefined]) })
    this.#stage.progress.disturb(this.#stage.now + ms)
  }

  #break(): void {
    this.#stage.coverage.note('break')
    for (const [near, far] of this.#stage.world.wires) this.#breakWire(near, far)
  }

  #breakWire(near: WireEnd, far: WireEnd): void {
    for (const end of [near, far]) {
      const how = this.#someBreak()
      end.breakOff(how)
      this.#stage.progress.disturb(this.#stage.now + Math.max(how.lateMs ?? 0, how.toldAfterMs ?? 0))
    }
  }

  #someBreak(): Break {
    const chance = this.#chance
    return {
      lateMs: chance.pick([undefined, 0, 20, 3000]),
      toldAfterMs: chance.pick([undefined, 0, 10, 2000]),
      isClean: chance.yes(0.2),
      isSink: chance.yes(0.5),
    }
  }

  #stall(ms: number): void {
    const { world, progress, coverage, now } = this.#stage
    for (const [near, far] of world.wires) this.#chance.pick([near, far]).stall(ms)
    progress.disturb(now + ms)
    coverage.note('stall')
  }

  #outage(ms: number): void {
    const { world, progress, coverage, now, plan } = this.#stage
    const { retryForMs = Number.POSITIVE_INFINITY } = plan.connecting.session as { retryForMs?: number }
    world.isDown = true
    this.#outages++
    this.#break()
    world.clock.at(now + ms, () => {
      world.isDown = --this.#outages > 0
    })
    progress.disturb(now + ms)
    coverage.note('outage')
    if (retryForMs < ms) coverage.note('retried for less than the outage')
  }

  /** The server's process ends without a word, and another takes its place. */
  #restart(): void {
    const { server, slots, coverage } = this.#stage
    if (server.closedAt !== undefined) return
    if (++this.#restarts > 1) coverage.note('server restarted twice')
    coverage.note('server restarted')
    if ([...server.sessions.values()].some(({ isShown }) => !isShown)) {
      coverage.note('server restarted before it is shown')
    }
    server.process.kill()
    for (const { server: user } of slots) if (user.connection !== undefined) this.#stage.leave(user)
    for (const [near, far] of this.#stage.world.wires) this.#orphan(far, near)
    this.#stage.serve()
  }

  #endClient({ process, client }: Slot): void {
    process.kill()
    this.#stage.leave(client)
    for (const [near, far] of this.#stage.world.wires) if (near.process === process) this.#orphan(near, far)
    this.#stage.coverage.note('client died')
  }

  /** The process at one end is dead; the system at the other may be told. */
  #orphan(dead: WireEnd, other: WireEnd): void {
    const toldAfterMs = this.#chance.pick([0, 50, undefined])
    dead.breakOff({ lateMs: undefined, toldAfterMs: undefined })
    other.breakOff({ lateMs: undefined, toldAfterMs })
    this.#stage.progress.disturb(this.#stage.now + 50)
  }

  /** Also where clients are away, and cannot come back then. */
  #endListening(): void {
    const { world, now } = this.#stage
    const isBroken = this.#chance.yes(0.5)
    if (isBroken) this.#break()
    world.clock.at(now + (isBroken ? this.#chance.between(1, 3000) : 0), () => this.#closeListener())
  }

  #closeListener(): void {
    const { server, world, coverage, now } = this.#stage
    if (server.closedAt !== undefined || server.process.isSuspended) return
    for (const { server: end } of server.alive) {
      coverage.note(`listener closed while ${end.line === undefined ? 'detached' : 'attached'}`)
    }
    server.closedAt = now
    world.closeListener()
  }

  /** As by the sleep of a laptop. */
  #suspend(): void {
    const { world, server, slots, progress, coverage, now } = this.#stage
    const ms = this.#chance.magnitude(50, 300_000)
    const isServer = this.#chance.yes(0.5)
    const process = isServer ? server.process : this.#chance.pick(slots).process
    // Where nothing has come for a while before that, what comes meanwhile is all that is heard of the peer.
    const silenceMs = this.#chance.yes(0.3) ? this.#chance.between(1000, 8000) : 0
    for (const wire of world.wires) {
      for (const end of wire) if (end.process === process && silenceMs > 0) end.stall(silenceMs + 1)
    }
    world.clock.at(now + silenceMs, () => process.suspend(ms))
    progress.disturb(now + silenceMs + ms + 1)
    coverage.note(isServer ? 'server suspended' : 'client suspended')
  }
}
