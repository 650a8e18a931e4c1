export interface Appointment {
  readonly at: number
  readonly order: number
  run: (() => void) | undefined
}

/** Time that passes only where something happens. What is due at the same time happens in the order of its making. */
export class VirtualClock {
  now = 0
  events = 0
  readonly #heap: Appointment[] = []
  #order = 0

  at(time: number, run: () => void): Appointment {
    const appointment = { at: Math.max(time, this.now), order: this.#order++, run }
    this.#heap.push(appointment)
    this.#rise(this.#heap.length - 1)
    return appointment
  }

  cancel(appointment: Appointment | undefined): void {
    if (appointment !== undefined) appointment.run = undefined
  }

  /** Goes on to the next appointment and keeps it; false where there is none. */
  step(): boolean {
    for (;;) {
      const next = this.#take()
      if (next === undefined) return false
      if (next.run === undefined) continue
      this.now = next.at
      this.events++
      next.run()
      return true
    }
  }

  #take(): Appointment | undefined {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (first === undefined || first === last) return first
    this.#heap[0] = last!
    this.#sink()
    return first
  }

  #rise(from: number): void {
    const heap = this.#heap
    for (let i = from; i > 0; ) {
      const parent = (i - 1) >> 1
      if (!isEarlier(heap[i]!, heap[parent]!)) return
      swap(heap, i, parent)
      i = parent
    }
  }

  #sink(): void {
    const heap = this.#heap
    for (let i = 0; ; ) {
      let least = i
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < heap.length && isEarlier(heap[child]!, heap[least]!)) least = child
      }
      if (least === i) return
      swap(heap, i, least)
      i = least
    }
  }
}

const isEarlier = (a: Appointment, b: Appointment): boolean =>
  a.at < b.at || (a.at === b.at && a.order < b.order)

function swap(heap: Appointment[], a: number, b: number): void {
  const kept = heap[a]!
  heap[a] = heap[b]!
  heap[b] = kept
}
