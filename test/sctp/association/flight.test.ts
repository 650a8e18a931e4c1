import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type ChunkState, Flight } from '../../../src/transport/sctp/association/flight.ts'
import { addTsn, tsnDistance } from '../../../src/transport/sctp/wire/serial.ts'

/** The same as a list of what each chunk is; everything is counted anew each time. */
class Twin {
  readonly chunks: {
    readonly place: number
    readonly byteLength: number
    state: ChunkState
    order: number
  }[] = []
  added = 0
  transmissions = 0

  count(state: ChunkState): number {
    return this.chunks.filter(chunk => chunk.state === state).length
  }

  get byteLength(): number {
    const sent = this.chunks.filter(({ state }) => state === 'sent')
    return sent.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }

  /** A header of 16 bytes, and whole words. */
  get wireBytes(): number {
    const sent = this.chunks.filter(({ state }) => state === 'sent')
    return sent.reduce((sum, { byteLength }) => sum + 16 + Math.ceil(byteLength / 4) * 4, 0)
  }
}

type ChunkStep = 'acknowledge' | 'lose' | 'sendAgain'
type Step = 'add' | 'drop' | 'renegeFirst' | 'renegeBefore' | ChunkStep

/** What may be done with a chunk, by its state. */
const becomes: Readonly<Record<ChunkStep, readonly [ChunkState | undefined, ChunkState]>> = {
  acknowledge: [undefined, 'acked'],
  lose: ['sent', 'lost'],
  sendAgain: ['lost', 'sent'],
}

/** Of the chunks before one, only each third is still there. */
function renegeBefore(end: number, flight: Flight, { chunks }: Twin): void {
  const isHeld = (index: number): boolean => index % 3 === 0
  const { first } = flight
  flight.renegeBefore(addTsn(first, end), tsn => isHeld(tsnDistance(first, tsn)))
  for (const [i, chunk] of chunks.slice(0, end).entries()) {
    if (chunk.state === 'acked' && !isHeld(i)) chunk.state = 'lost'
  }
}

function take(step: Step, pick: number, flight: Flight, twin: Twin): void {
  if (step === 'add') {
    const chunk = flight.add()
    chunk.place = twin.added++
    chunk.byteLength = 1 + (pick % 1172)
    flight.send(chunk, 0)
    const order = ++twin.transmissions
    twin.chunks.push({ place: chunk.place, byteLength: chunk.byteLength, state: 'sent', order })
    return
  }
  if (twin.chunks.length === 0) return
  if (step === 'drop') {
    flight.dropFirst()
    twin.chunks.shift()
    return
  }
  if (step === 'renegeBefore') {
    renegeBefore(pick % (twin.chunks.length + 1), flight, twin)
    return
  }
  if (step === 'renegeFirst') {
    if (twin.chunks[0]!.state !== 'acked') return
    flight.renegeFirst()
    twin.chunks[0]!.state = 'lost'
    return
  }
  const index = pick % twin.chunks.length
  const chunk = flight.at(addTsn(flight.first, index))
  const [from, to] = becomes[step]
  if (from === undefined ? chunk.state === to : chunk.state !== from) return
  if (step === 'sendAgain') {
    flight.takeLost(chunk)
    flight.send(chunk, 0)
    twin.chunks[index]!.order = ++twin.transmissions
  } else flight[step](chunk)
  twin.chunks[index]!.state = to!
}

/** The lost chunk that comes first, the one that left first, and from each place on the next that is not acknowledged. */
function checkWaysToFind(flight: Flight, { chunks }: Twin): void {
  const lost = chunks.find(({ state }) => state === 'lost')
  assert.equal(flight.firstLost?.place, lost?.place)
  const sent = chunks.filter(({ state }) => state === 'sent').sort((a, b) => a.order - b.order)
  assert.equal(flight.oldest?.place, sent[0]?.place)
  const inOrder: number[] = []
  for (let chunk = flight.oldest; chunk !== undefined; chunk = chunk.newer) inOrder.push(chunk.place)
  assert.deepEqual(
    inOrder,
    sent.map(({ place }) => place),
  )
  for (let from = 0; from <= chunks.length; from += 3) {
    const behind = chunks.slice(from).findIndex(({ state }) => state !== 'acked')
    const to = behind === -1 ? chunks.length : from + behind
    assert.equal(flight.nextUnacked(addTsn(flight.first, from)), addTsn(flight.first, to))
  }
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
  'acknowledge',
  'lose',
  'lose',
  'renegeFirst',
  'renegeBefore',
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
          assert.equal(flight.dataBytes, twin.byteLength)
          assert.equal(flight.wireBytes, twin.wireBytes)
          assert.equal(flight.lostCount, twin.count('lost'))
          assert.equal(flight.ackedCount, twin.count('acked'))
          checkWaysToFind(flight, twin)
          const found = twin.chunks.map((_, i) => flight.at(addTsn(flight.first, i)))
          assert.deepEqual(
            found.map(({ place, byteLength, state, order }) => ({ place, byteLength, state, order })),
            twin.chunks,
          )
        }
      }),
      { numRuns: 300 },
    )
  })

  it('cost memory only while there are some', () => {
    const flight = new Flight(0)
    for (let i = 0; i < 4000; i++) flight.send(flight.add(), 0)
    const large = flight.at(0)
    for (let i = 0; i < 4000; i++) flight.dropFirst()
    const objects = new Set<unknown>()
    for (let i = 0; i < 8; i++) {
      const chunk = flight.add()
      flight.send(chunk, 0)
      objects.add(chunk)
      assert.equal(flight.at(addTsn(4000, i)), chunk)
    }
    assert.equal(objects.has(large), false)
    assert.equal(flight.count, 8)
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

  it('are looked at again where the peer drops one in the middle of what it has reported', () => {
    const flight = new Flight(100)
    for (let i = 0; i < 10; i++) flight.send(flight.add(), 0)
    for (let tsn = 101; tsn < 110; tsn++) flight.acknowledge(flight.at(tsn))
    assert.equal(flight.nextUnacked(101), flight.next)
    flight.renegeBefore(flight.next, tsn => tsn !== 105)
    assert.equal(flight.nextUnacked(101), 105)
  })
})
