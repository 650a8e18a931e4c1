import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type ChunkState, Flight } from '../../../src/transport/sctp/association/flight.ts'
import { addTsn } from '../../../src/transport/sctp/wire/serial.ts'

/** The same as a list of what each chunk is; everything is counted anew each time. */
class Twin {
  readonly chunks: { readonly place: number; readonly byteLength: number; state: ChunkState }[] = []
  added = 0

  count(state: ChunkState): number {
    return this.chunks.filter(chunk => chunk.state === state).length
  }

  get byteLength(): number {
    const sent = this.chunks.filter(({ state }) => state === 'sent')
    return sent.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }
}

type Step = 'add' | 'drop' | 'acknowledge' | 'lose' | 'renege' | 'sendAgain'

/** What may be done with a chunk, by its state. */
const becomes: Readonly<Record<Step, readonly [ChunkState | undefined, ChunkState | undefined]>> = {
  add: [undefined, 'sent'],
  drop: [undefined, undefined],
  acknowledge: [undefined, 'acked'],
  lose: ['sent', 'lost'],
  renege: ['acked', 'lost'],
  sendAgain: ['lost', 'sent'],
}

function take(step: Step, pick: number, flight: Flight, twin: Twin): void {
  if (step === 'add') {
    const chunk = flight.add()
    chunk.place = twin.added++
    chunk.byteLength = 1 + (pick % 1172)
    flight.send(chunk, 0)
    twin.chunks.push({ place: chunk.place, byteLength: chunk.byteLength, state: 'sent' })
    return
  }
  if (twin.chunks.length === 0) return
  if (step === 'drop') {
    flight.dropFirst()
    twin.chunks.shift()
    return
  }
  const index = pick % twin.chunks.length
  const chunk = flight.at(addTsn(flight.first, index))
  const [from, to] = becomes[step]
  if (from === undefined ? chunk.state === to : chunk.state !== from) return
  if (step === 'sendAgain') {
    flight.takeLost(chunk)
    flight.send(chunk, 0)
  } else flight[step](chunk)
  twin.chunks[index]!.state = to!
}

const initialTsn = fc.oneof(
  fc.constantFrom(0, -1, -5, 2 ** 31 - 3, -(2 ** 31)),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
)
const anyStep = fc.constantFrom<Step>(
  'add',
  'add',
  'add',
  'drop',
  'acknowledge',
  'lose',
  'renege',
  'sendAgain',
)
const steps = fc.array(fc.tuple(anyStep, fc.nat(10_000)), { maxLength: 150 })

describe('the chunks that are on their way', () => {
  it('are those of a list, over the wraps and while their ring grows, and are counted right', () => {
    fc.assert(
      fc.property(initialTsn, steps, (initial, list) => {
        const flight = new Flight(initial)
        const twin = new Twin()
        for (const [step, pick] of list) {
          take(step, pick, flight, twin)
          assert.equal(flight.count, twin.chunks.length)
          assert.equal(flight.next, addTsn(initial, twin.added))
          assert.equal(flight.first, addTsn(initial, twin.added - twin.chunks.length))
          assert.equal(flight.byteLength, twin.byteLength)
          assert.equal(flight.lostCount, twin.count('lost'))
          assert.equal(flight.hasAcked, twin.count('acked') > 0)
          const found = twin.chunks.map((_, i) => flight.at(addTsn(flight.first, i)))
          assert.deepEqual(
            found.map(({ place, byteLength, state }) => ({ place, byteLength, state })),
            twin.chunks,
          )
        }
      }),
      { numRuns: 300 },
    )
  })

  it('are objects that are used again, not new ones each time', () => {
    const flight = new Flight(0)
    const objects = new Set<unknown>()
    for (let i = 0; i < 1000; i++) {
      const chunk = flight.add()
      flight.send(chunk, 0)
      objects.add(chunk)
      flight.dropFirst()
    }
    assert.ok(objects.size <= 8)
    assert.equal(flight.transmissions, 1000)
  })
})
