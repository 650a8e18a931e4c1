import { Crowd } from './crowd.ts'
import { Heaviest, type Weighed } from './heaviest.ts'

/** A session that no connection carries. */
interface Detached {
  readonly stream: {
    /** What it keeps, with what that costs, in bytes. */
    readonly keptCost: number
    readonly isShown: boolean
    readonly isUsed: boolean
  }
  /** Where its client is from. */
  readonly network: string
}

/** One of them. What it keeps is its weight. */
interface Wait<S> extends Weighed {
  readonly session: S
  readonly since: number
  /** Who is most easily done without, among as many. */
  readonly crowd: Crowd<S>
  readonly network: string
}

/**
 * The sessions of a listener that wait for their clients, and which of them to do without: the one that keeps most, where
 * they keep too much; where there are too many, one that was never used, of the network from which most are.
 *
 * With more of them, nothing here takes longer than by a logarithm.
 */
export class DetachedSessions<S extends Detached> {
  /** In the order in which their clients went away. */
  readonly #waits = new Map<S, Wait<S>>()
  readonly #weights = new Heaviest<Wait<S>>()
  /** Those whose clients have not been heard of behind HELLO; those that were never used; the others. */
  readonly #strangers = new Crowd<S>()
  readonly #unused = new Crowd<S>()
  readonly #used = new Crowd<S>()

  get size(): number {
    return this.#waits.size
  }

  /** What all of them keep, in bytes. */
  get keptBytes(): number {
    return this.#weights.total
  }

  /** The one that has waited for longest. */
  get first(): readonly [session: S, since: number] | undefined {
    for (const [session, { since }] of this.#waits) return [session, since]
    return undefined
  }

  /** The one that keeps most. */
  get heaviest(): S | undefined {
    return this.#weights.first?.session
  }

  /** One that was never used. */
  get unused(): S | undefined {
    return (this.#strangers.first ?? this.#unused.first)?.[0]
  }

  /** The one that is most easily done without. */
  get weakest(): S | undefined {
    return this.unused ?? this.#used.first?.[0]
  }

  has(session: S): boolean {
    return this.#waits.has(session)
  }

  add(session: S, now: number): void {
    const { stream, network } = session
    const crowd = stream.isShown ? (stream.isUsed ? this.#used : this.#unused) : this.#strangers
    const wait = { session, since: now, crowd, network, weight: stream.keptCost, index: 0 }
    this.#waits.set(session, wait)
    this.#weights.add(wait)
    crowd.add(session, network)
  }

  /** What one of them keeps has changed. */
  reweigh(session: S): void {
    const wait = this.#waits.get(session)
    if (wait !== undefined) this.#weights.reweigh(wait, session.stream.keptCost)
  }

  /** Its client is back, or it is over. */
  remove(session: S): void {
    const wait = this.#waits.get(session)
    if (wait === undefined) return
    this.#waits.delete(session)
    this.#weights.remove(wait)
    wait.crowd.remove(session, wait.network)
  }
}
