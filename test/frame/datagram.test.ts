import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { ConnectDatagram } from '../../src/frame/datagram.ts'
import { coded, someBytes, twinDatagram } from './support.ts'
import { concat, twinEncode } from './twin.ts'

const text = 'Hello wörld ✓ 🚀'

describe('a datagram that is made', () => {
  it('has version 1, its recipient, its data and their length', () => {
    const data = someBytes(5)
    const datagram = new ConnectDatagram(65_535, data)
    assert.equal(datagram.version, 1)
    assert.equal(datagram.recipient, 65_535)
    assert.equal(datagram.data, data)
    assert.equal(datagram.byteLength, 5)
  })

  it('takes every recipient from 0 to 65535', () => {
    for (const recipient of [0, 1, 255, 256, 65_534, 65_535]) {
      assert.equal(ConnectDatagram.decode(new ConnectDatagram(recipient, 'x').encode()).recipient, recipient)
    }
  })

  const noRecipients = [
    -1,
    65_536,
    1.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '1',
    1n,
    null,
    undefined,
    {},
    [],
  ]
  for (const recipient of [...noRecipients, Symbol('s'), Object.create(null)]) {
    const shown = inspect(recipient)
    it(`refuses ${shown} as recipient, naming it`, () => {
      assert.throws(
        () => new ConnectDatagram(recipient as number, 'x'),
        coded('INVALID_ARGUMENT', /^recipient\b.*\b0 to 65535\b/),
      )
    })
  }

  const noData = [
    undefined,
    null,
    5,
    {},
    [1, 2],
    { length: 4, [Symbol.toStringTag]: 'ArrayBuffer' },
    { byteLength: 4, [Symbol.toStringTag]: 'Uint8Array' },
    new Proxy(new Uint8Array(4), {}),
    Object.create(Uint8Array.prototype),
  ]
  for (const data of noData) {
    it(`refuses ${inspect(data)} as data, naming it`, () => {
      assert.throws(() => new ConnectDatagram(1, data as Uint8Array), coded('INVALID_ARGUMENT', /^data\b/))
    })
  }

  it('refuses empty data', () => {
    assert.throws(
      () => new ConnectDatagram(1, new Uint8Array(0)),
      coded('INVALID_ARGUMENT', /^data\b.*empty/),
    )
    assert.throws(() => new ConnectDatagram(1, ''), coded('INVALID_ARGUMENT', /^data\b.*empty/))
  })

  it('refuses data above 100,000,000 bytes, naming size and limit', () => {
    const data = new Uint8Array(100_000_001)
    assert.throws(
      () => new ConnectDatagram(1, data),
      coded('MESSAGE_TOO_LARGE', /^data\b.*\b100000001\b.*\b100000000\b/),
    )
    assert.equal(new ConnectDatagram(1, data.subarray(1)).byteLength, 100_000_000)
  })

  it('is checked whatever further arguments come', () => {
    const Loose = ConnectDatagram as unknown as new (...args: unknown[]) => ConnectDatagram
    for (const rest of [
      [0, 1],
      [undefined, 0, 1],
      [Symbol('unchecked'), 0, 1],
    ]) {
      assert.throws(() => new Loose(70_000, someBytes(3), ...rest), coded('INVALID_ARGUMENT'))
      assert.throws(() => new Loose(1, new Uint8Array(0), ...rest), coded('INVALID_ARGUMENT'))
    }
  })

  it('holds a view, never a copy, of whatever kind', () => {
    const buffer = Buffer.alloc(10).subarray(2, 6)
    for (const data of [
      buffer,
      new Uint8Array(new ArrayBuffer(20), 5, 7),
      new Uint8Array(new SharedArrayBuffer(9), 3),
    ]) {
      const datagram = new ConnectDatagram(1, data)
      assert.equal(datagram.data.buffer, data.buffer)
      assert.equal(datagram.data.byteOffset, data.byteOffset)
      assert.equal(datagram.data.byteLength, data.byteLength)
      data[0] = 77
      assert.equal(datagram.data[0], 77)
    }
  })

  it('sends a string as UTF-8', () => {
    const datagram = new ConnectDatagram(1, text)
    assert.deepEqual(datagram.data, Uint8Array.from(Buffer.from(text, 'utf8')))
    assert.equal(datagram.text(), text)
  })

  it('gives any well-formed string back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), string => {
        assert.equal(new ConnectDatagram(1, string).text(), string)
      }),
    )
  })

  it('gives a string back that begins with U+FEFF', () => {
    assert.equal(new ConnectDatagram(1, '\uFEFFtext').text(), '\uFEFFtext')
  })

  it('shows U+FFFD for what is no UTF-8', () => {
    assert.equal(new ConnectDatagram(1, Uint8Array.of(0x61, 0xff, 0x62)).text(), 'a\uFFFDb')
    assert.equal(new ConnectDatagram(1, '\uD800').text(), '\uFFFD')
  })
})

