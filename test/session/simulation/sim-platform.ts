import { createHmac } from 'node:crypto'
import type { SecurePlatform } from '../../../src/platform.ts'
import type { Chance } from '../../sctp/simulation/chance.ts'
import type { VirtualClock } from '../../sctp/simulation/virtual-clock.ts'

/** A runtime in virtual time: timers go off late now and then, and nothing is random but by the seed. */
export class SimPlatform implements SecurePlatform {
  readonly #clock: VirtualClock
  readonly #chance: Chance

  constructor(clock: VirtualClock, chance: Chance) {
    this.#clock = clock
    this.#chance = chance
  }

  now(): number {
    return this.#clock.now
  }

  startTimer(callback: () => void, ms: number): () => void {
    const late = this.#chance.yes(0.02) ? this.#chance.between(0, 500) : 0
    const appointment = this.#clock.at(this.#clock.now + ms + late, callback)
    return () => this.#clock.cancel(appointment)
  }

  nextTurn(callback: () => void): void {
    this.#clock.at(this.#clock.now, callback)
  }

  allocate(byteLength: number): Uint8Array {
    return new Uint8Array(byteLength).fill(0xdb)
  }

  randomBytes(byteLength: number): Uint8Array {
    return Uint8Array.from({ length: byteLength }, () => this.#chance.between(0, 255))
  }

  async hmac(key: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
    return createHmac('sha256', key).update(message).digest()
  }

  sleep(ms: number): Promise<void> {
    return new Promise(resolve => this.#clock.at(this.#clock.now + ms, resolve))
  }
}
