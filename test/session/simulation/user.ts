import type { StreamConnection } from '../../../src/connection/connection.ts'
import { ConnectError } from '../../../src/errors.ts'
import { ConnectDatagram } from '../../../src/frame/datagram.ts'
import type { Chance } from '../../sctp/simulation/chance.ts'
import { must } from '../../sctp/simulation/violation.ts'
import type { Kind } from './coverage.ts'
import { Messages } from './messages.ts'
import type { SimPlatform } from './sim-platform.ts'

/** What a datagram that waits costs beside its frame. */
const DATAGRAM_COST_BYTES = 64

/**
 * How a user ends. `half`: ends its writer, reads to the end, closes. `close`: closes when it has sent all, reading on.
 * `leave`: closes at some time, and reads on or not. `abort`: breaks the connection off at some time.
 */
export type Ending =
  | { readonly kind: 'half' | 'close' }
  | { readonly kind: 'leave'; readonly afterMs: number; readonly readsOn: boolean }
  | { readonly kind: 'abort'; readonly afterMs: number }

export interface UserPlan {
  readonly sizes: readonly number[]
  /** Longest pause before a send, and before a read. */
  readonly sendGapMs: number
  readonly readGapMs: number
  /** It stops reading for so long, once. */
  readonly restMs: number
  /** `flush`: flushes behind every few messages. */
  readonly sends?: 'send' | 'trySend' | 'flush'
  readonly reads?: 'receive' | 'loop' | 'batches'
  readonly ending?: Ending
}

/** A program at one end: sends its messages, reads the other's, and ends. What it knows is the truth of the simulation. */
export class User {
  readonly name: 'client' | 'server'
  readonly plan: UserPlan
  readonly messages: Messages
  /** The process that it runs in. */
  platform: SimPlatform
  readonly #chance: Chance
  connection: StreamConnection | undefined
  /** Messages that `send` was asked to take, and has taken; messages read; of those, consumed. */
  offered = 0
  accepted = 0
  read = 0
  consumed = 0
  /** What it had read when the session was over. */
  readAtLoss = 0
  /** Whether it waits to be given something, and for room to send or for a flush. */
  isAsking = false
  isBlocked = false
  /** Whether it has ended its direction, and has called `close()`. */
  hasEnded = false
  isClosing = false
  /** When it called `close()`. */
  closedAt = 0
  /** Whether it has called `abort()`, and whether that was what ended the session. */
  isAborting = false
  hasAborted = false
  /** Whether its session was lost in such a way that what has come can still be read. */
  mayReadOn = false
  isWaitingForClose = false
  sawEnd = false
  closedCleanly = false
  error: ConnectError | undefined
  isGone = false
  /** Whether its program goes on. */
  isPlaying = false
  /** Counts whatever it does, and whatever is done for it. */
  moves = 0
  readonly kinds = new Set<Kind>()

  /** Options of its connection. */
  sendQueueBytes = 0
  windowBytes = 0

  constructor(name: 'client' | 'server', plan: UserPlan, platform: SimPlatform, chance: Chance) {
    this.name = name
    this.plan = plan
    this.messages = new Messages(name, plan.sizes)
    this.platform = platform
    this.#chance = chance
  }

  get isLost(): boolean {
    return this.connection?.session?.state === 'lost'
  }

  get ending(): Ending {
    return this.plan.ending ?? { kind: 'half' }
  }

  /** Whether for certain the queue of this user's reader is not full: it is empty, or never was. */
  hasRoomFor({ messages, accepted }: User): boolean {
    const cost = messages.bytesBetween(0, accepted) + accepted * DATAGRAM_COST_BYTES
    return this.read >= accepted || cost < this.windowBytes
  }

  /** Fulfils when the connection has ended in one way or another, and nothing more can be read. */
  async use(connection: StreamConnection, other: User): Promise<void> {
    this.connection = connection
    this.moves++
    const reading = this.#readAll(connection, other)
    const sending = this.#sendAll(connection, other)
    await Promise.all([reading, sending, this.#end(connection, other, [reading, sending])])
    await connection.closed.catch(error => this.#note(error))
    await this.#readRest(connection, other)
  }

  async #end(connection: StreamConnection, other: User, [reading, sending]: Promise<void>[]): Promise<void> {
    const { ending } = this
    if (ending.kind === 'leave' || ending.kind === 'abort') {
      const over = connection.closed.catch(() => {})
      await Promise.race([this.platform.sleep(ending.afterMs), over])
    } else {
      await sending
      if (ending.kind === 'half') await reading
    }
    this.moves++
    if (ending.kind === 'abort') this.#abort(connection)
    else await this.#close(connection, other)
  }

  #abort(connection: StreamConnection): void {
    this.isAborting = true
    const { state } = connection.session!
    this.hasAborted = state === 'attached' || state === 'detached'
    if (this.hasAborted) this.kinds.add(`abort of the ${this.name}`)
    if (state === 'detached') this.kinds.add('abort while detached')
    connection.abort()
  }

  async #close(connection: StreamConnection, other: User): Promise<void> {
    if (!other.hasEnded) this.kinds.add('close while the other sends')
    if (this.ending.kind === 'leave' && !this.ending.readsOn) this.kinds.add('close without reading')
    this.hasEnded = true
    this.isClosing = !this.isLost
    this.closedAt = this.platform.now()
    this.isWaitingForClose = true
    try {
      await connection.close()
      this.closedCleanly = true
    } catch (error) {
      this.#note(error)
    }
    this.isWaitingForClose = false
    this.moves++
  }

