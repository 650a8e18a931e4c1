import assert from 'node:assert/strict'
import { ConnectDatagram, type ConnectionReader, type ConnectionWriter } from '../../src/index.ts'
import { within } from './waiting.ts'

/** A small generator (mulberry32): the same numbers for the same seed, from 0 to below 1. */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let z = Math.imul(state ^ (state >>> 15), 1 | state)
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Bytes that differ from place to place and from seed to seed. */
export function bytesOf(length: number, seed = 0): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = (seed * 2_654_435_761 + 1) | 0
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
    bytes[i] = state >>> 24
  }
  return bytes
}

/** A datagram whose recipient and data both follow from its number. */
export function numbered(index: number, length = 16): ConnectDatagram {
  return new ConnectDatagram(index & 0xffff, bytesOf(length, index))
}

export function assertNumbered(datagram: ConnectDatagram | undefined, index: number, length = 16): void {
  assert(datagram !== undefined, `a clean end came instead of datagram ${index}`)
  assert.equal(datagram.recipient, index & 0xffff, `the recipient of datagram ${index}`)
  assertBytes(datagram.data, bytesOf(length, index), `datagram ${index}`)
}

/** Compares without building a diff of megabytes. */
export function assertBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.equal(actual.length, expected.length, `the length of ${what}`)
  if (Buffer.compare(actual, expected) === 0) return
  const at = expected.findIndex((byte, i) => byte !== actual[i])
  assert.fail(`${what} differs at byte ${at}: ${actual[at]} instead of ${expected[at]}`)
}

export async function sendNumbered(
  writer: ConnectionWriter,
  count: number,
  length = 16,
  from = 0,
): Promise<void> {
  for (let i = from; i < from + count; i++) await within(writer.send(numbered(i, length)), `send ${i}`)
}

export async function receiveNumbered(
  reader: ConnectionReader,
  count: number,
  length = 16,
  from = 0,
): Promise<void> {
  for (let i = from; i < from + count; i++) {
    assertNumbered(await within(reader.receive(), `receive ${i}`), i, length)
  }
}

export async function assertCleanEnd(reader: ConnectionReader): Promise<void> {
  assert.equal(await within(reader.receive(), 'the end'), undefined)
}

/** Takes what arrives until the stream ends; `error` is what it ended with, unless it ended cleanly. */
export async function drain(
  reader: ConnectionReader,
): Promise<{ datagrams: ConnectDatagram[]; error?: unknown }> {
  const datagrams: ConnectDatagram[] = []
  try {
    for (let next = await within(reader.receive()); next; next = await within(reader.receive())) {
      datagrams.push(next)
    }
    return { datagrams }
  } catch (error) {
    return { datagrams, error }
  }
}
