import type { Platform } from '../../../src/platform.ts'
import type { Chance } from '../../sctp/simulation/chance.ts'
import type { HostPlan } from '../../sctp/simulation/host.ts'
import type { VirtualClock } from '../../sctp/simulation/virtual-clock.ts'

/** What a simulated machine has in place of an event loop. */
export class SimulatedPlatform implements Platform {
  readonly #clock: VirtualClock
  readonly #plan: HostPlan
  readonly #chance: Chance
  #isStopped = false

  constructor(clock: VirtualClock, plan: HostPlan, chance: Chance) {
    this.#clock = clock
    this.#plan = plan
    this.#chance = chance
  }

  /** The machine is gone: nothing is called back any longer. */
  stop(): void {
    this.#isStopped = true
  }

  now(): number {
    return this.#clock.now
  }

  /**
   * Whether it goes off late is only drawn when it is due: how often OpenSSL's timer is set and cancelled in a handshake
   * is not the same in each run.
   */
  startTimer(callback: () => void, ms: number): () => void {
    const { lateTimers, lateMs } = this.#plan
    let appointment = this.#clock.at(this.#clock.now + ms, () => {
      if (!this.#chance.yes(lateTimers)) this.#call(callback)
      else appointment = this.#later(callback, lateMs)
    })
    return () => this.#clock.cancel(appointment)
  }

  nextTurn(callback: () => void): void {
    this.#later(callback, this.#plan.turnMs)
  }

  allocate(byteLength: number): Uint8Array {
    return new Uint8Array(byteLength)
  }

  #later(callback: () => void, mostMs: number): ReturnType<VirtualClock['at']> {
    const ms = mostMs === 0 ? 0 : this.#chance.between(0, mostMs)
    return this.#clock.at(this.#clock.now + ms, () => this.#call(callback))
  }

  #call(callback: () => void): void {
    if (!this.#isStopped) callback()
  }
}
