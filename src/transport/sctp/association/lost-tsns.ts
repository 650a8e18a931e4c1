import { isBefore, type Tsn } from '../wire/serial.ts'

/** TSNs of lost chunks, of which the lowest is found first: a binary heap. The same may be in it more than once. */
export class LostTsns {
  readonly #heap: Tsn[] = []

  get lowest(): Tsn | undefined {
    return this.#heap[0]
  }

  clear(): void {
    this.#heap.length = 0
  }

  add(tsn: Tsn): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(tsn)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(tsn, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = tsn
  }

  removeLowest(): void {
    const heap = this.#heap
    const last = heap.pop()!
    if (heap.length > 0) this.#sink(last)
  }

  /** Finds the place of a TSN, from the top on, which is free. */
  #sink(tsn: Tsn): void {
    const heap = this.#heap
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      const right = heap[child + 1]
      if (right !== undefined && isBefore(right, heap[child]!)) child++
      if (!isBefore(heap[child]!, tsn)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = tsn
  }
}
