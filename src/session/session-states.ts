import { type IteratorSource, WithdrawingIterator } from '../connection/iterator.ts'
import { Deferred } from '../connection/promises.ts'
import type { Session, SessionState } from '../connection/types.ts'
import { INSPECT, type Inspect, shownAs } from '../inspection.ts'

/** What the user sees of a session: its id, and its state as it changes. */
export class SessionStates implements Session {
  readonly id: string
  #state: SessionState = 'attached'
  /** Loops that wait for the next change. */
  readonly #waiting = new Set<StateLoop>()

  constructor(id: string) {
    this.id = id
  }

  get state(): SessionState {
    return this.#state
  }

  states(): AsyncIterable<SessionState> {
    return { [Symbol.asyncIterator]: () => new WithdrawingIterator(new StateLoop(this, this.#waiting)) }
  }

  /** @internal */
  [INSPECT](_depth: number, options: object, inspect: Inspect): string {
    return shownAs('Session', { id: this.id, state: this.#state }, options, inspect)
  }

  change(state: SessionState): void {
    this.#state = state
    for (const loop of [...this.#waiting]) loop.onChange()
  }
}

type StateResult = IteratorResult<SessionState, undefined>

const DONE: StateResult = { value: undefined, done: true }

/** One loop over the states. */
class StateLoop implements IteratorSource<SessionState> {
  readonly #session: Session
  readonly #waitingLoops: Set<StateLoop>
  #waiting: Deferred<StateResult>[] = []
  /** What the loop was given last. */
  #last: SessionState | undefined

  constructor(session: Session, waitingLoops: Set<StateLoop>) {
    this.#session = session
    this.#waitingLoops = waitingLoops
  }

  nextFor(): Promise<StateResult> {
    if (this.#isOver) return Promise.resolve(DONE)
    if (this.#waiting.length === 0 && this.#session.state !== this.#last) return Promise.resolve(this.#take())
    const pending = new Deferred<StateResult>()
    this.#waiting.push(pending)
    this.#waitingLoops.add(this)
    return pending.promise
  }

  withdraw(): void {
    this.#waitingLoops.delete(this)
    for (const pending of this.#waiting.splice(0)) pending.resolve(DONE)
  }

  /** The state has changed while a `next()` waits. */
  onChange(): void {
    if (this.#session.state === this.#last) return
    this.#waiting.shift()!.resolve(this.#take())
    if (this.#isOver || this.#waiting.length === 0) this.withdraw()
  }

  get #isOver(): boolean {
    return this.#last === 'lost' || this.#last === 'closed'
  }

  #take(): StateResult {
    this.#last = this.#session.state
    return { value: this.#last, done: false }
  }
}
