import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Fifo, type Place } from '../../src/connection/fifo.ts'

describe('a fifo', () => {
  it('gives nothing while it is empty', () => {
    const fifo = new Fifo<string>()
    assert.equal(fifo.size, 0)
    assert.equal(fifo.peek(), undefined)
    assert.equal(fifo.shift(), undefined)
    assert.deepEqual(fifo.drain(), [])
  })

  it('is a list whose items leave at the front or from where they stand', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ kind: fc.constant('push' as const), at: fc.constant(0) }) },
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constantFrom('shift' as const, 'leave' as const), at: fc.nat(1000) }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('drain' as const), at: fc.constant(0) }) },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), steps => {
        const fifo = new Fifo<number>()
        let model: number[] = []
        const places: { item: number; place: Place }[] = []
        let next = 1
        for (const { kind, at } of steps) {
          if (kind === 'push') {
            places.push({ item: next, place: fifo.push(next) })
            model.push(next++)
          } else if (kind === 'shift') {
            assert.equal(fifo.shift(), model.shift())
          } else if (kind === 'drain') {
            assert.deepEqual(fifo.drain(), model)
            model = []
          } else if (places.length > 0) {
            const { item, place } = places[at % places.length]!
            place.leave()
            model = model.filter(each => each !== item)
          }
          assert.equal(fifo.size, model.length)
          assert.equal(fifo.peek(), model[0])
        }
        assert.deepEqual(fifo.drain(), model)
      }),
      { numRuns: 500 },
    )
  })

  it('lets an item leave only once', () => {
    const fifo = new Fifo<string>()
    const place = fifo.push('a')
    fifo.push('b')
    place.leave()
    place.leave()
    assert.equal(fifo.size, 1)
    assert.equal(fifo.shift(), 'b')
    place.leave()
    assert.equal(fifo.size, 0)
  })

  it('stays fast where many come and go behind one that stays', { timeout: 20_000 }, () => {
    const fifo = new Fifo<number>()
    fifo.push(-1)
    for (let i = 0; i < 300_000; i++) fifo.push(i).leave()
    assert.equal(fifo.size, 1)
    assert.equal(fifo.peek(), -1)
  })

  it('stays fast as a long list', { timeout: 20_000 }, () => {
    const fifo = new Fifo<number>()
    for (let i = 0; i < 300_000; i++) fifo.push(i)
    for (let i = 0; i < 300_000; i++) assert.equal(fifo.shift(), i)
    assert.equal(fifo.size, 0)
  })
})
