/** Where an item stands in a {@link Fifo}. */
export interface Place {
  /** Takes the item out, wherever it stands; does nothing if it is out already. */
  leave(): void
}

interface Link<T> extends Place {
  readonly item: T
  previous: Link<T> | undefined
  next: Link<T> | undefined
}

/** A first-in, first-out list. What concerns one item costs the same however long the list is. */
export class Fifo<T> {
  #first: Link<T> | undefined
  #last: Link<T> | undefined
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: T): Place {
    const link: Link<T> = { item, previous: this.#last, next: undefined, leave: () => this.#remove(link) }
    if (this.#last === undefined) this.#first = link
    else this.#last.next = link
    this.#last = link
    this.#size++
    return link
  }

  peek(): T | undefined {
    return this.#first?.item
  }

  shift(): T | undefined {
    const first = this.#first
    if (first === undefined) return undefined
    this.#remove(first)
    return first.item
  }

  /** Takes everything out, in order. */
  drain(): T[] {
    const items: T[] = []
    for (let item = this.shift(); item !== undefined; item = this.shift()) items.push(item)
    return items
  }

  /** Takes those out that are wanted, in order. */
  takeOut(isWanted: (item: T) => boolean): T[] {
    const items: T[] = []
    for (let link = this.#first; link !== undefined; ) {
      const { item, next } = link
      if (isWanted(item)) {
        this.#remove(link)
        items.push(item)
      }
      link = next
    }
    return items
  }

  #remove(link: Link<T>): void {
    if (link.previous === undefined && this.#first !== link) return
    if (link.previous === undefined) this.#first = link.next
    else link.previous.next = link.next
    if (link.next === undefined) this.#last = link.previous
    else link.next.previous = link.previous
    link.previous = undefined
    link.next = undefined
    this.#size--
  }
}
