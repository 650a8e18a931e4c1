import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { catalogue } from '../../bench/catalogue.ts'
import { connectOptions, listenOptions } from '../../bench/child/media.ts'

describe('the cases of the benchmark', () => {
  it('have names of their own', () => {
    const names = catalogue.map(({ name }) => name)
    assert.equal(new Set(names).size, names.length)
  })

  it('have contenders with names of their own', () => {
    for (const { name, contenders } of catalogue) {
      assert.equal(new Set(contenders.map(one => one.name)).size, contenders.length, name)
    }
  })

  it('have targets for contenders that take part', () => {
    for (const { name, contenders, goals } of catalogue) {
      const names = contenders.map(one => one.name)
      const asked = goals.flatMap(({ of, against }) => [of, against]).filter(one => one !== undefined)
      assert.deepEqual(
        asked.filter(one => !names.includes(one)),
        [],
        name,
      )
    }
  })
})

describe('a way of the benchmark', () => {
  it('has sessions at both ends or at neither', () => {
    assert.deepEqual(connectOptions({ medium: 'tcp', session: true }), { session: true })
    assert.deepEqual(listenOptions({ medium: 'tcp', session: true }), { session: true })
    assert.deepEqual(connectOptions({ medium: 'tcp' }), {})
    assert.deepEqual(listenOptions({ medium: 'tcp' }), {})
  })
})
