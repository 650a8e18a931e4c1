import { aborted } from '../errors.ts'

/** Beyond this many used-up places, the list is moved to its front. */
const COMPACT_AT = 1024

/** A first-in, first-out list. Taking from its front costs the same however long it is. */
export class Fifo<T> {
  #items: (T | undefined)[] = []
  #head = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: T): void {
    this.#items.push(item)
    this.#size++
  }

  peek(): T | undefined {
    while (this.#head < this.#items.length && this.#items[this.#head] === undefined) this.#head++
    return this.#items[this.#head]
  }

  shift(): T | undefined {
    const item = this.peek()
    if (item === undefined) return undefined
    this.#items[this.#head++] = undefined
    this.#size--
    if (this.#size === 0) this.#reset([])
    else if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#items.length) {
      this.#reset(this.#items.slice(this.#head))
    }
    return item
  }

  /** Takes an item out of the middle; looks for it from the front. */
  remove(item: T): void {
    const at = this.#items.indexOf(item, this.#head)
    if (at < 0) return
    this.#items[at] = undefined
    this.#size--
  }

  /** Takes everything out, in order. */
  drain(): T[] {
    const items = this.#items.filter(item => item !== undefined)
    this.#reset([])
    this.#size = 0
    return items
  }

  #reset(items: (T | undefined)[]): void {
    this.#items = items
    this.#head = 0
  }
}

/** Someone who waits in a queue. */
interface Waiter {
  readonly promise: Promise<unknown>
  reject(error: unknown): void
}

/**
 * Puts `waiter` at the end of `queue`; when `signal` fires before it is settled, it leaves the queue and rejects.
 *
 * @param what names the waiting in the error's message, such as `send`
 */
export function wait<T>(
  queue: Fifo<T>,
  waiter: T & Waiter,
  what: string,
  signal: AbortSignal | undefined,
): void {
  queue.push(waiter)
  if (signal === undefined) return
  const leave = (): void => {
    queue.remove(waiter)
    waiter.reject(aborted(what, signal.reason))
  }
  const forget = (): void => signal.removeEventListener('abort', leave)
  signal.addEventListener('abort', leave)
  waiter.promise.then(forget, forget)
}
