import type { ConnectSettings } from '../../../src/options.ts'
import type { ShadowSession } from './shadow-session.ts'
import type { SimPlatform } from './sim-platform.ts'
import type { User } from './user.ts'

/** A client's place in the world: its process, its user, and the user whom it meets at the listener. */
export interface Slot {
  readonly index: number
  readonly process: SimPlatform
  readonly settings: ConnectSettings
  readonly client: User
  readonly server: User
  /** That of which the client knows. */
  session: ShadowSession | undefined
  /** Whether it tries to connect, and how often it was refused. */
  isBeginning: boolean
  refusals: number
}
