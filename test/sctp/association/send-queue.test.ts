import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SendQueue } from '../../../src/transport/sctp/association/send-queue.ts'
import { PacketWriter } from '../../../src/transport/sctp/wire/packet-writer.ts'
import { bytesOf } from '../../support/data.ts'

function written(queue: SendQueue, place: number, byteLength: number): Uint8Array {
  const writer = new PacketWriter(length => new Uint8Array(length))
  writer.begin(1, 2, 3, 60_000)
  queue.write(writer, place, byteLength)
  return writer.finish().slice(12)
}

type Step =
  | { readonly push: readonly number[] }
  | { readonly from: number; readonly length: number }
  | { readonly release: number }

const share = fc.double({ min: 0, max: 1, noNaN: true })
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  fc.array(fc.nat(40), { maxLength: 90 }).map(push => ({ push })),
  fc.record({ from: share, length: share }),
  share.map(release => ({ release })),
)

/** Runs the steps on the queue, and on one long array that is never cut. */
function run(steps: readonly Step[]): void {
  const queue = new SendQueue()
  let whole = new Uint8Array(0)
  let released = 0
  for (const step of steps) {
    if ('push' in step) {
      const segments = step.push.map((length, i) => bytesOf(length, whole.length + i))
      queue.push(segments)
      whole = Uint8Array.from(Buffer.concat([whole, ...segments]))
    } else if ('release' in step) {
      released += Math.floor((whole.length - released) * step.release)
      queue.release(released)
    } else {
      const from = released + Math.floor((whole.length - released) * step.from)
      const length = Math.floor((whole.length - from) * step.length)
      if (length > 0) assert.deepEqual(written(queue, from, length), whole.slice(from, from + length))
    }
    assert.equal(queue.end, whole.length)
  }
}

describe('the bytes that wait to be acknowledged', () => {
  it('are found at any place, whatever was let go of before', () => {
    fc.assert(fc.property(fc.array(anyStep, { maxLength: 40 }), run), { numRuns: 300 })
  })

  it('are found again at an earlier place, as when they are sent again', () => {
    const queue = new SendQueue()
    queue.push([bytesOf(10, 1), bytesOf(10, 2), bytesOf(10, 3)])
    assert.deepEqual(written(queue, 25, 5), bytesOf(10, 3).slice(5))
    assert.deepEqual(
      written(queue, 8, 4),
      Uint8Array.of(...bytesOf(10, 1).slice(8), ...bytesOf(10, 2).slice(0, 2)),
    )
  })

  it('may be none: empty segments are passed over', () => {
    const queue = new SendQueue()
    queue.push([new Uint8Array(0), bytesOf(3), new Uint8Array(0)])
    assert.equal(queue.end, 3)
    assert.deepEqual(written(queue, 0, 3), bytesOf(3))
  })
})
