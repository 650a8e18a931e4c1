import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DatagramMemory } from '../../../src/transport/dtls-sctp/link/datagram-memory.ts'

const overlap = (a: Uint8Array, b: Uint8Array): boolean =>
  a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.length && b.byteOffset < a.byteOffset + a.length

describe('the memory of datagrams', () => {
  it('is used again when nobody needs it', () => {
    const memory = new DatagramMemory()
    const first = memory.take(1000)
    memory.release(false)
    const second = memory.take(2000)
    assert.equal(second.buffer, first.buffer)
    assert.equal(second.byteOffset, first.byteOffset)
  })

  it('is left to those who need it', () => {
    const memory = new DatagramMemory()
    const first = memory.take(1000)
    memory.release(true)
    assert.notEqual(memory.take(1000).buffer, first.buffer)
  })

  it('has room for the largest datagram, several times', () => {
    const memory = new DatagramMemory()
    const taken = [1, 2, 3].map(() => memory.take(65_536))
    for (const each of taken) assert.equal(each.length, 65_536)
    assert.equal(new Set(taken.map(each => each.buffer)).size, 1)
  })

  it('gives as much as is asked for, and to nobody what somebody needs', () => {
    const use = fc.record({
      lengths: fc.array(fc.nat(65_536), { maxLength: 8 }),
      needed: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(use, { maxLength: 8 }), uses => {
        const memory = new DatagramMemory()
        const kept: Uint8Array[] = []
        for (const { lengths, needed } of uses) {
          const taken: Uint8Array[] = []
          for (const length of lengths) {
            const bytes = memory.take(length)
            assert.equal(bytes.length, length)
            for (const other of [...kept, ...taken]) assert.ok(!overlap(bytes, other))
            taken.push(bytes)
          }
          if (needed) kept.push(...taken)
          memory.release(needed)
        }
      }),
    )
  })
})
