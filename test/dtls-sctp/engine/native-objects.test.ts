import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { NativeObjects } from '../../../src/transport/dtls-sctp/engine/openssl/native-objects.ts'

describe('a native object', () => {
  let objects: NativeObjects
  let freed: bigint[]
  const free = (pointer: bigint): void => void freed.push(pointer)

  beforeEach(() => {
    objects = new NativeObjects()
    freed = []
  })

  it('is alive until it is freed', () => {
    const first = objects.own(1n, free, 'thing')
    const second = objects.own(2n, free, 'thing')
    assert.deepEqual([objects.alive, first.pointer, second.pointer], [2, 1n, 2n])
    first.free()
    assert.deepEqual([objects.alive, freed], [1, [1n]])
    second.free()
    assert.deepEqual([objects.alive, freed], [0, [1n, 2n]])
  })

  it('is freed once, however often it is asked', () => {
    const object = objects.own(1n, free, 'thing')
    for (let i = 0; i < 3; i++) object.free()
    assert.deepEqual([objects.alive, freed], [0, [1n]])
  })

  it('cannot be used after it was freed', () => {
    const object = objects.own(1n, free, 'thing')
    object.free()
    assert.throws(() => object.pointer, { message: 'thing was used after it was freed' })
    assert.throws(() => object.giveAway(), { message: 'thing was used after it was freed' })
    assert.equal(objects.alive, 0)
  })

  it('that is given away is freed by nobody here, and cannot be used here', () => {
    const object = objects.own(1n, free, 'thing')
    assert.equal(object.giveAway(), 1n)
    object.free()
    assert.throws(() => object.pointer, { message: 'thing was used after it was freed' })
    assert.throws(() => object.giveAway(), { message: 'thing was used after it was freed' })
    assert.deepEqual([objects.alive, freed], [0, []])
  })

  it('counts no longer while it is being freed', () => {
    const counts: number[] = []
    objects.own(1n, () => counts.push(objects.alive), 'thing').free()
    assert.deepEqual(counts, [0])
  })

  it('that OpenSSL could not make is an error, and not alive', () => {
    assert.throws(() => objects.own(null, free, 'thing'), { message: 'OpenSSL made no thing' })
    assert.equal(objects.alive, 0)
  })
})