  async #sendAll({ writer }: StreamConnection, other: User): Promise<void> {
    try {
      for (let n = 1; n <= this.messages.count; n++) {
        await this.#pause(this.plan.sendGapMs)
        if (this.isClosing) return
        await this.#send(
          writer,
          new ConnectDatagram(this.messages.recipientOf(n), this.messages.dataOf(n).slice()),
        )
        this.accepted = n
        this.moves++
        if (this.plan.sends === 'flush' && n % 3 === 0) await this.#flush(writer, other)
      }
      if (this.ending.kind !== 'half') return
      this.hasEnded = true
      await writer.close()
    } catch (error) {
      this.isBlocked = false
      // Whoever closes, or has read the peer's end, may not send any more.
      const isOwn = this.isClosing || this.sawEnd
      if (!(isOwn && error instanceof ConnectError && error.code === 'WRITER_CLOSED')) this.#note(error)
    }
  }

  async #send(writer: StreamConnection['writer'], datagram: ConnectDatagram): Promise<void> {
    this.offered++
    this.isBlocked = true
    if (this.plan.sends !== 'trySend') await writer.send(datagram)
    else {
      while (!writer.trySend(datagram)) {
        this.kinds.add('trySend found no room')
        await this.platform.sleep(this.#chance.between(1, 50))
      }
    }
    this.isBlocked = false
  }

  async #flush(writer: StreamConnection['writer'], other: User): Promise<void> {
    this.isBlocked = true
    await writer.flush()
    this.isBlocked = false
    this.kinds.add('flushed')
    must(other.isClosing || other.consumed >= this.accepted, () => `${this.name}: flushed ${this.accepted}`)
  }

  async #readAll({ reader }: StreamConnection, other: User): Promise<void> {
    const restAt = this.#chance.between(0, 10)
    const batches = reader.batches()[Symbol.asyncIterator]()
    const loop = reader[Symbol.asyncIterator]()
    const { reads = 'receive' } = this.plan
    try {
      for (;;) {
        const isLate = this.#ask()
        let got: readonly ConnectDatagram[] | undefined
        if (reads === 'batches') got = (await batches.next()).value
        else {
          const one = reads === 'loop' ? (await loop.next()).value : await reader.receive()
          got = one === undefined ? undefined : [one]
        }
        this.isAsking = false
        this.moves++
        if (this.isGone) return
        if (got === undefined) break
        this.#take(got, other, isLate)
        if (this.read === restAt) await this.platform.sleep(this.plan.restMs)
        await this.#pause(this.plan.readGapMs)
        if (this.isClosing && this.ending.kind === 'leave' && !this.ending.readsOn) return
      }
      this.#noteEnd(other)
    } catch (error) {
      this.isAsking = false
      this.#note(error)
    }
  }

  /** Who asks for more has consumed what it was given. Returns whether the session was lost by then. */
  #ask(): boolean {
    this.isAsking = true
    const { isLost } = this
    if (!isLost) this.consumed = this.read
    return isLost
  }

  /** What came before `close()`, or after it, stays readable; behind a loss without it, nothing is. */
  async #readRest({ reader }: StreamConnection, other: User): Promise<void> {
    if (this.sawEnd) return
    try {
      for (let next = await reader.receive(); next !== undefined; next = await reader.receive()) {
        this.#take([next], other, true)
      }
      this.#noteEnd(other)
    } catch (error) {
      this.#note(error)
    }
  }

  #take(got: readonly ConnectDatagram[], other: User, isLate: boolean): void {
    must(got.length > 0, 'an empty batch')
    if (got.length > 1) this.kinds.add('read in batches')
    must(
      !isLate || this.isClosing || this.mayReadOn,
      () => `${this.name}: handed out when the session was lost`,
    )
    for (const { recipient, data } of got) {
      const n = this.read + 1
      must(n <= other.offered, () => `${this.name}: ${n} messages of ${other.offered}`)
      const isRight = recipient === other.messages.recipientOf(n) && other.messages.dataOf(n).equals(data)
      must(isRight, () => `${this.name}: message ${n} is another (${recipient}, ${data.length} bytes)`)
      this.read = n
    }
  }

  #noteEnd(other: User): void {
    this.sawEnd = true
    must(
      this.read === other.accepted,
      () => `${this.name}: a clean end after ${this.read} of ${other.accepted}`,
    )
  }

  #note(error: unknown): void {
    if (!(error instanceof ConnectError)) throw error
    this.error ??= error
  }

  async #pause(most: number): Promise<void> {
    if (most > 0 && this.#chance.yes(0.5)) await this.platform.sleep(this.#chance.between(0, most))
    this.moves++
  }
}
