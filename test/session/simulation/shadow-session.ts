import type { Coverage } from './coverage.ts'
import type { HelloFrame, WelcomeFrame } from './frames.ts'
import { ShadowEnd } from './shadow-end.ts'
import type { Slot } from './slot.ts'

/** A session as it must be: both its ends, and how it can be resumed. */
export class ShadowSession {
  readonly id: string
  readonly key: Uint8Array
  readonly slot: Slot
  readonly client: ShadowEnd
  readonly server: ShadowEnd
  /** The highest epoch that the client has said, and that the server has welcomed. */
  epochSaid = 1
  epochTaken = 1
  /** When its end at the server was over; only of a session that was shown. */
  serverOverAt: number | undefined
  clientOverAt: number | undefined
  /** Tries since the last WELCOME that were answered as any listener could. */
  strangers = 0
  /** The code of the REJECT that the client has read and has to believe. */
  refusal: number | undefined

  constructor(slot: Slot, hello: HelloFrame, welcome: WelcomeFrame, coverage: Coverage) {
    this.id = welcome.id
    this.key = welcome.key
    this.slot = slot
    this.client = new ShadowEnd(`client ${slot.index}`, welcome, coverage)
    this.server = new ShadowEnd(`server ${slot.index}`, hello, coverage)
  }

  /** Whether the listener's user has it. */
  get isShown(): boolean {
    return this.server.user !== undefined
  }

  /** Whether both ends are attached to the same connection, and nothing is wrong with that. */
  get isJoined(): boolean {
    const { line } = this.client
    return line?.isSound === true && line.peer === this.server.line
  }
}
