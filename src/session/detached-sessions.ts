/** A session that no connection carries. */
interface Detached {
  readonly stream: { readonly keptBytes: number; readonly isShown: boolean }
}

/** A session, and since when it has waited. */
type Entry<S> = readonly [session: S, since: number]

/** The sessions of a listener that wait for their clients, in the order in which these went away, and what they keep. */
export class DetachedSessions<S extends Detached> {
  /** Those whose clients have been heard of behind their HELLO, and those of whom nobody knows whether they are any. */
  readonly #shown = new Map<S, number>()
  readonly #strangers = new Map<S, number>()
  #keptBytes = 0

  get size(): number {
    return this.#shown.size + this.#strangers.size
  }

  /** Bytes that all of them keep. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  /** The one that has waited for longest. */
  get first(): Entry<S> | undefined {
    const [shown, stranger] = [firstOf(this.#shown), firstOf(this.#strangers)]
    if (shown === undefined || stranger === undefined) return shown ?? stranger
    return shown[1] <= stranger[1] ? shown : stranger
  }

  /** The one to do without: whoever says HELLO and leaves must not push out a session that is in use. */
  get weakest(): S | undefined {
    return (firstOf(this.#strangers) ?? firstOf(this.#shown))?.[0]
  }

  has(session: S): boolean {
    return this.#shown.has(session) || this.#strangers.has(session)
  }

  add(session: S, now: number): void {
    const { isShown, keptBytes } = session.stream
    const entries = isShown ? this.#shown : this.#strangers
    entries.set(session, now)
    this.#keptBytes += keptBytes
  }

  /** One of them keeps so many bytes more. */
  grow(session: S, byteLength: number): void {
    if (this.has(session)) this.#keptBytes += byteLength
  }

  /** Its client is back, or it is over; before anything of what it keeps is confirmed. */
  remove(session: S): void {
    if (this.#shown.delete(session) || this.#strangers.delete(session)) {
      this.#keptBytes -= session.stream.keptBytes
    }
  }
}

function firstOf<S>(entries: ReadonlyMap<S, number>): Entry<S> | undefined {
  for (const entry of entries) return entry
  return undefined
}
