import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ReceivedTsns } from '../../../src/transport/sctp/association/received-tsns.ts'
import { addTsn, tsnDistance } from '../../../src/transport/sctp/wire/serial.ts'

/** All that have come, in a set; what a SACK says of them is counted out one by one. */
class Twin {
  readonly #initial: number
  readonly #come = new Set<number>()

  constructor(initial: number) {
    this.#initial = initial
  }

  has(offset: number): boolean {
    return offset < 0 || this.#come.has(offset)
  }

  add(offset: number): void {
    this.#come.add(offset)
  }

  get cumulative(): number {
    let offset = 0
    while (this.#come.has(offset)) offset++
    return addTsn(this.#initial, offset - 1)
  }

  get runs(): { start: number; end: number }[] {
    const runs: { start: number; end: number }[] = []
    const last = Math.max(-1, ...this.#come)
    for (let offset = tsnDistance(this.#initial, this.cumulative) + 1; offset <= last; offset++) {
      if (!this.#come.has(offset)) continue
      const tsn = addTsn(this.#initial, offset)
      if (this.#come.has(offset - 1)) runs.at(-1)!.end = tsn
      else runs.push({ start: tsn, end: tsn })
    }
    return runs
  }
}

const initialTsn = fc.oneof(
  fc.constantFrom(0, 1, -1, -10, 2 ** 31 - 1, 2 ** 31 - 20, -(2 ** 31)),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
)

describe('the TSNs that have come (RFC 9260, section 6.2)', () => {
  it('are those of a set, in any order and over the wraps', () => {
    const offsets = fc.array(fc.oneof(fc.nat(12), fc.nat(60)), { maxLength: 60 })
    fc.assert(
      fc.property(initialTsn, offsets, (initial, list) => {
        const tsns = new ReceivedTsns(initial)
        const twin = new Twin(initial)
        for (const offset of list) {
          const tsn = addTsn(initial, offset)
          assert.equal(tsns.has(tsn), twin.has(offset))
          if (!twin.has(offset)) tsns.add(tsn)
          twin.add(offset)
          assert.equal(tsns.cumulative, twin.cumulative)
          assert.deepEqual(tsns.runs, twin.runs)
          for (let i = -3; i < 64; i++) assert.equal(tsns.has(addTsn(initial, i)), twin.has(i))
        }
      }),
      { numRuns: 300 },
    )
  })

  it('take no run beyond the 512th, and go on taking what belongs to the others', () => {
    const tsns = new ReceivedTsns(0)
    for (let i = 0; i < 512; i++) assert.equal(tsns.add(2 * i + 1), true)
    assert.equal(tsns.add(2000), false)
    assert.equal(tsns.has(2000), false)
    assert.equal(tsns.runs.length, 512)
    assert.equal(tsns.add(2), true)
    assert.equal(tsns.add(2000), true)
    assert.equal(tsns.add(0), true)
    assert.equal(tsns.cumulative, 3)
  })

  it('are one run in the end, whatever order they came in', () => {
    fc.assert(
      fc.property(
        initialTsn,
        fc.shuffledSubarray([...Array(40).keys()], { minLength: 40 }),
        (initial, order) => {
          const tsns = new ReceivedTsns(initial)
          for (const offset of order) tsns.add(addTsn(initial, offset))
          assert.equal(tsns.cumulative, addTsn(initial, 39))
          assert.deepEqual(tsns.runs, [])
        },
      ),
    )
  })

  it('count those half the numbers away as come already', () => {
    const tsns = new ReceivedTsns(0)
    assert.equal(tsns.has(addTsn(-1, 2 ** 31)), true)
    assert.equal(tsns.has(addTsn(-1, 2 ** 31 - 1)), false)
  })
})
