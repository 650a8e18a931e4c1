import type { HostPlan } from './host.ts'
import { type LinkPlan, PERFECT_LINK } from './link.ts'
import type { UserPlan } from './user.ts'

/** What happens to the path or to a machine in the middle of a run, in ms from its start. */
export type Incident =
  /** The named host loses all that it knows; the client dials again so much later. */
  | {
      readonly kind: 'restart'
      readonly who: SideName
      readonly at: number
      readonly dialMs: number
    }
  /** The named host closes its DTLS connection, whatever its association is doing. */
  | { readonly kind: 'close'; readonly who: SideName; readonly at: number }
  /** A NAT gives the client another UDP port. */
  | { readonly kind: 'rebinding'; readonly at: number }

export interface Side {
  readonly host: HostPlan
  /** The first user of the side, and those that follow after a restart. */
  readonly user: UserPlan
  readonly next: UserPlan
  /** What it sends goes over this. */
  readonly link: LinkPlan
}

/** All that is decided before a run begins. */
export interface Plan {
  readonly client: Side
  readonly server: Side
  readonly incidents: readonly Incident[]
  /** When the server dials as well, after the client; then nobody is accepted. */
  readonly serverDialsAt: number | undefined
  readonly withoutAdaptation: boolean
  /** Which dials must end without an error at both ends; others may fail, each with a code. */
  readonly mustEndWell: 'all' | 'last' | 'none'
  /** Whether one end may fail nevertheless if the other has ended well, because it has missed the farewell. */
  readonly mayMissFarewell: boolean
  /** Whether nothing is lost or late, so that nothing may be sent twice. */
  readonly isPerfect: boolean
  /** When everything is over at the latest, in virtual ms. */
  readonly mostMs: number
}

const NEVER = Number.POSITIVE_INFINITY

/** A program that writes a little and ends. */
const QUIET_USER: UserPlan = {
  writes: [[1000]],
  writeGapMs: 0,
  unacknowledgedBytes: NEVER,
  readsAfterMs: 0,
  readGapMs: 0,
  slowReads: 0,
  ends: 'first',
  abortsAfterMs: NEVER,
  hurries: false,
}

const QUIET_HOST: HostPlan = {
  windowBytes: 1_048_576,
  largestPacketBytes: 1472,
  heartbeatIntervalMs: 30_000,
  zeroChecksumAcceptable: false,
  sharedDatagramBytes: 0,
  initialTsn: undefined,
  turnMs: 0,
  lateTimers: 0,
  lateMs: 0,
}

const QUIET_SIDE: Side = { host: QUIET_HOST, user: QUIET_USER, next: QUIET_USER, link: PERFECT_LINK }

/** Two such programs, and nothing goes wrong: what others change. */
export const QUIET_PLAN: Plan = {
  client: QUIET_SIDE,
  server: QUIET_SIDE,
  incidents: [],
  serverDialsAt: undefined,
  withoutAdaptation: false,
  mustEndWell: 'all',
  mayMissFarewell: false,
  isPerfect: false,
  mostMs: 600_000,
}

export type SideName = 'client' | 'server'

function withSides(plan: Plan, change: (side: Side, name: SideName) => Side): Plan {
  return { ...plan, client: change(plan.client, 'client'), server: change(plan.server, 'server') }
}

export const withUser = (plan: Plan, change: (name: SideName) => Partial<UserPlan>): Plan =>
  withSides(plan, (side, name) => ({ ...side, user: { ...side.user, ...change(name) } }))

export const withHost = (plan: Plan, change: (name: SideName) => Partial<HostPlan>): Plan =>
  withSides(plan, (side, name) => ({ ...side, host: { ...side.host, ...change(name) } }))

export const withLink = (plan: Plan, change: (name: SideName) => Partial<LinkPlan>): Plan =>
  withSides(plan, (side, name) => ({ ...side, link: { ...side.link, ...change(name) } }))
