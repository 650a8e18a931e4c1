import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ConnectDatagram } from '../../src/frame/datagram.ts'
import { FrameDecoder } from '../../src/frame/decoder.ts'
import { PartialData, reserveBytes, zeroed } from '../../src/frame/partial-data.ts'
import { cut, someBytes } from './support.ts'

const KIB = 1024
const MAX_DATA = 100_000_000

const total = fc.oneof(
  fc.integer({ min: 1, max: MAX_DATA }),
  fc.constantFrom(1, 128 * KIB - 1, 128 * KIB, 128 * KIB + 1, 8 * 128 * KIB, 8 * 128 * KIB + 1, MAX_DATA),
)

describe('the memory that a frame reserves', () => {
  it('is never more than 128 KiB or eight times what has arrived, nor more than the frame', () => {
    fc.assert(
      fc.property(total, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
        const arrived = Math.floor(all * share)
        const bytes = reserveBytes(all, arrived)
        assert.ok(bytes <= Math.max(128 * KIB, 8 * arrived))
        assert.ok(bytes <= all)
      }),
      { numRuns: 2000 },
    )
  })

  it('holds what has arrived', () => {
    fc.assert(
      fc.property(total, fc.double({ min: 0, max: 1, noNaN: true }), (all, share) => {
        const arrived = Math.floor(all * share)
        assert.ok(reserveBytes(all, arrived) >= arrived)
      }),
      { numRuns: 2000 },
    )
  })

  it('is the exact size in the end', () => {
    fc.assert(
      fc.property(total, all => {
        assert.equal(reserveBytes(all, all), all)
        if (all <= 128 * KIB) assert.equal(reserveBytes(all, 0), all)
      }),
    )
  })

  it('grows in few steps, so that at most a seventh is copied twice', () => {
    fc.assert(
      fc.property(total, all => {
        const sizes: number[] = []
        for (let size = reserveBytes(all, 0); ; size = reserveBytes(all, size + 1)) {
          sizes.push(size)
          if (size === all) break
        }
        const copied = sizes.slice(0, -1).reduce((sum, size) => sum + size, 0)
        assert.ok(copied <= all / 7 + sizes.length, `${copied} of ${all} copied`)
      }),
    )
  })

  it('is a buffer of the exact size when the data is complete', () => {
    for (const length of [1, 128 * KIB, 128 * KIB + 1, 1024 * KIB + 77]) {
      const partial = new PartialData(3, length, 0, zeroed)
      const data = someBytes(length)
      for (const chunk of cut(data, Array(40).fill(30_000))) {
        assert.equal(partial.complete, false)
        assert.equal(partial.take(chunk, 0), chunk.length)
      }
      assert.equal(partial.complete, true)
      const datagram = partial.datagram()
      assert.equal(datagram.data.buffer.byteLength, length)
      assert.ok(Buffer.from(datagram.data).equals(data))
    }
  })

  it('takes only what belongs to the frame', () => {
    const partial = new PartialData(3, 10, 0, zeroed)
    assert.equal(partial.take(someBytes(100), 50), 60)
    assert.equal(partial.complete, true)
    assert.deepEqual(partial.datagram().data, someBytes(100).slice(50, 60))
  })

  it('stays small for 100 MB announced on a hundred connections, nothing sent', () => {
    const header = Uint8Array.of(0x05, 0xf5, 0xe1, 0x04, 0, 1, 0, 0)
    const before = process.memoryUsage().arrayBuffers
    const decoders = Array.from({ length: 100 }, () => {
      const decoder = new FrameDecoder(MAX_DATA)
      decoder.push(header, [])
      return decoder
    })
    const grown = process.memoryUsage().arrayBuffers - before
    assert.ok(decoders.every(decoder => decoder.midFrame))
    assert.ok(grown <= 100 * 128 * KIB + 64 * KIB, `${grown} bytes reserved`)
  })

  it('follows what arrives of 100 MB, chunk by chunk', () => {
    const header = Uint8Array.of(0x05, 0xf5, 0xe1, 0x04, 0, 1, 0, 0)
    const chunk = someBytes(64 * KIB)
    const decoder = new FrameDecoder(MAX_DATA)
    const out: ConnectDatagram[] = []
    const before = process.memoryUsage().arrayBuffers
    decoder.push(header, out)
    let arrived = 0
    while (arrived < 20_000_000) {
      decoder.push(chunk, out)
      arrived += chunk.length
      // The buffers that were outgrown may not be collected yet: together they are a seventh at most.
      const grown = process.memoryUsage().arrayBuffers - before
      const most = Math.max(128 * KIB, 8 * arrived) * (1 + 1 / 7) + 64 * KIB
      assert.ok(grown <= most, `${grown} bytes reserved for ${arrived} arrived`)
    }
    assert.deepEqual(out, [])
  })

  it('is none for a frame that is refused', () => {
    const before = process.memoryUsage().arrayBuffers
    for (let i = 0; i < 1000; i++) {
      const decoder = new FrameDecoder(1000)
      assert.throws(() => decoder.push(Uint8Array.of(0, 1, 0, 0, 0, 1, 0, 0), []))
    }
    const grown = process.memoryUsage().arrayBuffers - before
    assert.ok(grown <= 64 * KIB, `${grown} bytes reserved`)
  })
})
