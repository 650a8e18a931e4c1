/** What has a weight that changes. A `Heaviest` alone writes both fields. */
export interface Weighed {
  weight: number
  /** Where it is in the heap. */
  index: number
}

/** Finds the heaviest at once: a binary heap whose members know their places. */
export class Heaviest<Member extends Weighed> {
  readonly #heap: Member[] = []
  #total = 0

  /** What all weigh. */
  get total(): number {
    return this.#total
  }

  get first(): Member | undefined {
    return this.#heap[0]
  }

  add(member: Member): void {
    this.#total += member.weight
    this.#put(member, this.#heap.length)
    this.#rise(member)
  }

  remove(member: Member): void {
    const last = this.#heap.pop()!
    this.#total -= member.weight
    if (last === member) return
    this.#put(last, member.index)
    this.#rise(last)
    this.#sink(last)
  }

  reweigh(member: Member, weight: number): void {
    this.#total += weight - member.weight
    member.weight = weight
    this.#rise(member)
    this.#sink(member)
  }

  #put(member: Member, index: number): void {
    this.#heap[index] = member
    member.index = index
  }

  #rise(member: Member): void {
    while (member.index > 0) {
      const above = this.#heap[(member.index - 1) >> 1]!
      if (above.weight >= member.weight) return
      this.#swap(member, above)
    }
  }

  #sink(member: Member): void {
    for (;;) {
      const left = this.#heap[member.index * 2 + 1]
      const right = this.#heap[member.index * 2 + 2]
      const below = right !== undefined && right.weight > left!.weight ? right : left
      if (below === undefined || below.weight <= member.weight) return
      this.#swap(member, below)
    }
  }

  #swap(a: Member, b: Member): void {
    const { index } = a
    this.#put(a, b.index)
    this.#put(b, index)
  }
}
