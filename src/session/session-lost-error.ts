import { AGAIN, ConnectError, ConnectErrorCode } from '../errors.ts'
import type { ConnectDatagram } from '../frame/datagram.ts'

/**
 * A session cannot go on: a process was restarted, the time for which it is kept ran out, or one end gave it up. `cause`
 * says which.
 *
 * Nothing of it goes into another session by itself. Whoever sends `unconfirmed` again decides that what the peer may
 * have consumed already does no harm twice.
 */
export class SessionLostError extends ConnectError {
  // Not a property: whoever prints the error would get them all.
  readonly #unconfirmed: readonly ConnectDatagram[]

  constructor(unconfirmed: readonly ConnectDatagram[], cause: ConnectError) {
    super(
      ConnectErrorCode.SESSION_LOST,
      `the session was lost, ${whatIsLeft(unconfirmed, cause)}: ${cause.message}`,
      {
        cause,
      },
    )
    this.#unconfirmed = unconfirmed
  }

  /**
   * The datagrams that `send` or `trySend` has taken and whose consumption by the peer's application was not confirmed,
   * in the order in which they were sent. A `send` that was still waiting has rejected, and its datagram is not among
   * them; nor is data that was transferred away, nor, where that is the cause, what waited in the queue with it.
   */
  get unconfirmed(): readonly ConnectDatagram[] {
    return this.#unconfirmed
  }

  /** @internal */
  override [AGAIN](): SessionLostError {
    return Object.assign(new SessionLostError(this.#unconfirmed, this.cause as ConnectError), this)
  }

  static {
    SessionLostError.prototype.name = 'SessionLostError'
  }
}

function whatIsLeft({ length }: readonly ConnectDatagram[], { code }: ConnectError): string {
  // What waits with data that was transferred away cannot be handed over, and nobody counts it.
  const isKnown = code !== ConnectErrorCode.INVALID_ARGUMENT
  if (length === 0 && isKnown) return 'all that was sent is confirmed'
  return `${isKnown ? '' : 'at least '}${length} datagrams are not confirmed`
}
