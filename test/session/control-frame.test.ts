import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  type ControlFrame,
  ControlType,
  controlFrameBytes,
  decodeControl,
  encodeControl,
  HelloKind,
  MAX_CONTROL_BYTES,
} from '../../src/session/control-frame.ts'
import { thrown } from '../support/errors.ts'

const counter = fc.maxSafeNat()
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const kind = fc.constantFrom(...Object.values(HelloKind))
const short = fc.integer({ min: 0, max: 0xffff })
const windows = { received: counter, consumed: counter, windowBytes: counter, windowMessages: counter }

const record = <T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { noNullPrototype: true })

const hello = record({
  type: fc.constant(ControlType.HELLO),
  kind,
  revision: short,
  sessionId: bytes(16),
  epoch: counter,
  ...windows,
  proof: bytes(32),
})
const welcome = record({
  type: fc.constant(ControlType.WELCOME),
  kind,
  sessionId: bytes(16),
  epoch: counter,
  ...windows,
  retentionMs: counter,
  key: bytes(32),
})
const reject = record({
  type: fc.constant(ControlType.REJECT),
  code: short,
  known: fc.boolean(),
  received: counter,
  consumed: counter,
})
const status = record({
  type: fc.constantFrom(ControlType.ACK, ControlType.PING, ControlType.PONG, ControlType.CLOSE),
  endConsumed: fc.boolean(),
  done: fc.boolean(),
  code: short,
  position: counter,
  received: counter,
  consumed: counter,
})
const frames: fc.Arbitrary<ControlFrame> = fc.oneof(hello, welcome, reject, status)

const ack: ControlFrame = {
  type: ControlType.ACK,
  endConsumed: true,
  done: false,
  code: 0,
  position: 1,
  received: 2,
  consumed: 2 ** 32 + 3,
}

describe('control frames', () => {
  it('come out of their bytes as they went in', () => {
    fc.assert(
      fc.property(frames, frame => {
        const encoded = encodeControl(frame)
        assert(encoded.length <= MAX_CONTROL_BYTES)
        assert.equal(controlFrameBytes(encoded, 0), encoded.length)
        assert.deepEqual(decodeControl(encoded), frame)
      }),
    )
  })

  it('lie on the wire as PROTOCOL.md says', () => {
    const hex = Buffer.from(encodeControl(ack)).toString('hex')
    const [header, flags, position, received, consumed] = [
      '0000002000020004',
      '00010000',
      '0000000000000001',
      '0000000000000002',
      '0000000100000003',
    ]
    assert.equal(hex, [header, flags, position, received, consumed].join(''))
  })

  it('of another size than their type has are refused', () => {
    for (const size of [0, 4, 31, 33, 0xffffffff]) {
      const bad = encodeControl(ack)
      new DataView(bad.buffer).setUint32(0, size)
      thrown(() => controlFrameBytes(bad, 0), 'PROTOCOL_VIOLATION')
    }
  })

  it('of an unknown type are refused', () => {
    for (const type of [0, 8, 255, 65_535]) {
      const bad = encodeControl(ack)
      new DataView(bad.buffer).setUint16(6, type)
      thrown(() => controlFrameBytes(bad, 0), 'PROTOCOL_VIOLATION')
    }
  })

  it('with a counter above 2^53 or an unknown kind are refused', () => {
    const large = encodeControl(ack)
    large[12] = 0x80
    thrown(() => decodeControl(large), 'PROTOCOL_VIOLATION')
    const [sample] = fc.sample(hello, 1)
    const odd = encodeControl({ ...sample!, kind: 3 as never })
    thrown(() => decodeControl(odd), 'PROTOCOL_VIOLATION')
  })
})
