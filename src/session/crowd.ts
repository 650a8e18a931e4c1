/** Members by where they come from. The one to do without is the first of those of whom most are from one place. */
export class Crowd<Member> {
  readonly #places = new Map<string, Set<Member>>()
  /** The places, by the number of their members. */
  readonly #bySize: Set<string>[] = [new Set()]
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Members from this place. */
  countFrom(place: string): number {
    return this.#places.get(place)?.size ?? 0
  }

  add(member: Member, place: string): void {
    const members = this.#places.get(place) ?? new Set()
    const before = members.size
    members.add(member)
    if (members.size === before) return
    this.#places.set(place, members)
    this.#size++
    this.#move(place, before, members.size)
  }

  remove(member: Member, place: string): void {
    const members = this.#places.get(place)
    if (members?.delete(member) !== true) return
    if (members.size === 0) this.#places.delete(place)
    this.#size--
    this.#move(place, members.size + 1, members.size)
  }

  /** The one to do without, and where it is from. */
  get first(): readonly [member: Member, place: string] | undefined {
    for (const place of this.#bySize.at(-1)!) {
      for (const member of this.#places.get(place) ?? []) return [member, place]
    }
    return undefined
  }

  #move(place: string, from: number, to: number): void {
    const sizes = this.#bySize
    sizes[from]!.delete(place)
    if (to > 0) {
      if (sizes.length === to) sizes.push(new Set())
      sizes[to]!.add(place)
    }
    while (sizes.length > 1 && sizes.at(-1)!.size === 0) sizes.pop()
  }
}
