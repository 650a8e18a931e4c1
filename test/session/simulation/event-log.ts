/** A running hash of all that happens, in its order. */
export class EventLog {
  #a = 0x9e3779b9
  #b = 0x85ebca6b

  get hash(): string {
    return [this.#a, this.#b].map(half => (half >>> 0).toString(16).padStart(8, '0')).join('')
  }

  note(...numbers: readonly number[]): void {
    for (const number of numbers) {
      this.#a = Math.imul(this.#a ^ number, 0xcc9e2d51) + this.#b
      this.#b = Math.imul(this.#b ^ (this.#a >>> 15), 0x1b873593) + 1
    }
  }
}
