import { createHmac } from 'node:crypto'
import type { SecurePlatform } from '../../../src/platform.ts'
import type { Chance } from '../../sctp/simulation/chance.ts'
import type { VirtualClock } from '../../sctp/simulation/virtual-clock.ts'

/** The order in which an event loop that was held up goes on: timers, then what has arrived, then the next turn. */
const Phase = { TIMERS: 0, INPUT: 2 ** -10, TURN: 2 ** -9 } as const
type Phase = (typeof Phase)[keyof typeof Phase]

/**
 * One process, in virtual time: timers go off late now and then, and nothing is random but by the seed. It can be
 * suspended, as by the sleep of a laptop, and it can end without a word.
 */
export class SimPlatform implements SecurePlatform {
  readonly #clock: VirtualClock
  readonly #chance: Chance
  #awakeAt = -1
  #isDead = false
  readonly #queues = new Map<Phase, (() => void)[]>(Object.values(Phase).map(phase => [phase, []]))
  /** Input that had to wait until the process ran again. */
  lateInputs = 0
  /** How long a proof may take, in ms. */
  proofMs: readonly number[] = [0]

  constructor(clock: VirtualClock, chance: Chance) {
    this.#clock = clock
    this.#chance = chance
  }

  get isDead(): boolean {
    return this.#isDead
  }

  get isSuspended(): boolean {
    return this.#clock.now < this.#awakeAt
  }

  now(): number {
    return this.#clock.now
  }

  startTimer(callback: () => void, ms: number): () => void {
    const late = this.#chance.yes(0.02) ? this.#chance.between(0, 500) : 0
    let isCancelled = false
    const appointment = this.#clock.at(this.#clock.now + ms + late, () =>
      this.#run(Phase.TIMERS, () => {
        if (!isCancelled) callback()
      }),
    )
    return () => {
      isCancelled = true
      this.#clock.cancel(appointment)
    }
  }

  nextTurn(callback: () => void): void {
    const turn = this.#awakeAt + Phase.TURN
    this.#clock.at(this.#clock.now <= turn ? turn : this.#clock.now, () => this.#run(Phase.TURN, callback))
  }

  allocate(byteLength: number): Uint8Array {
    return new Uint8Array(byteLength).fill(0xdb)
  }

  randomBytes(byteLength: number): Uint8Array {
    return Uint8Array.from({ length: byteLength }, () => this.#chance.between(0, 255))
  }

  async hmac(key: Uint8Array, message: Uint8Array): Promise<Uint8Array> {
    const proof = createHmac('sha256', key).update(message).digest()
    const ms = this.#chance.pick(this.proofMs)
    if (ms > 0)
      await new Promise<void>(resolve => this.#clock.at(this.#clock.now + ms, () => this.input(resolve)))
    return proof
  }

  sleep(ms: number): Promise<void> {
    return new Promise(resolve =>
      this.#clock.at(this.#clock.now + ms, () => this.#run(Phase.TIMERS, resolve)),
    )
  }

  /** Something has arrived for this process. */
  input(run: () => void): void {
    if (this.#run(Phase.INPUT, run)) this.lateInputs++
  }

  /** Nothing runs for a while. Then first all timers go off that are due. */
  suspend(ms: number): void {
    this.#awakeAt = Math.max(this.#awakeAt, this.#clock.now + ms)
  }

  /** Nothing of it ever runs again. */
  kill(): void {
    this.#isDead = true
  }

  /** Returns whether it has to wait. */
  #run(phase: Phase, run: () => void): boolean {
    if (this.#isDead) return false
    const queue = this.#queues.get(phase)!
    if (queue.length === 0 && this.#clock.now >= this.#awakeAt + phase) {
      run()
      return false
    }
    if (queue.push(run) === 1) this.#pumpLater(phase)
    return true
  }

  #pumpLater(phase: Phase): void {
    this.#clock.at(this.#awakeAt + phase, () => this.#pump(phase))
  }

  /** Goes on with one of those who wait, unless it was suspended again. */
  #pump(phase: Phase): void {
    const queue = this.#queues.get(phase)!
    if (this.#isDead) return
    if (this.#clock.now >= this.#awakeAt + phase) queue.shift()?.()
    if (queue.length > 0) this.#pumpLater(phase)
  }
}
