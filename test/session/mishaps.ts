import { random } from '../support/data.ts'

/** Something between a client and a server through which nothing goes undisturbed. */
export interface CuttingPath {
  /** What the client is to connect to. */
  readonly address: string
  /** Connections that were broken, and times in which something stood still. */
  readonly cuts: number
  readonly stalls: number
  /** Breaks all that goes through; where that is possible, both ends learn it. */
  cutAll(): void
  /** Breaks all that goes through. What the ends send is taken as ever, and none of it comes. */
  muteAll(): void
  /** Nothing more happens of itself. */
  calm(): void
  /** Fulfils when what was still under way has ended. */
  close(): Promise<void>
}

/** What befalls a connection when so many bytes, of both directions, have gone through since the last mishap. */
export interface Mishap<Kind extends string> {
  readonly kind: Kind
  readonly afterBytes: number
  /** How long it lasts, if it is one that passes. */
  readonly ms: number
}

/** Gives the next mishap; undefined: there is none any more. */
export type Mishaps<Kind extends string> = () => Mishap<Kind> | undefined

/** Counts the bytes until the next mishap. */
export class Countdown<Kind extends string> {
  #mishaps: Mishaps<Kind>
  #next: Mishap<Kind> | undefined
  #left = 0

  constructor(mishaps: Mishaps<Kind>) {
    this.#mishaps = mishaps
    this.#begin()
  }

  /** Bytes that may go through before it. */
  get left(): number {
    return this.#left
  }

  /** So many have gone through; returns the mishap if it is due. */
  count(bytes: number): Mishap<Kind> | undefined {
    const next = this.#next
    this.#left -= bytes
    if (this.#left > 0) return undefined
    this.#begin()
    return next
  }

  /** There is none any more. */
  stop(): void {
    this.#mishaps = () => undefined
    this.#begin()
  }

  #begin(): void {
    this.#next = this.#mishaps()
    this.#left = this.#next?.afterBytes ?? Number.POSITIVE_INFINITY
  }
}

/** What mishaps are drawn by. */
export interface Chance {
  readonly seed: number
  /** Bytes between two of them, on the average. */
  readonly meanBytes: number
  /** What passes lasts at most so long. */
  readonly longestMs: number
}

/** Draws mishaps of these kinds, each as likely as the others. A kind that is named twice is twice as likely. */
export function mishapsOf<Kind extends string>(
  kinds: readonly Kind[],
  { seed, meanBytes, longestMs }: Chance,
): Mishaps<Kind> {
  const next = random(seed)
  return () => ({
    kind: kinds[Math.floor(next() * kinds.length)]!,
    afterBytes: 1 + Math.floor(-meanBytes * Math.log(1 - next())),
    ms: Math.floor(next() * longestMs),
  })
}
