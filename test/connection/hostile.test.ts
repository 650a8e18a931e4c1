import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import {
  ConnectDatagram,
  type Connection,
  type ConnectionOptions,
  type ListenOptions,
} from '../../src/index.ts'
import {
  assertCleanEnd,
  assertNumbered,
  drain,
  numbered,
  random,
  receiveNumbered,
  sendNumbered,
} from '../support/data.ts'
import { assertAgain, connectError, failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { tcp } from '../support/media.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'
import { drip, gone, header, rawClient } from '../support/raw-peers.ts'
import { sleep, within } from '../support/waiting.ts'

failOnLeaks()

/** A hostile peer and the connection that it has to our listener. */
async function attacked(
  t: TestContext,
  options: ListenOptions & ConnectionOptions = {},
): Promise<{ peer: Socket; connection: Connection }> {
  const listener = await openListener(t, tcp, options)
  const accepted = acceptOne(t, listener)
  const peer = await rawClient(t, listener.address)
  return { peer, connection: await accepted }
}

const badHeaders = [
  ...[0, 1, 2, 3, 4].map(size => ({
    what: `a size of ${size}`,
    bytes: header(size),
    limit: 100_000_000,
    code: 'FRAME_SIZE_INVALID' as const,
    names: [`${size}`, '5'],
  })),
  {
    what: 'a size just above the limit',
    bytes: header(100_000_005),
    limit: 100_000_000,
    code: 'FRAME_SIZE_INVALID' as const,
    names: ['100000005', '100000000'],
  },
  {
    what: 'the largest size',
    bytes: header(0xffff_ffff),
    limit: 100_000_000,
    code: 'FRAME_SIZE_INVALID' as const,
    names: ['4294967295', '100000000'],
  },
  {
    what: 'a size above a lowered limit',
    bytes: header(1005),
    limit: 1000,
    code: 'FRAME_SIZE_INVALID' as const,
    names: ['1005', '1000'],
  },
  ...[0, 2, 256, 65_535].map(version => ({
    what: `version ${version}`,
    bytes: header(5, version),
    limit: 100_000_000,
    code: 'VERSION_UNSUPPORTED' as const,
    names: [`${version}`],
  })),
]

describe('a bad header', () => {
  for (const { what, bytes, limit, code, names } of badHeaders) {
    test(`${what} breaks the connection after the datagrams before it`, async t => {
      const { peer, connection } = await attacked(t, { maxMessageBytes: limit })
      peer.write(Buffer.concat([numbered(0).encode(), numbered(1).encode(), bytes]))
      await receiveNumbered(connection.reader, 2)
      const error = await failure(connection.reader.receive(), code)
      for (const name of names) assert.match(error.message, new RegExp(`\\b${name}\\b`))
      assertAgain(await failure(connection.closed, code), error)
      await within(gone(peer), 'the peer is cut off')
    })

    test(`${what}, a byte at a time, breaks the connection though nobody reads`, async t => {
      const { peer, connection } = await attacked(t, { maxMessageBytes: limit })
      void drip(peer, bytes)
      await failure(connection.closed, code)
      await failure(connection.reader.receive(), code)
    })
  }

  test('a bad frame behind a full receive queue is told after everything before it', async t => {
    const { peer, connection } = await attacked(t, { receiveQueueBytes: 1000 })
    for (let i = 0; i < 200; i++) peer.write(numbered(i, 1000).encode())
    peer.write(header(0))
    await sleep(30)
    await receiveNumbered(connection.reader, 200, 1000)
    await failure(connection.reader.receive(), 'FRAME_SIZE_INVALID')
  })

  test('one bad peer does not harm the others', async t => {
    const listener = await openListener(t, tcp)
    const good = await openClient(t, tcp, listener.address)
    const atGood = await acceptOne(t, listener)
    for (let i = 0; i < 20; i++) {
      const bad = await rawClient(t, listener.address)
      const connection = await acceptOne(t, listener)
      bad.write(header(i % 5))
      await failure(connection.closed, 'FRAME_SIZE_INVALID')
    }
    await sendNumbered(good.writer, 10)
    await receiveNumbered(atGood.reader, 10)
  })
})

describe('a stream that breaks off', () => {
  const frame = Buffer.from(numbered(2, 1000).encode())
  for (const kept of [1, 4, 7, 8, 9, 500, 1007]) {
    test(`the end after ${kept} of 1008 bytes of a frame is told after the datagrams before it`, async t => {
      const { peer, connection } = await attacked(t)
      peer.end(Buffer.concat([numbered(0).encode(), numbered(1).encode(), frame.subarray(0, kept)]))
      await receiveNumbered(connection.reader, 2)
      const error = await failure(connection.reader.receive(), 'STREAM_TRUNCATED')
      assert.match(error.message, kept < 8 ? new RegExp(`${kept} of 8`) : new RegExp(`${kept - 8} of 1000`))
      await failure(connection.closed, 'STREAM_TRUNCATED')
    })
  }

  for (const rest of [0, 3, 100]) {
    test(`a reset with ${rest} bytes of a frame under way is told after what came before`, async t => {
      const { peer, connection } = await attacked(t)
      peer.write(Buffer.concat([numbered(0).encode(), frame.subarray(0, rest)]))
      await receiveNumbered(connection.reader, 1)
      peer.resetAndDestroy()
      const error = await failure(connection.reader.receive(), 'CONNECTION_RESET')
      assert(error.cause instanceof Error, 'the cause is missing')
      await failure(connection.closed, 'CONNECTION_RESET')
      await failure(connection.writer.flush(), 'CONNECTION_RESET')
    })
  }

  test('a reset rejects what waits to be sent', async t => {
    const { peer, connection } = await attacked(t)
    peer.pause()
    const sends = Array.from({ length: 400 }, (_, i) => connection.writer.send(numbered(i, 50_000)))
    const flushed = connection.writer.flush()
    await sleep(30)
    peer.resetAndDestroy()
    await failure(sends.at(-1)!, 'CONNECTION_RESET')
    await failure(flushed, 'CONNECTION_RESET')
    await failure(connection.close(), 'CONNECTION_RESET')
    await Promise.allSettled(sends)
  })
})

describe('garbage', () => {
  test('three hundred streams of random bytes give datagrams or ConnectErrors, nothing else', async t => {
    const listener = await openListener(t, tcp, { frameTimeoutMs: 2000 })
    const next = random(99)
    const codes = new Set<string>()
    for (let i = 0; i < 300; i++) {
      const peer = await rawClient(t, listener.address)
      const connection = await acceptOne(t, listener)
      const plausible = next() < 0.5
      const parts: Buffer[] = []
      for (let n = 1 + next() * 5; n > 0; n--) {
        if (plausible && next() < 0.7)
          parts.push(Buffer.from(numbered(0, 1 + Math.floor(next() * 300)).encode()))
        else
          parts.push(
            Buffer.from(
              Array.from({ length: next() * 40 }, () => Math.floor(next() * (plausible ? 3 : 256))),
            ),
          )
      }
      const bytes = Buffer.concat(parts)
      for (let at = 0; at < bytes.length; ) {
        const step = 1 + Math.floor(next() * 200)
        peer.write(bytes.subarray(at, at + step))
        at += step
      }
      if (next() < 0.8) peer.end()
      else peer.resetAndDestroy()
      const { error } = await drain(connection.reader)
      codes.add(error === undefined ? 'clean' : connectError(error).code)
      const closing = connection.close()
      if (error !== undefined)
        connectError(
          await within(
            closing.then(
              () => undefined,
              (e: unknown) => e,
            ),
          ),
        )
      peer.destroy()
    }
    assert(codes.has('FRAME_SIZE_INVALID'), 'no stream had a bad size')
    assert(codes.has('STREAM_TRUNCATED'), 'no stream was truncated')
  })

  test('valid frames of a foreign sender, cut anywhere, arrive', async t => {
    const { peer, connection } = await attacked(t)
    const next = random(5)
    const bytes = Buffer.concat(Array.from({ length: 300 }, (_, i) => numbered(i, 37).encode()))
    void (async () => {
      for (let at = 0; at < bytes.length; ) {
        const step = 1 + Math.floor(next() * 90)
        peer.write(bytes.subarray(at, at + step))
        at += step
        if (next() < 0.3) await sleep(0)
      }
      peer.end()
    })()
    for (let i = 0; i < 300; i++) assertNumbered(await within(connection.reader.receive()), i, 37)
    await assertCleanEnd(connection.reader)
  })
})

test('a datagram of 1 byte and one of maxMessageBytes are both within the limits', async t => {
  const { peer, connection } = await attacked(t, { maxMessageBytes: 1000 })
  peer.write(new ConnectDatagram(1, 'x').encode())
  peer.write(numbered(1, 1000).encode())
  assert.equal((await within(connection.reader.receive()))?.text(), 'x')
  assertNumbered(await within(connection.reader.receive()), 1, 1000)
})
