import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runInNewContext } from 'node:vm'
import { ConnectDatagram } from '../../src/index.ts'
import { coded } from './support.ts'

/** The same seven bytes, as everything that holds bytes. */
const bytes = [1, 2, 3, 4, 5, 6, 7]
const inner = (): ArrayBuffer => Uint8Array.from([9, 9, ...bytes, 9]).buffer
const kinds: Readonly<Record<string, () => ArrayBufferView | ArrayBufferLike>> = {
  'a Uint8Array': () => new Uint8Array(inner(), 2, 7),
  'a Buffer': () => Buffer.from(bytes),
  'an Int8Array': () => new Int8Array(inner(), 2, 7),
  'a Uint8ClampedArray': () => new Uint8ClampedArray(inner(), 2, 7),
  'a DataView': () => new DataView(inner(), 2, 7),
  'an ArrayBuffer': () => Uint8Array.from(bytes).buffer,
  'a SharedArrayBuffer': () => {
    const buffer = new SharedArrayBuffer(7)
    new Uint8Array(buffer).set(bytes)
    return buffer
  },
  'a Uint8Array of another realm': () => runInNewContext(`Uint8Array.from([${bytes}])`),
  'a DataView of another realm': () => runInNewContext(`new DataView(Uint8Array.from([${bytes}]).buffer)`),
  'an ArrayBuffer of another realm': () => runInNewContext(`Uint8Array.from([${bytes}]).buffer`),
}

describe('data', () => {
  for (const [kind, make] of Object.entries(kinds)) {
    it(`is the bytes of ${kind}, uncopied`, () => {
      const given = make()
      const { data, byteLength } = new ConnectDatagram(1, given)
      assert.ok(data instanceof Uint8Array, 'no Uint8Array of this realm')
      assert.deepEqual([...data], bytes)
      assert.equal(byteLength, 7)
      const buffer = ArrayBuffer.isView(given) ? given.buffer : given
      new Uint8Array(buffer).fill(77)
      assert.deepEqual([...data], Array(7).fill(77))
    })

    it(`of a frame may be ${kind}`, () => {
      const frame = new ConnectDatagram(3, make()).encode()
      assert.deepEqual([...frame], [0, 0, 0, 11, 0, 1, 0, 3, ...bytes])
    })
  }

  it('of wider numbers is what lies in memory', () => {
    const wide = Float64Array.of(1.5, -2)
    const { data } = new ConnectDatagram(1, wide)
    assert.equal(data.length, 16)
    assert.deepEqual([...new Float64Array(data.slice().buffer)], [1.5, -2])
  })

  it('that was transferred away before the datagram was made is refused', () => {
    for (const kind of ['a Uint8Array', 'a DataView', 'an ArrayBuffer']) {
      const given = kinds[kind]!()
      structuredClone(given, {
        transfer: [(ArrayBuffer.isView(given) ? given.buffer : given) as ArrayBuffer],
      })
      assert.throws(() => new ConnectDatagram(1, given), coded('INVALID_ARGUMENT', /^data\b/), kind)
    }
  })
})

describe('a whole frame', () => {
  const frame = [0, 0, 0, 6, 0, 1, 0, 5, 104, 105]

  it('is decoded from a view or buffer of any kind and realm', () => {
    const whole = Uint8Array.from(frame)
    for (const given of [
      whole,
      whole.buffer,
      new DataView(whole.buffer),
      runInNewContext(`Uint8Array.from([${frame}])`),
      runInNewContext(`Uint8Array.from([${frame}]).buffer`),
    ]) {
      const { recipient, data } = ConnectDatagram.decode(given)
      assert.equal(recipient, 5)
      assert.deepEqual([...data], [104, 105])
    }
  })

  it('whose memory was transferred away has lost its data, and says so', () => {
    const whole = Uint8Array.from(frame)
    const datagram = ConnectDatagram.decode(whole)
    structuredClone(whole, { transfer: [whole.buffer] })
    for (const use of [() => datagram.data, () => datagram.text(), () => datagram.encode()]) {
      assert.throws(use, coded('INVALID_ARGUMENT', /^datagram\b.*lost its data/))
    }
  })

  it('is never made of data that has another length than it had', () => {
    const Resizable = ArrayBuffer as unknown as new (
      length: number,
      options: { maxByteLength: number },
    ) => ArrayBuffer & { resize(length: number): void }
    for (const length of [0, 3, 9, 20]) {
      const buffer = new Resizable(8, { maxByteLength: 20 })
      const datagram = new ConnectDatagram(1, buffer)
      buffer.resize(length)
      assert.throws(() => datagram.encode(), coded('INVALID_ARGUMENT'))
      assert.throws(() => datagram.text(), coded('INVALID_ARGUMENT'))
      assert.equal(datagram.byteLength, 8)
      buffer.resize(8)
      assert.equal(datagram.encode().length, 16)
    }
  })
})
