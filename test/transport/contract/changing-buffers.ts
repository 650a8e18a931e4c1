import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectDatagram, type ConnectError } from '../../../src/index.ts'
import { bytesOf, drain, receiveNumbered, sendNumbered } from '../../support/data.ts'
import { connectError, failure, thrown } from '../../support/errors.ts'
import type { Medium } from '../../support/media.ts'
import { openPair } from '../../support/pairs.ts'
import { within } from '../../support/waiting.ts'

/** A buffer whose length can change; TypeScript's library of ES2023 does not know it. */
interface Changing {
  readonly view: Uint8Array
  resize(byteLength: number): void
}

type Make = new (
  byteLength: number,
  options: object,
) => ArrayBuffer & Record<'resize' | 'grow', Changing['resize']>

const LENGTHS = [10, 1000, 16_384, 30_000, 200_000]
const MOST = 400_000

/** A view that follows the length of its buffer, or has one of its own. */
function resizable(length: number, tracking = true): Changing {
  const buffer = new (ArrayBuffer as unknown as Make)(length, { maxByteLength: MOST })
  const view = tracking ? new Uint8Array(buffer) : new Uint8Array(buffer, 0, length)
  view.set(bytesOf(length, length))
  return { view, resize: byteLength => buffer.resize(byteLength) }
}

function growable(length: number): Changing {
  const buffer = new (SharedArrayBuffer as unknown as Make)(length, { maxByteLength: MOST })
  const view = new Uint8Array(buffer)
  view.set(bytesOf(length, length))
  return { view, resize: byteLength => buffer.grow(byteLength) }
}

/** Each kind of buffer, and each way in which its view may change its length. */
const changes: readonly (readonly [
  what: string,
  make: (length: number) => Changing,
  to: (length: number) => number,
])[] = [
  ['a resizable buffer that grows', resizable, length => length + 5000],
  ['a resizable buffer that shrinks', resizable, length => length - 5],
  ['a resizable buffer that becomes empty', resizable, () => 0],
  [
    'a resizable buffer that shrinks below a fixed view',
    length => resizable(length, false),
    length => length - 5,
  ],
  ['a growable shared buffer that grows', growable, length => length + 5000],
]

export function changingBuffers(medium: Medium): void {
  for (const [what, make, to] of changes) {
    test(`data in ${what} before it is sent is refused`, async t => {
      const { client, server } = await openPair(t, medium)
      for (const length of LENGTHS) {
        const { view, resize } = make(length)
        const datagram = new ConnectDatagram(1, view)
        resize(to(length))
        const error = await failure(client.writer.send(datagram), 'INVALID_ARGUMENT')
        assert.match(error.message, /^datagram\b/)
        thrown(() => client.writer.trySend(datagram), 'INVALID_ARGUMENT')
        thrown(() => datagram.encode(), 'INVALID_ARGUMENT')
        await sendNumbered(client.writer, 1, length)
      }
      for (const length of LENGTHS) await receiveNumbered(server.reader, 1, length)
    })

    test(`data in ${what} behind send() arrives as it was`, async t => {
      const { client, server } = await openPair(t, medium)
      for (const length of LENGTHS) {
        const { view, resize } = make(length)
        const sent = client.writer.send(new ConnectDatagram(length & 0xffff, view))
        resize(to(length))
        new Uint8Array(view.buffer).fill(0xee)
        await within(sent)
        await sendNumbered(client.writer, 1, length)
        const received = (await within(server.reader.receive()))!
        assert.ok(Buffer.from(bytesOf(length, length)).equals(received.data), `${length} bytes`)
        await receiveNumbered(server.reader, 1, length)
      }
    })
  }

  test('data that is transferred away behind send() breaks its connection, and nothing wrong arrives', async t => {
    const { client, server } = await openPair(t, medium)
    const sent: Uint8Array[] = []
    const sends: Promise<unknown>[] = []
    // More than all queues on the way take while nobody reads.
    for (let i = 0; i < 200; i++) {
      const data = bytesOf(100_000 + i, i)
      sent.push(data)
      sends.push(client.writer.send(new ConnectDatagram(i, data)).catch(error => error))
      if (i % 20 === 19) await sleep(10)
    }
    const kept = sent.map(data => structuredClone(data, { transfer: [data.buffer as ArrayBuffer] }))
    const draining = drain(server.reader)
    const refused = (await within(Promise.all(sends))).filter(error => error !== undefined)
    const ended = await within(client.writer.close().catch((error: ConnectError) => error))
    const { datagrams, error } = await draining
    for (const [i, { recipient, data }] of datagrams.entries()) {
      assert.equal(recipient, i)
      assert.ok(Buffer.from(kept[i]!).equals(data), `datagram ${i}`)
    }
    assert.ok(refused.length > 0, 'everything was on its way already')
    for (const each of refused) assert.equal(reasonOf(each), 'INVALID_ARGUMENT')
    // What the stream had been given in time is all there; what it was given too late has broken it.
    if (ended === undefined) {
      assert.equal(error, undefined)
      assert.equal(datagrams.length, 200 - refused.length)
    } else {
      assert.equal(reasonOf(ended), 'INVALID_ARGUMENT')
      connectError(error, ...medium.broken)
    }
  })
}

/** Why a connection failed, or a session was lost. */
function reasonOf(error: unknown): string {
  const { code, cause } = connectError(error)
  return code === 'SESSION_LOST' ? reasonOf(cause) : code
}
