import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Case, Result } from '../../bench/case.ts'
import { catalogue } from '../../bench/catalogue.ts'
import { belowFloor, checkedCases, isCheckable } from '../../bench/check.ts'
import { type Floor, floors } from '../../bench/floors.ts'

function caseOf(...names: string[]): Case {
  const contenders = names.map(name => ({ name, run: async () => ({}) }))
  return { name: 'work', about: '', contenders, columns: ['rate'], compared: [], goals: [] }
}

function resultOf(rates: Record<string, number[]>): Result {
  const samples = Object.fromEntries(
    Object.entries(rates).map(([name, each]) => [name, each.map(rate => ({ rate }))]),
  )
  return { of: caseOf(...Object.keys(rates)), rounds: 3, samples, remark: undefined }
}

const half: Record<string, Floor> = { work: { against: 'theirs', atLeast: 0.5 } }

describe('the floors of the benchmark', () => {
  it('belong to cases that there are, each against a contender of its case', () => {
    const checked = checkedCases(catalogue)
    assert.deepEqual(
      checked.map(({ name, contenders }) => [name, contenders[1]!.name]),
      Object.entries(floors).map(([name, { against }]) => [name, against]),
    )
  })

  it('leave out every contender but the two that they compare', () => {
    const [checked] = checkedCases([caseOf('ours', 'other', 'theirs')], half)
    assert.deepEqual(
      checked!.contenders.map(({ name }) => name),
      ['ours', 'theirs'],
    )
  })

  it('must have a case', () => {
    assert.throws(() => checkedCases([], half), /there is no case "work"/)
  })

  it('must have the contender that they are against', () => {
    assert.throws(() => checkedCases([caseOf('ours', 'other')], half), /"work" has no contender "theirs"/)
  })

  it('cannot be checked where the other contender cannot run', () => {
    assert.equal(isCheckable(caseOf('ours')), false)
    assert.equal(isCheckable(caseOf('ours', 'theirs')), true)
  })
})

describe('a rate beside its floor', () => {
  it('is told when the median of the ratios lies below', () => {
    const result = resultOf({ ours: [4, 4, 90], theirs: [10, 10, 10] })
    assert.deepEqual(belowFloor([result], half), ['work: ours / theirs is 0.40, its floor is 0.5'])
  })

  it('is not told when a single round lies below', () => {
    assert.deepEqual(belowFloor([resultOf({ ours: [1, 5, 6], theirs: [10, 10, 10] })], half), [])
  })

  it('is compared within each round', () => {
    assert.deepEqual(belowFloor([resultOf({ ours: [1, 10, 100], theirs: [2, 20, 200] })], half), [])
  })
})
