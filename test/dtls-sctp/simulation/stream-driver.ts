import type { ConnectError } from '../../../src/errors.ts'
import type { Platform } from '../../../src/platform.ts'
import type { ByteStreamSink } from '../../../src/transport/byte-stream.ts'
import type { AssociationUser } from '../../../src/transport/sctp/association/association-user.ts'
import type { AssociationStream } from '../../../src/transport/sctp/stream/association-stream.ts'
import type { Served, User } from '../../sctp/simulation/user.ts'
import { must } from '../../sctp/simulation/violation.ts'

/** A chunk that was begun inside the window may go beyond it. */
const CHUNK_BYTES = 1200

/**
 * Joins a program to the byte stream of an association. The program hears what the association says, before the stream
 * does; what it wants is asked of the stream; and what the stream then tells must be the same, later.
 */
export class StreamDriver implements ByteStreamSink, Served {
  readonly user: User
  readonly #platform: Platform
  readonly #windowBytes: number
  #stream: AssociationStream | undefined
  /** Whether the program takes everything at once; others pause the stream, but for so many bytes as they want to read. */
  #isPrompt: boolean
  #wanted = 0
  #delivered = 0
  #written = 0
  #ended = false
  #finished = false
  #closed = false
  #turnAwaited = false
  #cancelWake: (() => void) | undefined

  constructor(user: User, windowBytes: number, platform: Platform) {
    this.user = user
    this.#windowBytes = windowBytes
    this.#platform = platform
    this.#isPrompt = user.plan.readsAfterMs === 0 && user.plan.readGapMs === 0
  }

  /** Whether the stream has told of its end, if it ever was one. */
  get isDone(): boolean {
    return this.#stream === undefined || this.#closed
  }

  /** The user of the association in front of the stream. */
  before(stream: AssociationUser): AssociationUser {
    const both = (tell: (user: AssociationUser) => void): void => {
      tell(this.user)
      tell(stream)
    }
    return {
      onUp: () => both(user => user.onUp()),
      onData: bytes => {
        both(user => user.onData(bytes))
        this.#checkMemory()
        if (!this.#isPrompt) this.#touch()
      },
      onEnd: () => both(user => user.onEnd()),
      onAcknowledged: byteLength => both(user => user.onAcknowledged(byteLength)),
      onFinish: () => both(user => user.onFinish()),
      onClosed: error => {
        both(user => user.onClosed(error))
        this.#touch()
      },
    }
  }

  open(stream: AssociationStream): void {
    this.#stream = stream
    stream.open(this)
    if (!this.#isPrompt) stream.pause()
    this.#touch()
  }

  send(segments: readonly Uint8Array[]): void {
    this.#stream!.write(segments)
  }

  end(): void {
    this.#stream!.end()
  }

  abort(): void {
    this.#stream!.reset()
  }

  consumed(byteLength: number): void {
    if (this.#isPrompt) return
    this.#wanted += byteLength
    this.#stream!.resume()
  }

  room(): Uint8Array | undefined {
    const isAllWanted = this.#isPrompt || this.#wanted >= this.user.received - this.#delivered
    return isAllWanted ? undefined : new Uint8Array(this.#wanted)
  }

  onData(chunk: Uint8Array): void {
    const { name, partner, received } = this.user
    this.#check('data', !this.#ended)
    must(chunk.length > 0 && this.#delivered + chunk.length <= received, `${name}: data from nowhere`)
    must(
      partner?.hasWritten(this.#delivered, chunk) === true,
      () => `${name}: the stream has other bytes than the association, at ${this.#delivered}`,
    )
    this.#delivered += chunk.length
    if (!this.#isPrompt) this.#took(chunk.length)
    this.#touch()
  }

  onEnd(): void {
    const { peerHasEnded, received } = this.user
    this.#check('an end', !this.#ended && peerHasEnded && this.#delivered === received)
    this.#ended = true
    this.#touch()
  }

  onWritten(byteLength: number): void {
    this.#written += byteLength
    this.#check('an acknowledgement', this.#written <= this.user.acknowledged)
    this.#touch()
  }

  onSpoilt(error: ConnectError): void {
    throw error
  }

  onFinish(): void {
    this.#check('its own end', !this.#finished && this.user.hasFinished)
    this.#finished = true
    this.#touch()
  }

  onClose(error?: ConnectError): void {
    const { user } = this
    this.#check('a close', user.hasAborted ? error === undefined : user.isClosed && error === user.error)
    if (!user.hasAborted && error === undefined) {
      const isWhole = this.#delivered === user.received && this.#written === user.written
      this.#check('a clean close', isWhole && this.#ended && this.#finished)
    }
    this.#closed = true
  }

  #check(what: string, isRight: boolean): void {
    must(isRight && !this.#closed, () => `${this.user.name}: the stream tells of ${what} when it must not`)
  }

  #took(byteLength: number): void {
    this.#wanted -= byteLength
    must(this.#wanted >= 0, `${this.user.name}: a stream that is paused goes on`)
    if (this.#wanted === 0) this.#stream!.pause()
  }

  /** What is held before its turn is counted by itself. */
  #checkMemory(): void {
    const unread = this.user.received - this.#delivered
    must(
      unread <= 2 * this.#windowBytes + CHUNK_BYTES,
      () => `${this.user.name}: ${unread} bytes wait to be read`,
    )
  }

  #touch(): void {
    if (this.#turnAwaited) return
    this.#turnAwaited = true
    this.#platform.nextTurn(() => {
      this.#turnAwaited = false
      this.#turn()
    })
  }

  #turn(): void {
    const { user } = this
    if (this.#stream === undefined) return
    const now = this.#platform.now()
    user.act(this, now)
    this.#cancelWake?.()
    if (user.isClosed && !this.#isPrompt) this.#readRest()
    if (user.wakeAt === Number.POSITIVE_INFINITY) return
    this.#cancelWake = this.#platform.startTimer(() => this.#turn(), Math.max(0, user.wakeAt - now))
  }

  /** The association is gone, and has left what nobody has read yet. */
  #readRest(): void {
    this.#isPrompt = true
    this.#stream!.resume()
  }
}
