import { RejectCode } from './handshake.ts'
import type { Progress } from './line.ts'

/** What is left of a session that is over. */
export interface Tombstone {
  readonly code: number
  readonly key: string
  /** How far its client's direction had come. */
  readonly progress: Progress
}

/** A session that is over. */
interface Departed {
  readonly id: string
  readonly key: string
  readonly stream: { readonly session: { readonly state: string }; readonly progress: Progress }
}

/** What is kept of sessions that are over, for clients that come late: for a time, and of so many. */
export class Tombstones {
  readonly #most: number
  readonly #keptMs: number
  readonly #stones = new Map<string, Tombstone & { readonly expires: number }>()

  constructor(most: number, keptMs: number) {
    this.#most = most
    this.#keptMs = keptMs
  }

  /** When the oldest may go; undefined if there is none. */
  get firstExpiry(): number | undefined {
    for (const { expires } of this.#stones.values()) return expires
    return undefined
  }

  add({ id, key, stream }: Departed, now: number): void {
    const code = stream.session.state === 'closed' ? RejectCode.ENDED : RejectCode.LOST
    this.#stones.set(id, { code, key, progress: stream.progress, expires: now + this.#keptMs })
    for (const oldest of this.#stones.keys()) {
      if (this.#stones.size <= this.#most) return
      this.#stones.delete(oldest)
    }
  }

  get(id: string, now: number): Tombstone | undefined {
    const stone = this.#stones.get(id)
    return stone !== undefined && stone.expires > now ? stone : undefined
  }

  expire(now: number): void {
    for (const [id, { expires }] of this.#stones) {
      if (expires > now) return
      this.#stones.delete(id)
    }
  }

  clear(): void {
    this.#stones.clear()
  }
}
