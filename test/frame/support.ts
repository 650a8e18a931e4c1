import assert from 'node:assert/strict'
import fc from 'fast-check'
import { ConnectError, type ConnectErrorCode } from '../../src/errors.ts'
import type { ConnectDatagram } from '../../src/frame/datagram.ts'
import { FrameDecoder } from '../../src/frame/decoder.ts'
import type { TwinDatagram } from './twin.ts'

/** Data of a length, the same each time for the same seed, in which shifted bytes show. */
export function someBytes(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = (seed * 2654435761) >>> 0 || 1
  for (let i = 0; i < length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes[i] = state
  }
  return bytes
}

/** Cuts bytes at the places given, each taken modulo what is left. */
export function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = []
  let at = 0
  for (const length of lengths) {
    if (at >= bytes.length) break
    // A copy, so that no chunk shares its memory with the next one.
    chunks.push(bytes.slice(at, at + length))
    at += length
  }
  if (at < bytes.length) chunks.push(bytes.slice(at))
  return chunks
}

export function plain(datagrams: readonly ConnectDatagram[]): TwinDatagram[] {
  return datagrams.map(({ recipient, data }) => ({ recipient, data }))
}

export function sameDatagrams(actual: readonly ConnectDatagram[], expected: readonly TwinDatagram[]): void {
  assert.equal(actual.length, expected.length, 'number of datagrams')
  actual.forEach((datagram, i) => {
    assert.equal(datagram.recipient, expected[i]!.recipient)
    assert.equal(datagram.byteLength, expected[i]!.data.length)
    // Far faster than deepEqual on large arrays.
    assert.ok(Buffer.from(datagram.data).equals(expected[i]!.data), `data of datagram ${i}`)
  })
}

export interface Outcome {
  readonly datagrams: ConnectDatagram[]
  readonly error: ConnectError | undefined
  /** The chunk at which the error came; the number of chunks if it came at the end. */
  readonly at: number
}

/** Pushes chunks until one fails, and ends the stream. Anything but a ConnectError passes through. */
export function decodeAll(chunks: readonly Uint8Array[], maxDataBytes = 100_000_000): Outcome {
  const decoder = new FrameDecoder(maxDataBytes)
  const datagrams: ConnectDatagram[] = []
  let at = 0
  try {
    for (; at < chunks.length; at++) decoder.push(chunks[at]!, datagrams)
    decoder.end()
    return { datagrams, error: undefined, at }
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error
    return { datagrams, error, at }
  }
}

/** A check for assert.throws and assert.rejects. */
export function coded(code: ConnectErrorCode, message?: RegExp): (error: unknown) => true {
  return error => {
    assert.ok(error instanceof ConnectError, `a ConnectError, not ${String(error)}`)
    assert.equal(error.code, code)
    if (message !== undefined) assert.match(error.message, message)
    return true
  }
}

/** Lengths of data, with those that the code treats differently among them. */
export const dataLength = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 40 }) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 5000 }) },
  { weight: 2, arbitrary: fc.constantFrom(1, 2, 7, 8, 9, 95, 96, 97, 1015, 1016, 1017, 16383, 16384, 16385) },
  { weight: 1, arbitrary: fc.constantFrom(65527, 65528, 65529, 65535, 65536, 65537, 131071, 131072, 131073) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 300_000 }) },
)

/** A datagram for the twin, as length and seed, so that a failing one prints short. */
export const twinDatagram = fc
  .record({ recipient: fc.integer({ min: 0, max: 65_535 }), length: dataLength, seed: fc.nat(1000) })
  .map(({ recipient, length, seed }) => ({ recipient, data: someBytes(length, seed) }))

/** Lengths of chunks, from single bytes to more than any buffer. */
export const chunkLengths = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 3000 }) },
    { weight: 2, arbitrary: fc.constantFrom(1, 4, 6, 8, 65535, 65536, 65537) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 200_000 }) },
    { weight: 1, arbitrary: fc.constant(0) },
  ),
  { maxLength: 60 },
)
