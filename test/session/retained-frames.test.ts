import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SendBuffer } from '../../src/connection/send-buffer.ts'
import { frameBytesAt, piecesOf, RetainedFrames } from '../../src/session/retained-frames.ts'
import { datagramsOf, dataSizes, framesOf, retain } from './support.ts'

/** All that is kept from a position on, as replay would send it. */
function bytesFrom(retained: RetainedFrames, from: number): Buffer {
  const pieces: Uint8Array[] = []
  for (let at = from; at < retained.takenBytes; ) {
    const chunk = retained.chunkAt(at)
    assert(chunk !== undefined)
    const end = chunk.start + chunk.byteLength
    pieces.push(...piecesOf(chunk, at, end))
    at = end
  }
  return Buffer.concat(pieces)
}

const most = fc.constantFrom(64 * 1024, 70_001, 100_000)

/** Processor time to go through so many frames, each given by a write of its own, and to confirm them one by one. */
function timeOf(count: number): number {
  const frame = framesOf(datagramsOf([1]))
  const retained = new RetainedFrames()
  for (let n = 1; n <= count; n++) retained.add([frame], frame.length, n, 0)
  const began = process.cpuUsage()
  for (let n = 0; n < count; n++) assert.equal(retained.chunkAt(n * frame.length)?.begunBefore, n)
  for (let n = 1; n <= count; n++) assert.equal(retained.confirm(n), frame.length)
  return process.cpuUsage(began).user / 1000
}

describe('retained frames', () => {
  it('cost the same each, however many writes they came in', () => {
    timeOf(5000)
    const few = Math.min(timeOf(5000), timeOf(5000), timeOf(5000))
    // 16 times as many: 16 times as long, or 256 times if each were looked for from one end of the list.
    const many = Math.min(timeOf(80_000), timeOf(80_000))
    assert(many < few * 100, `${few} ms for 5,000 and ${many} ms for 80,000`)
  })

  it('are found again from any frame on, whatever has been confirmed', () => {
    fc.assert(
      fc.property(
        fc.array(dataSizes, { minLength: 1, maxLength: 30 }),
        most,
        fc.nat(),
        fc.nat(),
        (sizes, most, a, b) => {
          const datagrams = datagramsOf(sizes)
          const retained = retain(datagrams, most)
          const [confirmed, from] = [a, b].map(each => each % (sizes.length + 1)).sort((x, y) => x - y) as [
            number,
            number,
          ]
          const freed = retained.confirm(Math.floor(confirmed / 2)) + retained.confirm(confirmed)
          assert.equal(freed, framesOf(datagrams.slice(0, confirmed)).length)
          assert.equal(retained.byteLength, framesOf(datagrams.slice(confirmed)).length)
          const position = retained.positionAfter(from)
          assert.equal(position, framesOf(datagrams.slice(0, from)).length)
          assert.equal(Buffer.compare(bytesFrom(retained, position), framesOf(datagrams.slice(from))), 0)
        },
      ),
    )
  })

  it('are shown as the datagrams that were sent', () => {
    fc.assert(
      fc.property(fc.array(dataSizes, { maxLength: 30 }), most, fc.nat(), (sizes, most, n) => {
        const datagrams = datagramsOf(sizes)
        const retained = retain(datagrams, most)
        const confirmed = n % (sizes.length + 1)
        retained.confirm(confirmed)
        const shown = retained.datagrams()
        assert.deepEqual(
          shown.map(({ recipient }) => recipient),
          datagrams.slice(confirmed).map(({ recipient }) => recipient),
        )
        assert.equal(Buffer.compare(framesOf(shown), framesOf(datagrams.slice(confirmed))), 0)
      }),
    )
  })

  it('share the memory of what was written', () => {
    const [datagram] = datagramsOf([100_000])
    const [shown] = retain([datagram!]).datagrams()
    assert.equal(shown!.data.buffer, datagram!.data.buffer)
  })

  it('are all kept while none is confirmed, and none when all are', () => {
    const datagrams = datagramsOf([10, 20_000, 30])
    const retained = retain(datagrams)
    assert.equal(retained.byteLength, framesOf(datagrams).length)
    retained.confirm(3)
    assert.equal(retained.byteLength, 0)
    assert.equal(retained.chunkAt(retained.takenBytes), undefined)
    assert.deepEqual(retained.datagrams(), [])
  })

  it('show the rest when the data of one was transferred away', () => {
    const datagrams = datagramsOf([10, 20_000, 30])
    const retained = retain(datagrams)
    structuredClone(datagrams[1]!.data.buffer, { transfer: [datagrams[1]!.data.buffer as ArrayBuffer] })
    assert.deepEqual(
      retained.datagrams().map(({ recipient }) => recipient),
      [0, 2],
    )
  })

  it('take few chunks, however many small writes they came in', () => {
    const retained = new RetainedFrames()
    const buffer = new SendBuffer()
    const datagrams = datagramsOf(Array.from({ length: 10_000 }, (_, i) => 1 + (i % 30)))
    for (const datagram of datagrams) {
      buffer.append(datagram)
      const { segments, byteLength } = buffer.take(64 * 1024)
      retained.add(segments, byteLength, buffer.begun, buffer.tail)
    }
    assert.equal(Buffer.compare(bytesFrom(retained, 0), framesOf(datagrams)), 0)
    let chunks = 0
    for (let at = 0; at < retained.takenBytes; chunks++) at += retained.chunkAt(at)!.byteLength
    assert(chunks <= retained.byteLength / (32 * 1024) + 3, `${chunks} chunks`)
    assert.equal(retained.confirm(9999), framesOf(datagrams.slice(0, 9999)).length)
    assert.deepEqual(
      retained.datagrams().map(({ byteLength }) => byteLength),
      [1 + (9999 % 30)],
    )
  })

  it('tell the bytes of a frame by its position', () => {
    const datagrams = datagramsOf([10, 20_000, 30])
    const retained = retain(datagrams)
    let position = 0
    for (const datagram of datagrams) {
      const chunk = retained.chunkAt(position)!
      assert.equal(frameBytesAt(chunk, position), datagram.byteLength + 8)
      position += datagram.byteLength + 8
    }
  })
})
