import { rejected } from './promises.ts'

/** Where an iterator takes from, and how it gives back what it waits for. */
export interface IteratorSource<T> {
  /** The next item; `asker` says who waits if there is none. */
  nextFor(asker: object): Promise<IteratorResult<T, undefined>>
  /** What `asker` waits for goes to others; its promises fulfil as done. */
  withdraw(asker: object): void
}

/**
 * The iterator of everything that can be read with `for await`. Ending it takes nothing along: what its pending `next()`
 * waits for goes to others. An async generator would keep `return()` waiting behind that `next()`.
 */
export class WithdrawingIterator<T> implements AsyncIterableIterator<T, undefined> {
  readonly #source: IteratorSource<T>
  #isEnded = false

  constructor(source: IteratorSource<T>) {
    this.#source = source
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return this.#isEnded ? done() : this.#source.nextFor(this)
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#end()
    return done()
  }

  throw(error?: unknown): Promise<IteratorResult<T, undefined>> {
    this.#end()
    return rejected(error)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#source.withdraw(this)
  }
}

/** What `next()` gives; undefined is the end. */
export function toResult<T>(value: T | undefined): IteratorResult<T, undefined> {
  return value === undefined ? { value: undefined, done: true } : { value, done: false }
}

function done(): Promise<IteratorResult<never, undefined>> {
  return Promise.resolve({ value: undefined, done: true })
}
