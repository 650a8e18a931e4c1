import loose from 'node:assert'
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { inspect, isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { ConnectDatagram } from '../../src/index.ts'
import { bytesOf } from '../support/data.ts'

const sent = (recipient: number, data: Uint8Array | string): ConnectDatagram =>
  new ConnectDatagram(recipient, data)

/** The same, as it arrives: in the middle of a buffer that holds more. */
function received(recipient: number, data: Uint8Array | string): ConnectDatagram {
  const frame = sent(recipient, data).encode()
  const chunk = new Uint8Array(frame.length + 9)
  chunk.set(frame, 5)
  return ConnectDatagram.decode(chunk.subarray(5, 5 + frame.length))
}

const asString = (value: unknown): string => Object.prototype.toString.call(value)

function assertEqual(a: ConnectDatagram, b: ConnectDatagram): void {
  assert.deepStrictEqual(a, b)
  loose.deepEqual(a, b)
  assert.deepStrictEqual({ list: [a], map: new Map([[1, a]]) }, { list: [b], map: new Map([[1, b]]) })
  assert.equal(isDeepStrictEqual(a, b), true)
  // What Jest, Vitest and Chai look at first, and fast-deep-equal.
  assert.equal(asString(a), asString(b))
  assert.equal(a.toString(), b.toString())
  assert.equal(JSON.stringify(a), JSON.stringify(b))
}

function assertDifferent(a: ConnectDatagram, b: ConnectDatagram): void {
  assert.notDeepStrictEqual(a, b)
  loose.notDeepEqual(a, b)
  assert.notDeepStrictEqual([a], [b])
  assert.equal(isDeepStrictEqual(a, b), false)
  assert.ok(a.recipient !== b.recipient || asString(a) !== asString(b))
  assert.notEqual(a.toString(), b.toString())
}

describe('two datagrams', () => {
  it('are equal where recipient and bytes are, wherever the bytes lie', () => {
    for (const data of ['a', 'Hello world!', bytesOf(64), bytesOf(65), bytesOf(300_000)]) {
      assertEqual(sent(5, data), sent(5, data))
      assertEqual(sent(5, data), received(5, data))
    }
    assertEqual(sent(5, 'text'), sent(5, Buffer.from('text')))
  })

  it('are different where one byte is, the length or the recipient', () => {
    for (const length of [1, 63, 64, 65, 5000, 300_000]) {
      const data = bytesOf(length)
      for (const place of new Set([0, length >> 1, length - 1])) {
        const other = data.slice()
        other[place]! ^= 0x80
        assertDifferent(sent(5, data), received(5, other))
      }
      assertDifferent(sent(5, data), sent(6, data))
      assertDifferent(sent(5, data), sent(5, Buffer.concat([data, Uint8Array.of(0)])))
    }
  })

  it('are different where bytes have changed places or parts, behind what is shown', () => {
    const zeros = new Uint8Array(1000)
    const all = new Set<string>()
    for (let i = 100; i < 1000; i++) {
      const data = zeros.slice()
      data[i] = 1
      all.add(sent(1, data).toString())
    }
    assert.equal(all.size, 900)
    const data = bytesOf(1000)
    const swapped = data.slice()
    swapped[500] = data[501]!
    swapped[501] = data[500]!
    assertDifferent(sent(1, data), sent(1, swapped))
  })

  it('are equal exactly when their frames are, whatever they hold', () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 80 })
    const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(fc.oneof(bytes, text), fc.oneof(bytes, text), fc.nat(1), (one, other, recipient) => {
        const [a, b] = [sent(1, one), received(recipient, other)]
        assert.equal(isDeepStrictEqual(a, b), Buffer.compare(a.encode(), b.encode()) === 0)
      }),
      { numRuns: 500 },
    )
  })

  it('show in the message of a failed assertion how their data differs', () => {
    const failed = (): void => assert.deepStrictEqual(sent(5, 'Hello'), sent(5, 'Hallo'))
    assert.throws(failed, (error: Error) => {
      assert.match(error.message, /5 bytes "Hello"/)
      assert.match(error.message, /5 bytes "Hallo"/)
      return true
    })
    const large = (): void =>
      assert.deepStrictEqual(sent(5, bytesOf(5_000_000)), sent(5, bytesOf(5_000_000, 1)))
    assert.throws(large, (error: Error) => error.message.length < 2000)
  })
})

describe('a datagram as JSON', () => {
  it('has its recipient, and its data as Base64', () => {
    assert.equal(JSON.stringify([sent(7, 'Hello world!')]), '[{"recipient":7,"data":"SGVsbG8gd29ybGQh"}]')
    for (const length of [1, 2, 3, 8190, 8191, 16_380, 100_000]) {
      const data = bytesOf(length)
      assert.equal(sent(1, data).toJSON().data, Buffer.from(data).toString('base64'), `${length} bytes`)
    }
  })
})

describe('a datagram that is printed', () => {
  it('may be the prototype, which mocks and debuggers ask, and has no data', () => {
    for (const none of [ConnectDatagram.prototype, Object.create(ConnectDatagram.prototype)]) {
      assert.equal(asString(none), '[object ConnectDatagram]')
      assert.match(inspect(none), /ConnectDatagram/)
    }
  })

  it('shows its recipient, how many bytes it has, and text as text', () => {
    assert.equal(
      inspect(sent(5, 'Hello world!')),
      'ConnectDatagram { recipient: 5, data: 12 bytes "Hello world!" }',
    )
    assert.equal(inspect(received(0, 'ü')), 'ConnectDatagram { recipient: 0, data: 2 bytes "ü" }')
    assert.equal(inspect(sent(1, 'a\n"b"')), 'ConnectDatagram { recipient: 1, data: 5 bytes "a\\n\\"b\\"" }')
    assert.equal(inspect([sent(5, 'x')]), '[ ConnectDatagram { recipient: 5, data: 1 byte "x" } ]')
    assert.equal(String(sent(5, 'x')), 'ConnectDatagram { recipient: 5, data: 1 byte "x" }')
  })

  it('shows what is no text, or would act on a terminal, as numbers', () => {
    assert.equal(
      inspect(sent(5, Uint8Array.of(0, 255, 16))),
      'ConnectDatagram { recipient: 5, data: 3 bytes 00 ff 10 }',
    )
    for (const bad of ['\u001b[31m', '\u009b1m', '\u007f', 'a\u202eb', '\u2066', '\ufeff', '\u0000']) {
      assert.match(inspect(sent(1, bad)), /data: \d+ bytes? [0-9a-f ]+ }$/)
    }
  })

  it('shows no more than the first 64 bytes, and cuts no character', () => {
    assert.equal(
      inspect(sent(5, 'x'.repeat(100_000))),
      `ConnectDatagram { recipient: 5, data: 100000 bytes "${'x'.repeat(64)}"... }`,
    )
    assert.equal(
      inspect(sent(5, `x${'ü'.repeat(40)}`)),
      `ConnectDatagram { recipient: 5, data: 81 bytes "x${'ü'.repeat(31)}"... }`,
    )
    assert.ok(inspect(sent(5, new Uint8Array(100_000_000))).length < 300)
  })

  it('says when its data is gone', () => {
    const data = bytesOf(7)
    const [one, other] = [sent(5, data), sent(5, bytesOf(7))]
    structuredClone(data, { transfer: [data.buffer as ArrayBuffer] })
    assert.equal(inspect(one), 'ConnectDatagram { recipient: 5, data: 7 bytes, lost }')
    assert.notDeepStrictEqual(one, other)
    assert.notEqual(String(one), String(other))
  })
})
