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
  /** What a buffer uses while nothing has come. */
  const shared = new ReadBuffer().room(false).buffer

  it('is shared with all others while little comes', () => {
    const buffers = [new ReadBuffer(), new ReadBuffer()]
    for (let i = 0; i < 1000; i++) {
      for (const buffer of buffers) {
        assert.equal(buffer.room(false).buffer, shared)
        assert.equal(buffer.room(true).buffer, shared)
        read(buffer, 72, i)
      }
    }
  })

  it('gives away small reads in memory of exactly their size, not in what is shared', () => {
    const chunk = read(new ReadBuffer(), 72, 1)
    assert.equal(chunk.length, 72)
    assert.equal(chunk.buffer.byteLength, 72)
  })

  it('gives a first read of 64 KiB away in memory of its own', () => {
    const chunk = read(new ReadBuffer(), Number.POSITIVE_INFINITY, 1)
    assert.equal(chunk.length, 64 * KIB)
    assert.notEqual(chunk.buffer, shared)
  })

  it('belongs to one socket after a large read', () => {
    const buffer = new ReadBuffer()
    for (const length of [16 * KIB, 64 * KIB, 17 * KIB, 40 * KIB]) {
      read(buffer, length, 1)
      const room = buffer.room(false)
      assert.notEqual(room.buffer, shared)
      assert.equal(room.length, 64 * KIB)
      assert.equal(room.buffer.byteLength, 64 * KIB)
    }
  })

  it('is never memory of which something was given away', () => {
    const buffer = new ReadBuffer()
    for (let i = 0; i < 500; i++) {
      const chunk = read(buffer, 1 + ((i * 7919) % (70 * KIB)), i)
      assert.notEqual(buffer.room(i % 3 === 0).buffer, chunk.buffer)
    }
  })

  it('gives no chunk more memory than twice its size', () => {
    const buffer = new ReadBuffer()
    for (let i = 0; i < 500; i++) {
      const chunk = read(buffer, 1 + ((i * 7919) % (70 * KIB)), i)
      assert.ok(chunk.buffer.byteLength <= 2 * chunk.length)
    }
  })

  it('is shared again when little has come for a while', () => {
    const buffer = new ReadBuffer()
    for (let i = 0; i < 4; i++) read(buffer, Number.POSITIVE_INFINITY, 1)
    for (let i = 0; i < 1000; i++) read(buffer, 72, 1)
    assert.equal(buffer.room(false).buffer, shared)
  })

  it('never takes back what it has given away', () => {
    const buffer = new ReadBuffer()
    const other = new ReadBuffer()
    const lengths = [1, 500, 3, 5000, 100_000, 7, 64 * KIB, 900, 900, 900, 40_000, 40_000, 60_000, 7, 7]
    const chunks = lengths.map((length, mark) => {
      const chunk = read(buffer, length, mark + 1)
      read(other, 100_000, 255)
      return chunk
    })
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
