import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ByteStreamSink } from '../../../src/transport/byte-stream.ts'
import { InboundBytes } from '../../../src/transport/sctp/stream/inbound-bytes.ts'
import { bytesOf } from '../../support/data.ts'
import { MIB, usedBytes } from '../../support/memory.ts'
import { countCalls } from '../support/visits.ts'

const newBytes = (): InboundBytes => new InboundBytes(byteLength => new Uint8Array(byteLength).fill(0xdb))

/** Takes what it is given, and pauses after some of the calls. */
class Sink implements Partial<ByteStreamSink> {
  readonly chunks: Uint8Array[] = []
  readonly #bytes: InboundBytes
  readonly #roomBytes: number
  calls = 0

  constructor(bytes: InboundBytes, roomBytes: number) {
    this.#bytes = bytes
    this.#roomBytes = roomBytes
  }

  deliver(mostCalls: number): number {
    this.calls = mostCalls
    this.#bytes.paused = mostCalls === 0
    return this.#bytes.deliver(this as unknown as ByteStreamSink)
  }

  onData(chunk: Uint8Array): void {
    this.chunks.push(chunk)
    if (--this.calls === 0) this.#bytes.paused = true
  }

  room(): Uint8Array | undefined {
    return this.#roomBytes === 0 ? undefined : new Uint8Array(this.#roomBytes)
  }
}

/** Pieces of one packet: their lengths, and what else is in it. */
const packet = fc.record({
  lengths: fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 900 })), {
    maxLength: 8,
  }),
  rest: fc.constantFrom(0, 20, 2000, 60_000),
})
const step = fc.oneof(
  { weight: 3, arbitrary: packet.map(each => ({ packet: each })) },
  { weight: 1, arbitrary: fc.nat(3).map(calls => ({ calls })) },
)

describe('bytes that wait for the user', () => {
  it('cost nothing in a turn in which the user takes none, however many they are', t => {
    const bytes = newBytes()
    const sink = new Sink(bytes, 0)
    for (let i = 0; i < 1000; i++) {
      bytes.push(bytesOf(1000, i))
      bytes.settle()
    }
    const copies = countCalls(t, Array, 'slice')
    for (let turn = 0; turn < 100; turn++) assert.equal(sink.deliver(0), 0)
    assert.equal(copies.taken(), 0)
    assert.equal(sink.deliver(1000), 1_000_000)
  })

  it('come out as they came in, whatever is gathered and copied meanwhile', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), fc.constantFrom(0, 1, 100, 5000), (steps, roomBytes) => {
        const bytes = newBytes()
        const sink = new Sink(bytes, roomBytes)
        const expected: Uint8Array[] = []
        let taken = 0
        for (const each of steps) {
          if ('calls' in each) taken += sink.deliver(each.calls)
          else expected.push(...read(bytes, each.packet.lengths, each.packet.rest, expected.length))
        }
        taken += sink.deliver(1_000_000)
        assert.equal(bytes.isEmpty, true)
        assert.deepEqual(Buffer.concat(sink.chunks), Buffer.concat(expected))
        assert.equal(taken, Buffer.concat(expected).length)
      }),
      { numRuns: 300 },
    )
  })

  it('of 1 byte each, in packets of their own, cost little more than themselves', async () => {
    const bytes = newBytes()
    const before = await usedBytes()
    for (let i = 0; i < 200_000; i++) read(bytes, [1], 30, i)
    const grown = (await usedBytes()) - before
    assert.ok(grown < 2 * MIB, `${(grown / MIB).toFixed(1)} MiB`)
    assert.equal(new Sink(bytes, 0).deliver(1_000_000), 200_000)
  })

  it('of which a large packet has few are not the packet that is handed over', () => {
    const bytes = newBytes()
    const sink = new Sink(bytes, 0)
    read(bytes, [9], 60_000, 1)
    sink.deliver(1)
    assert.ok(sink.chunks[0]!.buffer.byteLength < 1000)
  })
})

/** A packet is read: its pieces are views of one stretch of memory, a Buffer as the sockets of Node give it. */
function read(bytes: InboundBytes, lengths: readonly number[], rest: number, seed: number): Uint8Array[] {
  const total = lengths.reduce((sum, length) => sum + length, 0)
  const memory = Buffer.from(new ArrayBuffer(total + rest))
  memory.set(bytesOf(total, seed))
  let at = 0
  const pieces = lengths.map(length => {
    at += length
    return memory.subarray(at - length, at)
  })
  for (const piece of pieces) bytes.push(piece)
  bytes.settle()
  return pieces.map(piece => Uint8Array.from(piece))
}
