import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FrameDecoder } from '../../src/frame/decoder.ts'
import { ControlType, decodeControl, encodeControl } from '../../src/session/control-frame.ts'
import { FrameWalker } from '../../src/session/frame-walker.ts'
import { bytesOf } from '../support/data.ts'
import { thrown } from '../support/errors.ts'
import { cutAt, datagramsOf, dataSizes, framesOf } from './support.ts'

const pingAt = (position: number): Uint8Array =>
  encodeControl({
    type: ControlType.PING,
    endConsumed: false,
    done: false,
    code: 0,
    position,
    received: 0,
    consumed: 0,
  })

/** Notes what a walker finds; its control frames are the PINGs of this file. */
class Finds {
  readonly runs: Uint8Array[] = []
  readonly pings: number[] = []
  readonly walker: FrameWalker

  constructor(maxDataBytes = 1_000_000) {
    this.walker = new FrameWalker(
      {
        onRun: bytes => this.runs.push(bytes),
        onControl: frame => {
          const control = decodeControl(frame)
          assert(control.type === ControlType.PING)
          assert.equal(control.position, this.walker.received)
          this.pings.push(control.position)
        },
      },
      maxDataBytes,
    )
  }

  get data(): Buffer {
    return Buffer.concat(this.runs)
  }
}

/** A stream of data frames with a PING behind those whose number is in `pings`, and the data alone. */
function streamOf(sizes: readonly number[], pings: readonly boolean[]) {
  const parts: Uint8Array[] = []
  const data: Uint8Array[] = []
  for (const [i, datagram] of datagramsOf(sizes).entries()) {
    if (pings[i]) parts.push(pingAt(i))
    parts.push(datagram.encode())
    data.push(datagram.encode())
  }
  return { stream: new Uint8Array(Buffer.concat(parts)), data: Buffer.concat(data) }
}

const places = fc.array(fc.nat(), { maxLength: 12 })

describe('the walker', () => {
  it('parts control from data however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(dataSizes, { maxLength: 20 }),
        fc.array(fc.boolean()),
        places,
        (sizes, pings, cuts) => {
          const { stream, data } = streamOf(sizes, pings)
          const finds = new Finds()
          for (const chunk of cutAt(stream, cuts)) finds.walker.push(chunk)
          assert.equal(Buffer.compare(finds.data, data), 0)
          assert.equal(finds.walker.received, sizes.length)
          assert.equal(finds.walker.begunBytes, data.length)
          assert.equal(finds.pings.length, sizes.filter((_, i) => pings[i]).length)
          assert.equal(finds.walker.isInsideData, false)
        },
      ),
    )
  })

  it('gives a chunk of whole data frames on as it is', () => {
    const finds = new Finds()
    const chunk = framesOf(datagramsOf([10, 20, 30]))
    finds.walker.push(chunk)
    assert.equal(finds.runs.length, 1)
    assert.equal(finds.runs[0], chunk)
  })

  it('gives the decoder behind it the same datagrams when a break cuts it anywhere, twice', () => {
    fc.assert(
      fc.property(
        fc.array(dataSizes, { minLength: 1, maxLength: 8 }),
        fc.array(fc.boolean()),
        fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
        places,
        (sizes, pings, breaks, cuts) => {
          const datagrams = datagramsOf(sizes)
          const finds = new Finds()
          const decoder = new FrameDecoder(1_000_000)
          const out: { data: Uint8Array }[] = []
          for (const place of [...breaks, undefined]) {
            const from = finds.walker.received
            const { stream } = streamOf(sizes.slice(from), [])
            const replay = framesOf(datagrams.slice(from))
            const withPing = pings[0] ? new Uint8Array(Buffer.concat([pingAt(from), replay])) : replay
            const end = place === undefined ? withPing.length : place % (stream.length + 1)
            for (const chunk of cutAt(withPing.subarray(0, end), cuts)) finds.walker.push(chunk)
            for (const run of finds.runs.splice(0)) decoder.push(run, out as never)
            if (place === undefined) continue
            finds.walker.restart()
            decoder.restart()
          }
          assert.equal(out.length, sizes.length)
          for (const [i, { data }] of out.entries()) {
            assert.equal(Buffer.compare(data, datagrams[i]!.data), 0)
          }
          assert.equal(finds.walker.begunBytes, framesOf(datagrams).length)
        },
      ),
    )
  })

  it('gives a bad header on, for the decoder to refuse it, and nothing behind it', () => {
    for (const header of [
      [0, 0, 0, 4, 0, 1, 0, 0],
      [0, 0, 0, 5, 0, 3, 0, 0],
      [0, 0, 0, 105, 0, 1, 0, 0],
    ]) {
      for (const cut of [0, 3, 8]) {
        const finds = new Finds(100)
        const [good] = datagramsOf([7])
        const stream = new Uint8Array([...good!.encode(), ...header, ...bytesOf(50)])
        for (const chunk of cutAt(stream, [15 + cut])) finds.walker.push(chunk)
        finds.walker.push(bytesOf(10))
        assert.deepEqual([...finds.data], [...good!.encode(), ...header])
      }
    }
  })

  it('refuses control frames of absurd size before it keeps anything of them', () => {
    const header = new Uint8Array([0xff, 0xff, 0xff, 0xff, 0, 2, 0, 4])
    thrown(() => new Finds().walker.push(header), 'PROTOCOL_VIOLATION')
  })

  it('knows when what comes next is data of a frame that is under way', () => {
    const finds = new Finds()
    const frame = datagramsOf([1000])[0]!.encode()
    finds.walker.push(frame.subarray(0, 500))
    assert.equal(finds.walker.isInsideData, true)
    finds.walker.restart()
    assert.equal(finds.walker.isInsideData, false)
    finds.walker.push(frame.subarray(0, 5))
    assert.equal(finds.walker.isInsideData, false)
    finds.walker.push(frame.subarray(5, 600))
    assert.equal(finds.walker.isInsideData, true)
    finds.walker.push(frame.subarray(600))
    assert.equal(finds.walker.isInsideData, false)
  })
})
