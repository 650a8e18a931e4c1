import type { ConnectError } from '../../../errors.ts'

/** Whom an association serves. It is called from inside `input`, `onTimeout` and `output`, and must not call back. */
export interface AssociationUser {
  /** The association is established. */
  onUp(): void
  /** The next bytes of the stream. Their memory is the packet's. */
  onData(bytes: Uint8Array): void
  /** The peer has ended its direction. */
  onEnd(): void
  /** The peer has the next `byteLength` bytes of those sent. */
  onAcknowledged(byteLength: number): void
  /** The peer knows the end of this direction. */
  onFinish(): void
  /** The association is gone; without an error, both directions have ended. The last call. */
  onClosed(error?: ConnectError): void
}
