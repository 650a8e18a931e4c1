import type { ConnectError } from '../errors.ts'
import type { Session } from './types.ts'

/** What a connection in a session asks of the session, beside that it is its stream. */
export interface SessionLink {
  readonly session: Session
  /** How long the session is kept while no connection carries it, in ms. */
  readonly keptForMs: number
  /** The connection is there; called once, before `open`. */
  join(user: SessionUser): void
  /**
   * The user has consumed something. Returns whether `watchConsumption` will follow, and nothing need be told of single
   * datagrams until then.
   */
  onConsumed(): boolean
  /** This end gives the session up. Returns what the connection fails with. */
  giveUp(cause: ConnectError): ConnectError
}

/** What a session asks of the connection that it belongs to. */
export interface SessionUser {
  /** Datagrams that have been consumed; never goes back. */
  countConsumed(): number
  /** What arrived and is not taken yet, in bytes, with what it costs to keep. */
  readonly unreadCost: number
  /** Frames that begin in what it has given the stream, that of the `write` which asks included. */
  readonly begunFrames: number
  /** Bytes that the last of them lacks: 0 if what it has given ends with a frame. */
  readonly tailBytes: number
  /** Single datagrams should be told of again. */
  watchConsumption(): void
  /** Gives the session all that was taken to be sent. */
  handOver(): void
  /** Drops what has come of a frame that is not whole: it will come again from its start. */
  dropPart(): void
  /** Hands out nothing more of what is not consumed by now. */
  dropUnread(): void
  /** A connection carries the session again, or none does any more. */
  onAttached(): void
  onDetached(): void
}
