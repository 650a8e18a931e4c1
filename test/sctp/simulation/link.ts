import type { Chance } from './chance.ts'
import type { VirtualClock } from './virtual-clock.ts'

export interface LinkPlan {
  readonly loss: number
  readonly duplication: number
  /** Packets of which some bits are turned over. */
  readonly flips: number
  readonly delayMs: number
  /** Each packet takes up to so much longer: where that is much, packets overtake each other. */
  readonly jitterMs: number
  /** How likely a packet is held up for long, up to `holdUpMs`. */
  readonly holdUps: number
  readonly holdUpMs: number
  /** Larger packets are lost without a word, from the given times on. */
  readonly mtus: readonly { readonly from: number; readonly bytes: number }[]
  /** Nothing passes from `from` to before `to`. */
  readonly outages: readonly { readonly from: number; readonly to: number }[]
  /** How much longer a packet takes, where a test needs that of one; for ever, and it is lost. */
  readonly heldMs: (packet: Uint8Array) => number
}

export const PERFECT_LINK: LinkPlan = {
  loss: 0,
  duplication: 0,
  flips: 0,
  delayMs: 20,
  jitterMs: 0,
  holdUps: 0,
  holdUpMs: 0,
  mtus: [],
  outages: [],
  heldMs: () => 0,
}

/** One direction of the path. */
export class Link {
  /** Outages may be added while it runs. */
  plan: LinkPlan
  readonly #clock: VirtualClock
  readonly #chance: Chance

  constructor(plan: LinkPlan, clock: VirtualClock, chance: Chance) {
    this.plan = plan
    this.#clock = clock
    this.#chance = chance
  }

  /** Takes a packet away; what arrives, and whether it is not what was sent, is told later. */
  carry(packet: Uint8Array, arrive: (packet: Uint8Array, isFlipped: boolean) => void): void {
    const copies = this.#chance.yes(this.plan.duplication) ? 2 : 1
    for (let i = 0; i < copies; i++) {
      if (this.#loses(packet)) continue
      const copy = packet.slice()
      const isFlipped = this.#chance.yes(this.plan.flips)
      if (isFlipped) this.#flip(copy)
      const arrivesAt = this.#clock.now + this.#travelMs() + this.plan.heldMs(packet)
      if (arrivesAt < Number.POSITIVE_INFINITY) this.#clock.at(arrivesAt, () => arrive(copy, isFlipped))
    }
  }

  #loses(packet: Uint8Array): boolean {
    const { now } = this.#clock
    const { loss, mtus, outages } = this.plan
    const mtu = mtus.findLast(({ from }) => from <= now)?.bytes ?? Number.POSITIVE_INFINITY
    const isDown = outages.some(({ from, to }) => from <= now && now < to)
    return isDown || packet.length > mtu || this.#chance.yes(loss)
  }

  #travelMs(): number {
    const { delayMs, jitterMs, holdUps, holdUpMs } = this.plan
    const held = this.#chance.yes(holdUps) ? this.#chance.between(0, holdUpMs) : 0
    return delayMs + (jitterMs === 0 ? 0 : this.#chance.between(0, jitterMs)) + held
  }

  /** One to three bits: so few that CRC32c is certain to notice. */
  #flip(packet: Uint8Array): void {
    const bits = new Set<number>()
    const count = this.#chance.between(1, 3)
    while (bits.size < count) bits.add(this.#chance.between(0, packet.length * 8 - 1))
    for (const bit of bits) packet[bit >> 3]! ^= 1 << (bit & 7)
  }
}
