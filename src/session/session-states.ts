import { Deferred } from '../connection/promises.ts'
import type { Session, SessionState } from '../connection/types.ts'

/** What the user sees of a session: its id, and its state as it changes. */
export class SessionStates implements Session {
  readonly id: string
  #state: SessionState = 'attached'
  /** Fulfilled by the next change, if somebody waits for it. */
  #changed: Deferred<void> | undefined

  constructor(id: string) {
    this.id = id
  }

  get state(): SessionState {
    return this.#state
  }

  async *states(): AsyncGenerator<SessionState, void, undefined> {
    for (let last: SessionState | undefined; ; ) {
      if (this.#state === last) {
        this.#changed ??= new Deferred()
        await this.#changed.promise
        continue
      }
      last = this.#state
      yield last
      if (last === 'lost' || last === 'closed') return
    }
  }

  change(state: SessionState): void {
    this.#state = state
    this.#changed?.resolve()
    this.#changed = undefined
  }
}