describe('a whole frame', () => {
  it('is what the twin encodes, in a buffer of its own', () => {
    fc.assert(
      fc.property(twinDatagram, twin => {
        const frame = new ConnectDatagram(twin.recipient, twin.data).encode()
        assert.ok(Buffer.from(frame).equals(twinEncode(twin)))
        assert.notEqual(frame.buffer, twin.data.buffer)
        assert.equal(frame.buffer.byteLength, frame.length)
      }),
      { numRuns: 50 },
    )
  })

  it('decodes to what was encoded, as a view of it', () => {
    fc.assert(
      fc.property(twinDatagram, twin => {
        const frame = twinEncode(twin)
        const { version, recipient, data, byteLength } = ConnectDatagram.decode(frame)
        assert.deepEqual(
          { version, recipient, byteLength },
          { version: 1, recipient: twin.recipient, byteLength: twin.data.length },
        )
        assert.ok(Buffer.from(data).equals(twin.data))
        assert.equal(data.buffer, frame.buffer)
        assert.equal(data.byteOffset, 8)
      }),
      { numRuns: 50 },
    )
  })

  it('decodes to the same view each time it is asked for', () => {
    const datagram = ConnectDatagram.decode(twinEncode({ recipient: 1, data: someBytes(9) }))
    assert.equal(datagram.data, datagram.data)
  })

  it('decodes from a Buffer in the middle of a pool to a plain Uint8Array', () => {
    const frame = twinEncode({ recipient: 1, data: someBytes(9) })
    const pooled = Buffer.concat([Buffer.alloc(13), frame, Buffer.alloc(5)]).subarray(13, 13 + frame.length)
    const { data } = ConnectDatagram.decode(pooled)
    assert.equal(Object.getPrototypeOf(data), Uint8Array.prototype)
    assert.deepEqual(data, someBytes(9))
  })

  it('can be encoded again after it was decoded', () => {
    const frame = twinEncode({ recipient: 300, data: someBytes(500) })
    assert.deepEqual(ConnectDatagram.decode(frame).encode(), frame)
  })

  it('is refused when it ends early, at every place', () => {
    const frame = twinEncode({ recipient: 1, data: someBytes(12) })
    for (let length = 0; length < frame.length; length++) {
      assert.throws(
        () => ConnectDatagram.decode(frame.slice(0, length)),
        coded('STREAM_TRUNCATED', new RegExp(`\\b${length} of ${length < 8 ? 8 : 20}\\b`)),
      )
    }
  })

  it('is refused when something follows', () => {
    const frame = twinEncode({ recipient: 1, data: someBytes(12) })
    const longer = concat([frame, Uint8Array.of(0)])
    assert.throws(() => ConnectDatagram.decode(longer), coded('INVALID_ARGUMENT', /^frame\b.*\b21\b.*\b20\b/))
  })

  it('is refused with a bad size or version', () => {
    const refused = (bytes: number[], code: 'FRAME_SIZE_INVALID' | 'VERSION_UNSUPPORTED'): void =>
      assert.throws(() => ConnectDatagram.decode(Uint8Array.from(bytes)), coded(code))
    refused([0, 0, 0, 0, 0, 1, 0, 0], 'FRAME_SIZE_INVALID')
    refused([0, 0, 0, 4, 0, 1, 0, 0], 'FRAME_SIZE_INVALID')
    refused([0x05, 0xf5, 0xe1, 0x05, 0, 1, 0, 0], 'FRAME_SIZE_INVALID')
    refused([255, 255, 255, 255, 0, 1, 0, 0], 'FRAME_SIZE_INVALID')
    refused([0, 0, 0, 5, 0, 0, 0, 0, 9], 'VERSION_UNSUPPORTED')
    refused([0, 0, 0, 5, 1, 0, 0, 0, 9], 'VERSION_UNSUPPORTED')
    refused([0, 0, 0, 5, 1, 1, 0, 0, 9], 'VERSION_UNSUPPORTED')
  })

  it('is refused when it is no bytes', () => {
    const noFrames: unknown[] = [undefined, null, 'text', [0, 0, 0, 5], {}, 7]
    for (const frame of noFrames) {
      assert.throws(() => ConnectDatagram.decode(frame as Uint8Array), coded('INVALID_ARGUMENT', /^frame\b/))
    }
  })

  it('decodes, or is refused with a code, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), bytes => {
        try {
          assert.deepEqual(ConnectDatagram.decode(bytes).encode(), bytes)
        } catch (error) {
          assert.match(
            (error as { code: string }).code,
            /^(INVALID_ARGUMENT|STREAM_TRUNCATED|FRAME_SIZE_INVALID|VERSION_UNSUPPORTED)$/,
          )
        }
      }),
      { numRuns: 500 },
    )
  })
})
