import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SendBuffer } from '../../src/connection/send-buffer.ts'
import { ConnectDatagram } from '../../src/index.ts'
import { coded, dataLength } from '../frame/support.ts'
import { concat } from '../frame/twin.ts'
import { datagram, datagrams, wire } from './support/datagrams.ts'

const everything = Number.MAX_SAFE_INTEGER

describe('a send buffer', () => {
  it('is empty at first', () => {
    const buffer = new SendBuffer()
    assert.equal(buffer.byteLength, 0)
    assert.equal(buffer.holdsLarge, false)
    assert.deepEqual(buffer.take(everything), { segments: [], byteLength: 0 })
    buffer.release(0)
  })

  it('makes one segment of small frames', () => {
    const buffer = new SendBuffer()
    const list = datagrams(20, 30)
    for (const each of list) buffer.append(each)
    assert.equal(buffer.byteLength, 20 * 38)
    const { segments, byteLength } = buffer.take(everything)
    assert.equal(byteLength, 20 * 38)
    assert.equal(segments.length, 1)
    assert.deepEqual(segments[0], wire(...list))
    assert.equal(buffer.byteLength, 0)
  })

  it('copies data up to 16 KiB and takes larger data from where it lies', () => {
    for (const [length, copied] of [
      [1, true],
      [16 * 1024, true],
      [16 * 1024 + 1, false],
      [1_000_000, false],
    ] as const) {
      const buffer = new SendBuffer()
      const one = datagram(5, length)
      buffer.append(one)
      assert.equal(buffer.holdsLarge, !copied)
      const { segments } = buffer.take(everything)
      assert.equal(
        segments.some(segment => segment.buffer === one.data.buffer),
        !copied,
      )
      assert.deepEqual(concat(segments), wire(one))
      assert.equal(buffer.holdsLarge, false)
    }
  })

  it('takes a frame that ends exactly at the limit of a write whole, and goes on with the next', () => {
    for (const most of [64 * 1024, 1024 * 1024]) {
      const buffer = new SendBuffer()
      const list = [datagram(1, most - 8), datagram(2, 20_000)]
      for (const each of list) buffer.append(each)
      const first = buffer.take(most)
      assert.equal(first.byteLength, most)
      assert.equal(buffer.midFrame, false)
      const second = buffer.take(most)
      assert.deepEqual(concat([...first.segments, ...second.segments]), wire(...list))
      assert.equal(buffer.byteLength, 0)
    }
  })

  it('takes a frame whole that ends exactly where the write does, and cuts one that is a byte longer', () => {
    const most = 1024 * 1024
    for (const [more, left] of [
      [-1, 0],
      [0, 0],
      [1, 1],
    ] as const) {
      const buffer = new SendBuffer()
      const list = [datagram(1, 100), datagram(2, 500_000), datagram(3, most - 500_124 + more)]
      for (const each of list) buffer.append(each)
      const first = buffer.take(most)
      assert.equal(first.byteLength, Math.min(most, most + more))
      assert.equal(buffer.byteLength, left)
      assert.equal(buffer.midFrame, left > 0)
      assert.equal(buffer.tail, left)
      assert.ok(first.segments.every(({ length }) => length > 0))
      buffer.append(datagram(4, 30_000))
      const second = buffer.take(most)
      assert.ok(
        Buffer.from(concat([...first.segments, ...second.segments])).equals(
          wire(...list, datagram(4, 30_000)),
        ),
      )
    }
  })

  it('takes small frames whole that fill the write exactly', () => {
    const most = 64 * 1024
    const buffer = new SendBuffer()
    for (let i = 0; i < 130; i++) buffer.append(datagram(i, 1016))
    let taken = 0
    for (let write = buffer.take(most); write.byteLength > 0; write = buffer.take(most)) {
      assert.ok(write.byteLength <= most)
      assert.equal(buffer.midFrame, false)
      taken += write.byteLength
    }
    assert.equal(taken, 130 * 1024)
  })

  it('copies large data whose buffer can change its length, and no other', () => {
    type Make = new (length: number, options: object) => ArrayBuffer
    for (const kind of [ArrayBuffer, SharedArrayBuffer]) {
      const changing = new (kind as unknown as Make)(30_000, { maxByteLength: 60_000 })
      for (const [memory, copied] of [
        [changing, true],
        [new kind(30_000), false],
      ] as const) {
        const data = new Uint8Array(memory).fill(7)
        const buffer = new SendBuffer()
        buffer.append(new ConnectDatagram(1, data))
        data.fill(8)
        const { segments } = buffer.take(everything)
        assert.equal(segments[1]!.buffer !== memory, copied)
        assert.deepEqual(segments[1], new Uint8Array(30_000).fill(copied ? 7 : 8))
      }
    }
  })

  it('breaks off where large data was transferred away, in front of its header', () => {
    const buffer = new SendBuffer()
    const lost = datagram(2, 30_000)
    for (const each of [datagram(1, 30_000), lost]) buffer.append(each)
    structuredClone(lost.data, { transfer: [lost.data.buffer as ArrayBuffer] })
    assert.throws(() => buffer.take(everything), coded('INVALID_ARGUMENT', /transferred away/))
  })

  it('keeps its slab from one write to the next when all is written in time', () => {
    const buffer = new SendBuffer()
    let written = 0
    const slabs = new Set<ArrayBufferLike>()
    for (let i = 0; i < 1000; i++) {
      buffer.append(datagram(i, 50))
      const { segments, byteLength } = buffer.take(everything)
      slabs.add(segments[0]!.buffer)
      written += byteLength
      buffer.release(written)
    }
    assert.equal(slabs.size, 1)
  })

  it('goes back to slabs that are free when writing is slower', () => {
    const buffer = new SendBuffer()
    const slabs = new Set<ArrayBufferLike>()
    let taken = 0
    for (let i = 0; i < 200; i++) {
      for (let j = 0; j < 60; j++) buffer.append(datagram(j, 1000))
      const { segments, byteLength } = buffer.take(everything)
      for (const segment of segments) slabs.add(segment.buffer)
      taken += byteLength
      buffer.release(taken - 60 * 1008)
    }
    assert.ok(slabs.size < 12, `${slabs.size} slabs`)
  })

  it('does not go back to a slab of which one byte is still to be written', () => {
    const buffer = new SendBuffer()
    const taken: { segment: Uint8Array; copy: Uint8Array; end: number }[] = []
    let end = 0
    const fill = (): void => {
      for (let i = 0; i < 60; i++) buffer.append(datagram(i, 10_000))
      for (const segment of buffer.take(everything).segments) {
        end += segment.length
        taken.push({ segment, copy: segment.slice(), end })
      }
    }
    fill()
    // Each time, all but the last byte of a segment is written, and more comes that could take its place.
    for (let i = 0; i < 30; i++) {
      const border = taken[i]!.end - 1
      buffer.release(border)
      fill()
      for (const { segment, copy, end: last } of taken) {
        if (last > border) assert.ok(Buffer.from(segment).equals(copy), `changed: ${last} of ${border}`)
      }
    }
  })

  it('does not go back to a slab whose bytes have not even been taken', () => {
    const buffer = new SendBuffer()
    const list = datagrams(60, 10_000)
    for (const [i, each] of list.entries()) {
      buffer.append(each)
      if (i % 10 === 0) buffer.release(0)
    }
    assert.ok(Buffer.from(concat(buffer.take(everything).segments)).equals(wire(...list)))
  })

  it('gives the bytes that the twin encodes, and leaves them alone until they are released', () => {
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          kind: fc.constant('append' as const),
          amount: fc.oneof(dataLength, fc.integer({ min: 8000, max: 16_384 })),
          recipient: fc.nat(65_535),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('take' as const),
          amount: fc.oneof(
            fc.integer({ min: 65_536, max: 100_000 }),
            fc.integer({ min: 65_536, max: 500_000 }),
            fc.constant(everything),
          ),
          recipient: fc.constant(0),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({
          kind: fc.constant('release' as const),
          amount: fc.nat(100),
          recipient: fc.constant(0),
        }),
      },
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), steps => {
        const buffer = new SendBuffer()
        const expected: Uint8Array[] = []
        /** Taken and not released, with what it held then and where in the stream it ends. */
        let out: { segment: Uint8Array; copy: Uint8Array; end: number }[] = []
        const got: Uint8Array[] = []
        const borders = new Set([0])
        let appended = 0
        let taken = 0
        let released = 0
        for (const { kind, amount, recipient } of steps) {
          if (kind === 'append') {
            const one = datagram(recipient, amount)
            expected.push(wire(one))
            appended += 8 + amount
            borders.add(appended)
            buffer.append(one)
          } else if (kind === 'take') {
            const { segments, byteLength } = buffer.take(amount)
            assert.ok(byteLength <= amount, 'more than asked for')
            assert.ok(byteLength > 0 || appended === taken, 'nothing, though something waits')
            const end = taken + byteLength
            const sorted = [...borders]
            assert.equal(buffer.midFrame, !borders.has(end))
            assert.equal(buffer.begun, sorted.filter(border => border < end).length)
            assert.equal(buffer.tail, sorted.find(border => border >= end)! - end)
            assert.equal(
              segments.reduce((sum, segment) => sum + segment.length, 0),
              byteLength,
            )
            for (const segment of segments) {
              assert.ok(segment.length > 0)
              taken += segment.length
              const copy = segment.slice()
              out.push({ segment, copy, end: taken })
              got.push(copy)
            }
          } else {
            released += Math.floor(((taken - released) * amount) / 100)
            buffer.release(released)
            out = out.filter(({ end }) => end > released)
          }
          assert.equal(buffer.byteLength, appended - taken)
          for (const { segment, copy } of out)
            assert.ok(Buffer.from(segment).equals(copy), 'changed too early')
        }
        got.push(...buffer.take(everything).segments)
        assert.ok(Buffer.from(concat(got)).equals(concat(expected)), 'the whole stream')
      }),
      { numRuns: 150 },
    )
  })
})
