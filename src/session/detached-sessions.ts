/** A session that no connection carries. */
interface Detached {
  readonly stream: { readonly keptBytes: number; readonly isShown: boolean }
}

/** Since when a session has waited, and what it keeps at most. */
interface Wait {
  readonly since: number
  bytes: number
}

/** The sessions of a listener that wait for their clients, in the order in which these went away, and what they keep. */
export class DetachedSessions<S extends Detached> {
  /** Those whose clients have been heard of behind their HELLO, and those of whom nobody knows whether they are any. */
  readonly #shown = new Map<S, Wait>()
  readonly #strangers = new Map<S, Wait>()
  #keptBytes = 0

  get size(): number {
    return this.#shown.size + this.#strangers.size
  }

  /** Bytes that all of them keep, at most: what their users have read since is counted. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  /** The one that has waited for longest. */
  get first(): readonly [session: S, since: number] | undefined {
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
    const { isShown, keptBytes: bytes } = session.stream
    const waits = isShown ? this.#shown : this.#strangers
    waits.set(session, { since: now, bytes })
    this.#keptBytes += bytes
  }

  /** One of them keeps so many bytes more. */
  grow(session: S, byteLength: number): void {
    const wait = this.#waitOf(session)
    if (wait === undefined) return
    wait.bytes += byteLength
    this.#keptBytes += byteLength
  }

  /** Its client is back, or it is over. */
  remove(session: S): void {
    this.#keptBytes -= this.#waitOf(session)?.bytes ?? 0
    this.#shown.delete(session)
    this.#strangers.delete(session)
  }

  #waitOf(session: S): Wait | undefined {
    return this.#shown.get(session) ?? this.#strangers.get(session)
  }
}

function firstOf<S>(waits: ReadonlyMap<S, Wait>): readonly [session: S, since: number] | undefined {
  for (const [session, { since }] of waits) return [session, since]
  return undefined
}
