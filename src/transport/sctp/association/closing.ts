import { CHUNK_HEADER_BYTES } from '../wire/chunk-reader.ts'
import { ChunkType } from '../wire/numbers.ts'
import type { PacketWriter } from '../wire/packet-writer.ts'
import type { Tsn } from '../wire/serial.ts'
import { ShutdownTimers } from './shutdown-timers.ts'

/** An established association on its way to its end (RFC 9260, section 9.2). */
export type ClosingState =
  | 'ESTABLISHED'
  | 'SHUTDOWN-PENDING'
  | 'SHUTDOWN-SENT'
  | 'SHUTDOWN-RECEIVED'
  | 'SHUTDOWN-ACK-SENT'

/** Who hears of the ends of the two directions. */
export interface ClosingUser {
  /** The peer has ended its direction. */
  onEnd(): void
  /** The peer knows the end of this direction. */
  onFinish(): void
}

/** What of the sending side matters for the end. */
export interface SendingSide {
  /** Whether all that was queued is acknowledged, the mark of the end included. */
  readonly isEmpty: boolean
  /** Whether the mark of the end is acknowledged. */
  readonly endAcknowledged: boolean
}

/**
 * When both directions have ended, the end that was connected to begins the shutdown, for it mostly stays and can answer
 * a peer that misses the farewell. The other waits so long for it, in ms.
 */
const LEAVE_SHUTDOWN_MS = 1000

/** SHUTDOWNs or SHUTDOWN ACKs that are not answered before an end that has nothing more to learn leaves. */
const FAREWELL_TRANSMISSIONS = 4

const NEVER = Number.POSITIVE_INFINITY

/** The ends of both directions, and the shutdown that follows. */
export class Closing {
  readonly #endMarks: boolean
  readonly #accepted: boolean
  readonly #user: ClosingUser
  readonly #timers = new ShutdownTimers()
  #state: ClosingState = 'ESTABLISHED'
  #endWanted = false
  #peerEnded = false
  #finished = false
  /** When this end begins the shutdown, unless the other has by then. */
  #beginAt = NEVER

  /**
   * @param endMarks whether each direction is ended by a mark, as PROTOCOL.md has it
   * @param accepted whether it was the peer who began the association
   */
  constructor(endMarks: boolean, accepted: boolean, user: ClosingUser) {
    this.#endMarks = endMarks
    this.#accepted = accepted
    this.#user = user
  }

  get state(): ClosingState {
    return this.#state
  }

  /** Whether the peer may still send data. */
  get takesData(): boolean {
    return this.#state !== 'SHUTDOWN-RECEIVED' && this.#state !== 'SHUTDOWN-ACK-SENT'
  }

  /** Whether each end knows that the other has everything, so that only the farewell is missing. */
  get isSettled(): boolean {
    return (this.#finished && this.#peerEnded) || this.#state === 'SHUTDOWN-ACK-SENT'
  }

  get at(): number {
    return Math.min(this.#timers.at, this.#state === 'ESTABLISHED' ? this.#beginAt : NEVER)
  }

  /** This direction is to end behind what is queued. */
  end(): void {
    this.#endWanted = true
    if (!this.#endMarks && this.#state === 'ESTABLISHED') this.#state = 'SHUTDOWN-PENDING'
  }

  /** The peer's direction has ended, by the mark or by SHUTDOWN. */
  onPeerEnd(): void {
    if (this.#peerEnded) return
    this.#peerEnded = true
    this.#user.onEnd()
  }

  /** Data has come: in answer to it, SHUTDOWN is sent again. */
  onData(now: number): void {
    if (this.#state !== 'SHUTDOWN-SENT') return
    this.#timers.onHeard()
    this.#timers.send(now)
  }

  onShutdown(now: number): void {
    if (this.#state === 'SHUTDOWN-RECEIVED') return
    if (this.takesData && this.#state !== 'SHUTDOWN-SENT') {
      this.#state = 'SHUTDOWN-RECEIVED'
      this.onPeerEnd()
      return
    }
    this.#state = 'SHUTDOWN-ACK-SENT'
    this.#timers.onHeard()
    this.#timers.send(now)
  }

  /** Returns whether the shutdown is complete. */
  onShutdownAck(): boolean {
    return this.#state === 'SHUTDOWN-SENT' || this.#state === 'SHUTDOWN-ACK-SENT'
  }

  /** Returns whether the shutdown is complete. */
  onShutdownComplete(): boolean {
    return this.#state === 'SHUTDOWN-ACK-SENT'
  }

  /** The shutdown is complete. */
  complete(): void {
    this.onPeerEnd()
    this.#finish()
  }

  /** Sends SHUTDOWN ACK once more. */
  answer(now: number): void {
    this.#timers.send(now)
  }

  /** Goes on to the next state, if what it waits for is there. */
  advance(sending: SendingSide, now: number): void {
    if (sending.endAcknowledged) this.#finish()
    if (!sending.isEmpty) return
    if (this.#state === 'ESTABLISHED' && this.isSettled && this.#beginAt === NEVER) {
      this.#beginAt = this.#accepted ? now : now + LEAVE_SHUTDOWN_MS
    }
    if (this.#state === 'SHUTDOWN-PENDING' || (this.#state === 'ESTABLISHED' && now >= this.#beginAt)) {
      this.#state = 'SHUTDOWN-SENT'
      this.#timers.send(now)
    } else if (this.#state === 'SHUTDOWN-RECEIVED' && this.#endWanted) {
      this.#state = 'SHUTDOWN-ACK-SENT'
      this.#timers.send(now)
    }
  }

  /** Returns whether to wait on; if not, the association ends, cleanly where it {@link isSettled}. */
  onTimeout(now: number): boolean {
    if (now < this.#timers.at) return true
    if (this.isSettled && this.#timers.transmissions >= FAREWELL_TRANSMISSIONS) return false
    return this.#timers.onTimeout(now)
  }

  /** Writes SHUTDOWN or SHUTDOWN ACK, if it is due. */
  write(writer: PacketWriter, cumulativeTsn: Tsn, rtoMs: number, now: number): void {
    if (!this.#timers.isDue || writer.room < CHUNK_HEADER_BYTES + 4) return
    this.#timers.onSent(now, rtoMs)
    if (this.#state === 'SHUTDOWN-ACK-SENT') {
      writer.chunk(ChunkType.SHUTDOWN_ACK, 0)
      return
    }
    writer.beginChunk(ChunkType.SHUTDOWN, 0)
    writer.u32(cumulativeTsn)
    writer.endChunk()
  }

  #finish(): void {
    if (this.#finished) return
    this.#finished = true
    this.#user.onFinish()
  }
}
