import { addTsn, isBefore, type Tsn, tsnDistance } from '../wire/serial.ts'

/** A run of TSNs that have all come, both ends included. */
interface Run {
  start: Tsn
  end: Tsn
}

/**
 * Most runs. A SACK in a packet that every path takes has room for 293; where half of all packets are lost, a full window
 * of usual chunks makes 224.
 */
const MOST_RUNS = 512

/** Which TSNs have come: all up to one, and some runs beyond it (RFC 9260, section 6.2). */
export class ReceivedTsns {
  #cumulative: Tsn
  /** Ascending, apart from each other by at least one TSN, the first from the cumulative one. */
  readonly #runs: Run[] = []

  constructor(initialTsn: Tsn) {
    this.#cumulative = addTsn(initialTsn, -1)
  }

  get cumulative(): Tsn {
    return this.#cumulative
  }

  /** The runs beyond the cumulative one: the gap blocks of a SACK. */
  get runs(): readonly Readonly<Run>[] {
    return this.#runs
  }

  has(tsn: Tsn): boolean {
    if (tsnDistance(this.#cumulative, tsn) <= 0) return true
    const run = this.#runs[this.#runBefore(tsn)]
    return run !== undefined && !isBefore(run.end, tsn)
  }

  /** Adds one that has not come yet. Returns false where it would be a run too many, and is not added. */
  add(tsn: Tsn): boolean {
    if (tsnDistance(this.#cumulative, tsn) !== 1) return this.#insert(tsn)
    this.#advance(tsn)
    return true
  }

  #advance(tsn: Tsn): void {
    this.#cumulative = tsn
    const first = this.#runs[0]
    if (first === undefined || tsnDistance(tsn, first.start) !== 1) return
    this.#cumulative = first.end
    this.#runs.shift()
  }

  #insert(tsn: Tsn): boolean {
    const index = this.#runBefore(tsn)
    const before = this.#runs[index]
    const behind = this.#runs[index + 1]
    const joinsBefore = before !== undefined && tsnDistance(before.end, tsn) === 1
    const joinsBehind = behind !== undefined && tsnDistance(tsn, behind.start) === 1
    if (joinsBefore && joinsBehind) {
      before.end = behind.end
      this.#runs.splice(index + 1, 1)
    } else if (joinsBefore) before.end = tsn
    else if (joinsBehind) behind.start = tsn
    else if (this.#runs.length >= MOST_RUNS) return false
    else this.#runs.splice(index + 1, 0, { start: tsn, end: tsn })
    return true
  }

  /** The index of the last run that begins at or before the TSN; -1 if there is none. Most come behind the last. */
  #runBefore(tsn: Tsn): number {
    let low = -1
    let high = this.#runs.length - 1
    if (high >= 0 && !isBefore(tsn, this.#runs[high]!.start)) return high
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (isBefore(tsn, this.#runs[middle]!.start)) high = middle - 1
      else low = middle
    }
    return low
  }
}
