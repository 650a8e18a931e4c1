import { type ConnectError, ConnectErrorCode } from '../errors.ts'
import type { Allocate } from '../frame/partial-data.ts'
import type { ConsumptionCounter } from './inbound.ts'
import type { Line, Window } from './line.ts'

/** Why a CLOSE ends a session: 0 is a clean end of one direction. */
export const CloseCode = { CLEAN: 0, ABORTED: 1, VIOLATION: 2, DATA_GONE: 3, GIVEN_UP: 4 } as const

const VIOLATIONS: ReadonlySet<string> = new Set<string>([
  ConnectErrorCode.PROTOCOL_VIOLATION,
  ConnectErrorCode.FRAME_SIZE_INVALID,
  ConnectErrorCode.VERSION_UNSUPPORTED,
])

/** What the peer is told of an error by which this end gives the session up. */
export function closeCodeOf({ code }: ConnectError): number {
  if (code === ConnectErrorCode.ABORTED) return CloseCode.ABORTED
  if (VIOLATIONS.has(code)) return CloseCode.VIOLATION
  return code === ConnectErrorCode.INVALID_ARGUMENT ? CloseCode.DATA_GONE : CloseCode.GIVEN_UP
}

/**
 * `detached`: no line carries the session. `attached`: one does. `closed`: both directions have ended, and the other end
 * knows. `lost`: it will never go on; `isDropped` if the peer's user has aborted it, and wants to know of nothing more;
 * `isFinal` if the peer has said how far it had come in the end.
 *
 * | from | to | by | because |
 * | --- | --- | --- | --- |
 * | detached | attached | `attach` | WELCOME was sent, or has come |
 * | attached | detached | `detach` | the line broke, fell silent, or another is there |
 * | attached | closed | `input` | the server: the client has confirmed all. The client: the server has said so |
 * | detached | closed | `concludeEnded` | the server says that it had ended |
 * | attached | lost | `input`, `write` | the peer broke a rule or gave up; what was to be sent is gone |
 * | detached | lost | `attach` | the counters of the two contradict each other |
 * | any | lost | `lose` | this end gives up: aborted, out of time, refused |
 */
export type SessionEndState =
  | { readonly kind: 'detached' }
  | { readonly kind: 'attached'; readonly line: Line }
  | { readonly kind: 'closed' }
  | {
      readonly kind: 'lost'
      readonly error: ConnectError
      readonly isDropped: boolean
      readonly isFinal: boolean
    }

/** What an end of a session tells. Called from inside its methods; what it has told is done already. */
export interface SessionEndUser extends ConsumptionCounter {
  /** The next bytes of data frames. */
  onFrames(bytes: Uint8Array): void
  /** What was told of a frame that is not whole is void: that frame will come again from its start. */
  onCut(): void
  /** The peer has consumed the next so many bytes of what was written. */
  onConfirmed(byteLength: number): void
  /** The peer has ended its direction; all of it was told before. */
  onPeerEnd(): void
  /** The peer has consumed all, and knows that no more comes. */
  onFinish(): void
  /** `acknowledge` should be called in a moment. */
  onAckWanted(): void
  /** The session is closed or lost: the last call. */
  onOver(): void
}

export interface SessionEndOptions {
  readonly role: 'client' | 'server'
  /** What this end takes. */
  readonly window: Window
  readonly maxMessageBytes: number
  /** Memory of the kind that chunks are made of. */
  readonly allocate?: Allocate
}
