import { random } from '../../support/data.ts'

const INTERESTING = [0, 1, 2, 12, 13, 20, 21, 22, 23, 24, 0x7f, 0x80, 0xfd, 0xfe, 0xff]

/** What its own parts may be overwritten with: header fields, and those of a handshake message behind it. */
const FIELDS = {
  type: [0, 1],
  version: [1, 2],
  epoch: [3, 2],
  sequence: [5, 6],
  length: [11, 2],
  message: [13, 12],
}

/** Makes records that are wrong in some way out of such as have been sent. */
export class RecordMutator {
  readonly #random: () => number
  readonly #seen: Uint8Array[] = []

  constructor(seed: number) {
    this.#random = random(seed)
  }

  /** A whole number from 0 to below. */
  below(most: number): number {
    return Math.floor(this.#random() * most)
  }

  chance(share: number): boolean {
    return this.#random() < share
  }

  /** Keeps a record to make others from, in place of another when there are many. */
  learn(record: Uint8Array): void {
    if (this.#seen.length < 200) this.#seen.push(Uint8Array.from(record))
    else this.#seen[this.below(200)] = Uint8Array.from(record)
  }

  /** Another record, in memory of its own. */
  next(): Uint8Array {
    if (this.#seen.length === 0 || this.chance(0.02)) return this.#noise(this.below(100))
    let record = this.#seen[this.below(this.#seen.length)]!
    for (let count = this.below(4); count > 0; count--) record = this.changed(record)
    return Uint8Array.from(record)
  }

  /** The record with one change, in memory of its own. */
  changed(given: Uint8Array): Uint8Array {
    const record = Uint8Array.from(given)
    const kind = this.below(6)
    if (kind === 0) return this.#flipped(record)
    if (kind === 1) return record.slice(0, this.below(record.length + 1))
    if (kind === 2) return Buffer.concat([record, this.#noise(this.below(64))])
    if (kind === 3) return withLength(record)
    if (kind === 4) return this.#spliced(record)
    return this.#withField(record)
  }

  #noise(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.below(256))
  }

  #flipped(record: Uint8Array): Uint8Array {
    for (let count = 1 + this.below(4); count > 0 && record.length > 0; count--) {
      record[this.below(record.length)]! ^= 1 << this.below(8)
    }
    return record
  }

  /** One record's beginning with another one's end. */
  #spliced(record: Uint8Array): Uint8Array {
    const other = this.#seen[this.below(this.#seen.length)]!
    const at = this.below(record.length + 1)
    return withLength(Buffer.concat([record.subarray(0, at), other.subarray(at)]))
  }

  #withField(record: Uint8Array): Uint8Array {
    const fields = Object.values(FIELDS)
    const [from, length] = fields[this.below(fields.length)] as [number, number]
    for (let at = from; at < Math.min(from + length, record.length); at++) {
      if (this.chance(0.7)) record[at] = INTERESTING[this.below(INTERESTING.length)]!
    }
    return record
  }
}

/** The same with its true length in its header, so that it is taken for a whole record. */
function withLength(record: Uint8Array): Uint8Array {
  if (record.length > 13) new DataView(record.buffer, record.byteOffset).setUint16(11, record.length - 13)
  return record
}
