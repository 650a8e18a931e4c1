/** A session that no connection carries. */
interface Detached {
  readonly stream: { readonly keptBytes: number }
}

/** The sessions of a listener that wait for their clients, in the order in which these went away, and what they keep. */
export class DetachedSessions<S extends Detached> {
  readonly #since = new Map<S, number>()
  #keptBytes = 0

  get size(): number {
    return this.#since.size
  }

  /** Bytes that all of them keep. */
  get keptBytes(): number {
    return this.#keptBytes
  }

  /** The one that has waited for longest, and since when. */
  get first(): readonly [session: S, since: number] | undefined {
    for (const entry of this.#since) return entry
    return undefined
  }

  has(session: S): boolean {
    return this.#since.has(session)
  }

  add(session: S, now: number): void {
    this.#since.set(session, now)
    this.#keptBytes += session.stream.keptBytes
  }

  /** One of them keeps so many bytes more. */
  grow(session: S, byteLength: number): void {
    if (this.#since.has(session)) this.#keptBytes += byteLength
  }

  /** Its client is back, or it is over; before anything of what it keeps is confirmed. */
  remove(session: S): void {
    if (this.#since.delete(session)) this.#keptBytes -= session.stream.keptBytes
  }
}
