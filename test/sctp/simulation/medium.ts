import type { CookieState } from '../../../src/transport/sctp/association/cookie.ts'
import type { Chance } from './chance.ts'
import { type HostPlan, SimulatedHost } from './host.ts'
import type { Network, Receiver } from './network.ts'
import type { User } from './user.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** A machine as a run has it: all that is SCTP's, and the programs that use it. */
export interface Host extends Receiver {
  /** Gives the program for an association that a peer begins. */
  onAccept: ((cookie: CookieState) => User) | undefined
  /** Whether nothing is left of any association. */
  readonly isIdle: boolean
  /** Chunks that were sent more than once. */
  readonly sentAgain: number
  listen(): void
  /** Begins an association; returns its tag. */
  dial(address: string, user: User): number
  /** Closes what the associations are in. */
  close(): void
  /** The machine loses all that it knows. Its users are never called again. Doing it twice does nothing. */
  vanish(): void
}

export interface HostParts {
  readonly address: string
  readonly plan: HostPlan
  /** What the peer advertises. */
  readonly peerWindow: number
  readonly clock: VirtualClock
  readonly network: Network
  readonly chance: Chance
}

/** What the hosts of one run have in common. */
export interface Medium {
  host(parts: HostParts): Host
  /** Called when everything is over. @throws Violation if something is left that must not be */
  checkEnd(): void
}

/** SCTP by itself. */
export const plainMedium: Medium = {
  host: parts => new SimulatedHost(parts),
  checkEnd() {},
}
