import { ConnectError, ConnectErrorCode } from '../errors.ts'
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
    const { length } = unconfirmed
    const what = length === 0 ? 'all that was sent is confirmed' : `${length} datagrams are not confirmed`
    super(ConnectErrorCode.SESSION_LOST, `the session was lost, ${what}: ${cause.message}`, { cause })
    this.#unconfirmed = unconfirmed
  }

  /**
   * The datagrams that `send` or `trySend` has taken and whose consumption by the peer's application was not confirmed,
   * in the order in which they were sent. A `send` that was still waiting has rejected, and its datagram is not among
   * them; nor is data that was transferred away.
   */
  get unconfirmed(): readonly ConnectDatagram[] {
    return this.#unconfirmed
  }

  static {
    SessionLostError.prototype.name = 'SessionLostError'
  }
}
