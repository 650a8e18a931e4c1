import { AGAIN, type Caller, ConnectError, ConnectErrorCode, counted, withStackFrom } from '../errors.ts'
import type { ConnectDatagram } from '../frame/datagram.ts'
import type { Unconfirmed } from './unconfirmed.ts'

/**
 * A session cannot go on: a process was restarted, the time for which it is kept ran out, or one end gave it up. `cause`
 * says which.
 *
 * Nothing of it goes into another session by itself. Whoever sends `unconfirmed` again decides that what the peer may
 * have consumed already does no harm twice.
 */
export class SessionLostError extends ConnectError {
  /**
   * Whether the peer has said how far it had come in the end, so that it has consumed none of `unconfirmed`. Otherwise it
   * may have consumed the first of them, and its confirmation was lost.
   */
  readonly exact: boolean
  // Not a property: whoever prints the error would get them all.
  readonly #unconfirmed: Unconfirmed

  /** @internal */
  constructor(unconfirmed: Unconfirmed, exact: boolean, cause: ConnectError) {
    const what = whatIsLeft(unconfirmed, cause)
    super(ConnectErrorCode.SESSION_LOST, `the session was lost, ${what}: ${cause.message}`, { cause })
    this.#unconfirmed = unconfirmed
    this.exact = exact
  }

  /**
   * The datagrams that `send` or `trySend` has taken and whose consumption by the peer's application was not confirmed,
   * in the order in which they were sent. A `send` that was still waiting has rejected, and its datagram is not among
   * them; nor is data that was transferred away, nor, where that is the cause, what waited in the queue with it.
   *
   * They are made when they are first asked for, and the same each time. Until then the error keeps the memory in which
   * they were to be sent: at most `sendQueueBytes`, or one larger datagram.
   */
  get unconfirmed(): readonly ConnectDatagram[] {
    return this.#unconfirmed.datagrams
  }

  /** @internal */
  override [AGAIN](from: Caller): SessionLostError {
    // As in ConnectError.
    const Own = this.constructor as typeof SessionLostError
    const error = new Own(this.#unconfirmed, this.exact, this.cause as ConnectError)
    return withStackFrom(from, Object.assign(error, this))
  }
}

SessionLostError.prototype.name = 'SessionLostError'

function whatIsLeft({ count }: Unconfirmed, { code }: ConnectError): string {
  // What waits with data that was transferred away cannot be handed over, and nobody counts it.
  const isKnown = code !== ConnectErrorCode.INVALID_ARGUMENT
  if (count === 0 && isKnown) return 'all that was sent is confirmed'
  return `${isKnown ? '' : 'at least '}${counted(count, 'datagram')} ${count === 1 ? 'is' : 'are'} not confirmed`
}
