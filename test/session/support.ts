import fc from 'fast-check'
import { SendBuffer } from '../../src/connection/send-buffer.ts'
import { ConnectDatagram } from '../../src/frame/datagram.ts'
import { RetainedFrames } from '../../src/session/retained-frames.ts'
import { bytesOf } from '../support/data.ts'

/** Sizes of data around those at which something changes: a byte, the copied and the uncopied, a write. */
export const dataSizes = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 200 }) },
  { weight: 2, arbitrary: fc.integer({ min: 16_370, max: 16_400 }) },
  { weight: 1, arbitrary: fc.integer({ min: 65_000, max: 300_000 }) },
)

export function datagramsOf(sizes: readonly number[]): ConnectDatagram[] {
  return sizes.map((size, i) => new ConnectDatagram(i & 0xffff, bytesOf(size, i)))
}

export function framesOf(datagrams: readonly ConnectDatagram[]): Uint8Array {
  return new Uint8Array(Buffer.concat(datagrams.map(datagram => datagram.encode())))
}

/** Retains the datagrams as a connection would give them, in writes of at most so many bytes. */
export function retain(datagrams: readonly ConnectDatagram[], most = 64 * 1024): RetainedFrames {
  const retained = new RetainedFrames()
  const buffer = new SendBuffer()
  for (const datagram of datagrams) {
    buffer.append(datagram)
    if (buffer.byteLength >= 10_000) addAll(retained, buffer, most)
  }
  addAll(retained, buffer, most)
  return retained
}

function addAll(retained: RetainedFrames, buffer: SendBuffer, most: number): void {
  while (buffer.byteLength > 0) {
    const { segments, byteLength } = buffer.take(most)
    retained.add(segments, byteLength, buffer.begun, buffer.tail)
  }
}

/** Cuts bytes at random places. */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map(place => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length))
}
