import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertCleanEnd, sendNumbered } from '../support/data.ts'
import { connectError, failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { sctp } from '../support/media.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'
import { within } from '../support/waiting.ts'
import { countFirst, dialRaw } from './support/raw-stream.ts'
import { describeWith } from './support/tools.ts'
import { onceItListens, tsctpClient, tsctpServer } from './support/tsctp.ts'

const B = 'b'.charCodeAt(0)

describeWith(['tsctp'], 'tsctp', () => {
  failOnLeaks()

  for (const [count, length] of [
    [1, 1],
    [1000, 100],
    [5, 500_000],
  ] as const) {
    it(`as server receives ${count} of ${length} bytes`, async t => {
      const { tsctp, address } = await tsctpServer(t)
      const client = await onceItListens(() => openClient(t, sctp, address))
      await sendNumbered(client.writer, count, length)
      await within(client.close(), 'close')
      await assertCleanEnd(client.reader)
      const { bytes, messages } = await tsctp.received()
      assert.equal(bytes, count * (8 + length))
      // A message of ours has at most 16,384 bytes, and a packet's worth is not split into many.
      assert(messages >= bytes / 16_384 && messages <= bytes, `${messages} messages`)
    })
  }

  it('as server serves connections one after the other', async t => {
    const { tsctp, address } = await tsctpServer(t)
    for (let i = 0; i < 10; i++) {
      const client = await onceItListens(() => openClient(t, sctp, address))
      await sendNumbered(client.writer, 10, 1000)
      await within(client.close(), 'close')
      assert.equal((await tsctp.received()).bytes, 10 * 1008)
    }
  })

  // What tsctp sends is the letter b over and over, which is no frame.
  for (const [messages, bytes] of [
    [1, 1],
    [1000, 1000],
    [20, 100_000],
  ] as const) {
    it(`as client sends ${messages} messages of ${bytes} bytes`, async t => {
      const { address, count } = await countFirst(t, sctp.freshAddress())
      const tsctp = await tsctpClient(t, address, { messages, bytes })
      const result = await within(count, 'the end')
      assert.deepEqual(result, {
        bytes: messages * bytes,
        values: new Set([B]),
        ended: true,
        error: undefined,
      })
      await tsctp.line(new RegExp(`^Sending of ${messages} messages`))
      assert.equal(await tsctp.ended(), 0)
    })
  }

  it('as server ends cleanly for a stream of bytes that are no frames', async t => {
    const { tsctp, address } = await tsctpServer(t)
    const { stream, count } = await onceItListens(() => dialRaw(t, address))
    stream.write([new Uint8Array(70_000).fill(1), new Uint8Array(5)], 70_005)
    stream.end()
    assert.equal((await tsctp.received()).bytes, 70_005)
    assert.deepEqual(await within(count), { bytes: 0, values: new Set(), ended: true, error: undefined })
  })

  it('as client is cut off when its bytes are read as frames', async t => {
    const listener = await openListener(t, sctp)
    const tsctp = await tsctpClient(t, listener.address, { messages: 1_000_000, bytes: 1000 })
    const connection = await acceptOne(t, listener)
    await failure(connection.reader.receive(), 'FRAME_SIZE_INVALID')
    // It stops sending: the association was aborted.
    assert.equal(await tsctp.ended(), 1)
  })

  it('as client is cut off when it sends messages out of order', async t => {
    const { address, count } = await countFirst(t, sctp.freshAddress())
    const tsctp = await tsctpClient(t, address, { messages: 1_000_000, bytes: 1000 }, '-u')
    const { bytes, ended, error } = await within(count, 'the end')
    assert.deepEqual([bytes, ended], [0, false])
    connectError(error, 'PROTOCOL_VIOLATION')
    assert.equal(await tsctp.ended(), 1)
  })
})
