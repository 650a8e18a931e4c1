import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Crowd } from '../../src/session/crowd.ts'
import { Heaviest, type Weighed } from '../../src/session/heaviest.ts'

const steps = fc.array(
  fc.record({ place: fc.nat(5), member: fc.nat(30), leaves: fc.boolean(), weight: fc.nat(9) }),
  { maxLength: 200 },
)

describe('a crowd', () => {
  it('does without a member of the place that has most, and of those the first', () => {
    fc.assert(
      fc.property(steps, all => {
        const crowd = new Crowd<number>()
        const places = new Map<string, number[]>()
        for (const { place: number, member, leaves } of all) {
          const place = `${number}`
          const members = (places.get(place) ?? []).filter(each => !leaves || each !== member)
          if (leaves) crowd.remove(member, place)
          else {
            crowd.add(member, place)
            if (!members.includes(member)) members.push(member)
          }
          places.set(place, members)
          const most = Math.max(...[...places.values()].map(({ length }) => length))
          const { first } = crowd
          if (most === 0) assert.equal(first, undefined)
          else {
            const candidates = places.get(first![1])!
            assert.equal(candidates.length, most)
            assert.equal(candidates[0], first![0])
          }
          assert.equal(crowd.countFrom(place), members.length)
          assert.equal(crowd.size, [...places.values()].flat().length)
        }
      }),
    )
  })
})

describe('the heaviest', () => {
  it('is found whatever comes, goes and changes its weight', () => {
    fc.assert(
      fc.property(steps, all => {
        const heaviest = new Heaviest<Weighed>()
        const members = new Map<number, Weighed>()
        for (const { member, leaves, weight } of all) {
          const known = members.get(member)
          if (known === undefined) {
            const fresh = { weight, index: 0 }
            members.set(member, fresh)
            heaviest.add(fresh)
          } else if (leaves) {
            members.delete(member)
            heaviest.remove(known)
          } else heaviest.reweigh(known, weight)
          const weights = [...members.values()].map(each => each.weight)
          assert.equal(heaviest.first?.weight, weights.length === 0 ? undefined : Math.max(...weights))
          assert.equal(
            heaviest.total,
            weights.reduce((sum, each) => sum + each, 0),
          )
        }
      }),
    )
  })
})
