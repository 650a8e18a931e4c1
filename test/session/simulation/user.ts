import type { StreamConnection } from '../../../src/connection/connection.ts'
import { ConnectError } from '../../../src/errors.ts'
import { ConnectDatagram } from '../../../src/frame/datagram.ts'
import { SessionLostError } from '../../../src/session/session-lost-error.ts'
import type { Chance } from '../../sctp/simulation/chance.ts'
import { must } from '../../sctp/simulation/violation.ts'
import type { SimPlatform } from './sim-platform.ts'

export interface UserPlan {
  readonly sizes: readonly number[]
  /** Longest pause before a send, and before a read. */
  readonly sendGapMs: number
  readonly readGapMs: number
  /** It stops reading for so long, once. */
  readonly restMs: number
}

/** The data of a message follows from who sent it, and from its number. */
export function dataOf(name: string, index: number, size: number): Uint8Array {
  const data = new Uint8Array(size)
  let state = (name.length * 7919 + index * 104_729 + 1) | 0
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    data[i] = state >>> 24
  }
  return data
}

/** A program at one end: sends its messages, reads the other's, and closes. */
export class User {
  readonly name: string
  readonly plan: UserPlan
  readonly #platform: SimPlatform
  readonly #chance: Chance
  connection: StreamConnection | undefined
  /** Messages that `send` has taken; messages read; of those, consumed. */
  accepted = 0
  read = 0
  consumed = 0
  sawEnd = false
  closedCleanly = false
  error: ConnectError | undefined
  isGone = false

  constructor(name: string, plan: UserPlan, platform: SimPlatform, chance: Chance) {
    this.name = name
    this.plan = plan
    this.#platform = platform
    this.#chance = chance
  }

  /** Fulfils when the connection has ended in one way or another. */
  async use(connection: StreamConnection, other: User): Promise<void> {
    this.connection = connection
    const reading = this.#readAll(connection, other)
    reading.catch(() => {})
    await this.#sendAll(connection)
    try {
      await reading
      await connection.close()
      this.closedCleanly = true
    } catch (error) {
      this.#note(error)
    }
    await connection.closed.catch(error => this.#note(error))
  }

  async #sendAll({ writer }: StreamConnection): Promise<void> {
    try {
      for (const [i, size] of this.plan.sizes.entries()) {
        await this.#pause(this.plan.sendGapMs)
        await writer.send(new ConnectDatagram(i, dataOf(this.name, i, size)))
        this.accepted++
      }
      await writer.close()
    } catch (error) {
      this.#note(error)
    }
  }

  async #readAll({ reader }: StreamConnection, other: User): Promise<void> {
    const restAt = this.#chance.between(0, 10)
    try {
      for (;;) {
        const datagram = await reader.receive()
        if (this.isGone) return
        if (datagram === undefined) break
        this.#check(datagram, other)
        this.read++
        if (this.read === restAt) await this.#platform.sleep(this.plan.restMs)
        await this.#pause(this.plan.readGapMs)
        this.consumed = this.read
      }
      this.sawEnd = true
      must(
        this.read === other.plan.sizes.length,
        () => `${this.name}: a clean end after ${this.read} of ${other.accepted}; ${other.error?.stack}`,
      )
    } catch (error) {
      this.#note(error)
    }
  }

  #check(datagram: ConnectDatagram, other: User): void {
    const size = other.plan.sizes[this.read]
    must(size !== undefined, () => `${this.name}: a message too many`)
    const same =
      datagram.recipient === this.read &&
      Buffer.compare(datagram.data, dataOf(other.name, this.read, size!)) === 0
    must(
      same,
      () => `${this.name}: message ${this.read} is another (${datagram.recipient}, ${datagram.byteLength})`,
    )
  }

  #note(error: unknown): void {
    if (!(error instanceof ConnectError)) throw error
    this.error ??= error
  }

  async #pause(most: number): Promise<void> {
    if (most > 0 && this.#chance.yes(0.5)) await this.#platform.sleep(this.#chance.between(0, most))
  }

  /** What a lost session shows must be all that was taken from some message on, and none that the peer lacks may be missing. */
  checkLoss(other: User): void {
    if (!(this.error instanceof SessionLostError)) return
    const { unconfirmed } = this.error
    const first = this.accepted - unconfirmed.length
    for (const [i, { recipient }] of unconfirmed.entries()) {
      must(recipient === first + i, () => `${this.name}: ${recipient} is at ${first + i} of the unconfirmed`)
    }
    must(
      first <= other.read,
      () => `${this.name}: ${first} is the first unconfirmed, ${other.read} were read`,
    )
  }
}
