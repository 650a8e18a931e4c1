import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ReadBuffer } from '../../src/transport/read-buffer.ts'

const KIB = 1024

/** Reads up to `length` bytes, each of which is `mark`. */
function read(buffer: ReadBuffer, length: number, mark: number): Uint8Array {
  const room = buffer.room(false)
  const taken = Math.min(length, room.length)
  room.fill(mark, 0, taken)
  return buffer.take(taken)
}

describe('the memory that a socket is read into', () => {
  it('is small while nothing has come, and small while little comes', () => {
    const buffer = new ReadBuffer()
    for (let i = 0; i < 1000; i++) {
      assert.ok(buffer.room(false).buffer.byteLength <= KIB)
      read(buffer, 72, i)
    }
  })

  it('grows to 64 KiB while reads fill it, and no further', () => {
    const buffer = new ReadBuffer()
    const sizes = Array.from({ length: 5 }, () => read(buffer, Number.POSITIVE_INFINITY, 1).length)
    assert.deepEqual(sizes, [1 * KIB, 8 * KIB, 64 * KIB, 64 * KIB, 64 * KIB])
  })

  it('shrinks again when little comes', () => {
    const buffer = new ReadBuffer()
    for (let i = 0; i < 4; i++) read(buffer, Number.POSITIVE_INFINITY, 1)
    for (let i = 0; i < 1000; i++) read(buffer, 72, 1)
    assert.ok(buffer.room(false).buffer.byteLength <= KIB)
  })

  it('never takes back what it has given away', () => {
    const buffer = new ReadBuffer()
    const lengths = [1, 500, 3, 5000, 100_000, 7, 64 * KIB, 900, 900, 900, 40_000, 40_000]
    const chunks = lengths.map((length, mark) => read(buffer, length, mark + 1))
    for (const [index, chunk] of chunks.entries()) {
      assert.ok(chunk.length > 0)
      assert.ok(
        chunk.every(byte => byte === index + 1),
        `chunk ${index} has been written over`,
      )
    }
  })

  it('offers 16 KiB of itself at most where little is wanted', () => {
    const buffer = new ReadBuffer()
    for (let i = 0; i < 4; i++) read(buffer, Number.POSITIVE_INFINITY, 1)
    assert.equal(buffer.room(true).length, 16 * KIB)
    assert.equal(buffer.room(false).length, 64 * KIB)
  })

  it('always has room', () => {
    const buffer = new ReadBuffer()
    for (let i = 0; i < 5000; i++) {
      const room = buffer.room(i % 3 === 0)
      assert.ok(room.length >= 2)
      buffer.take(1 + ((i * 7919) % room.length))
    }
  })
})
