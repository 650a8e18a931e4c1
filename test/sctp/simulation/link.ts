import type { Chance } from './chance.ts'
import type { VirtualClock } from './virtual-clock.ts'

export interface LinkPlan {
  readonly loss: number
  readonly duplication: number
  /** Packets of which some bits are turned over, and among how many bytes from their first one on. */
  readonly flips: number
  readonly flippedBytes: number
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
  /** How likely it is, with each packet, that one of all the earlier ones arrives once more. */
  readonly replays: number
  /**
   * How much longer packets take that go together, where a test needs that of some; for ever, and they are lost. None go
   * where DTLS has something to say of its own.
   */
  readonly heldMs: (packets: readonly Uint8Array[]) => number
}

export const PERFECT_LINK: LinkPlan = {
  loss: 0,
  duplication: 0,
  flips: 0,
  flippedBytes: Number.POSITIVE_INFINITY,
  delayMs: 20,
  jitterMs: 0,
  holdUps: 0,
  holdUpMs: 0,
  mtus: [],
  outages: [],
  replays: 0,
  heldMs: () => 0,
}

type Arrive = (packet: Uint8Array, isFlipped: boolean) => void

/** Something that was sent, and what is done where it arrives. */
interface Sent {
  readonly packet: Uint8Array
  readonly arrive: Arrive
}

/** Of replays, those of what was sent before the network had its say. */
const OLD_REPLAYS = 0.2

/** One direction of the path. */
export class Link {
  /** Outages may be added while it runs. */
  plan: LinkPlan
  readonly #clock: VirtualClock
  readonly #chance: Chance
  /** All that was sent, as long as something of it may be replayed; and what was before. */
  readonly #sent: Sent[] = []
  readonly #old: Sent[] = []

  constructor(plan: LinkPlan, clock: VirtualClock, chance: Chance) {
    this.plan = plan
    this.#clock = clock
    this.#chance = chance
  }

  /** Something was sent past the link, which may replay it. */
  remember(packet: Uint8Array, arrive: Arrive): void {
    this.#old.push({ packet: packet.slice(), arrive })
  }

  /**
   * Takes a packet away; what arrives, and whether it is not what was sent, is told later.
   *
   * @param packets what is in it
   */
  carry(packet: Uint8Array, arrive: Arrive, packets: readonly Uint8Array[] = [packet]): void {
    const copies = this.#chance.yes(this.plan.duplication) ? 2 : 1
    for (let i = 0; i < copies; i++) {
      if (this.#loses(packet)) continue
      const copy = packet.slice()
      const isFlipped = this.#chance.yes(this.plan.flips)
      if (isFlipped) this.#flip(copy)
      const arrivesAt = this.#clock.now + this.#travelMs() + this.plan.heldMs(packets)
      if (arrivesAt < Number.POSITIVE_INFINITY) this.#clock.at(arrivesAt, () => arrive(copy, isFlipped))
    }
    if (this.plan.replays > 0) this.#replay({ packet: packet.slice(), arrive })
  }

  /** Which is picked depends on how many there are; of old ones there may be more or fewer in the next run. */
  #replay(latest: Sent): void {
    this.#sent.push(latest)
    if (!this.#chance.yes(this.plan.replays)) return
    const { packet, arrive } = this.#chance.pick(
      this.#chance.yes(OLD_REPLAYS) && this.#old.length > 0 ? this.#old : this.#sent,
    )
    const copy = packet.slice()
    this.#clock.at(this.#clock.now + this.#travelMs(), () => arrive(copy, false))
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
    const byteLength = Math.min(packet.length, this.plan.flippedBytes)
    while (bits.size < count) bits.add(this.#chance.between(0, byteLength * 8 - 1))
    for (const bit of bits) packet[bit >> 3]! ^= 1 << (bit & 7)
  }
}
