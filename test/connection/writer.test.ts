import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { QueueWriter } from '../../src/connection/writer.ts'
import { ConnectError } from '../../src/errors.ts'
import { ConnectDatagram } from '../../src/frame/datagram.ts'
import { coded, dataLength } from '../frame/support.ts'
import { concat } from '../frame/twin.ts'
import { again, assertAgain } from '../support/errors.ts'
import { datagram, datagrams, wire } from './support/datagrams.ts'
import { ScriptedStream } from './support/scripted-stream.ts'
import { SimulatedPlatform } from './support/simulated-platform.ts'
import { settle, states, Watched, watch } from './support/watch.ts'

const KIB = 1024
const MIB = 1024 * KIB

const broken = new ConnectError('CONNECTION_RESET', 'broken')

function writerOf(settings: { maxMessageBytes?: number; sendQueueBytes?: number } = {}): {
  writer: QueueWriter
  stream: ScriptedStream
  platform: SimulatedPlatform
} {
  const { maxMessageBytes = 100_000_000, sendQueueBytes = MIB } = settings
  const platform = new SimulatedPlatform()
  const stream = new ScriptedStream()
  const writer = new QueueWriter(stream, { maxMessageBytes, sendQueueBytes }, platform, {
    onProgress: () => {},
    onBroken: error => writer.fail(error),
  })
  stream.sink = writer
  return { writer, stream, platform }
}

/** A writer whose queue is full: it holds one datagram of 92 bytes, which has left, and takes 100 in all. */
function fullWriter(): ReturnType<typeof writerOf> {
  const all = writerOf({ sendQueueBytes: 100 })
  void all.writer.send(datagram(0, 92))
  all.platform.turn()
  assert.deepEqual(all.stream.lengths, [100])
  return all
}

describe('what is sent', () => {
  it('leaves at the end of the turn, in one write', () => {
    const { writer, stream, platform } = writerOf()
    const list = datagrams(20, 40)
    for (const each of list) void writer.send(each)
    assert.equal(stream.writes.length, 0)
    platform.turn()
    assert.deepEqual(stream.lengths, [20 * 48])
    assert.equal(stream.writes[0]!.segments.length, 1)
    assert.deepEqual(stream.bytes, wire(...list))
    assert.equal(platform.turns, 0)
  })

  it('leaves with the next turn again, whether or not the last write is done', () => {
    const { writer, stream, platform } = writerOf()
    for (let i = 1; i <= 5; i++) {
      void writer.send(datagram(i))
      platform.turn()
      assert.equal(stream.writes.length, i)
    }
    stream.acknowledge()
    void writer.send(datagram(9))
    platform.turn()
    assert.equal(stream.writes.length, 6)
  })

  it('asks for one turn, however much is sent in it', () => {
    const { writer, platform } = writerOf()
    for (const each of datagrams(100)) void writer.send(each)
    assert.equal(platform.turns, 1)
  })

  it('leaves without waiting once there are 64 KiB of it', () => {
    const { writer, stream } = writerOf()
    for (let sent = 0; sent + 1024 < 64 * KIB; sent += 1024) void writer.send(datagram(1, 1016))
    assert.equal(stream.writes.length, 0)
    void writer.send(datagram(1, 1016))
    assert.deepEqual(stream.lengths, [64 * KIB])
  })

  it('leaves uncopied behind its header when it is large', () => {
    const { writer, stream, platform } = writerOf()
    const large = datagram(3, 100_000)
    void writer.send(large)
    platform.turn()
    assert.equal(stream.writes.length, 1)
    const { segments } = stream.writes[0]!
    assert.equal(segments.length, 2)
    assert.equal(segments[0]!.length, 8)
    assert.equal(segments[1]!.buffer, large.data.buffer)
    assert.deepEqual(stream.bytes, wire(large))
  })

  it('gathers 512 KiB when large data is among it, unless the turn ends', () => {
    const { writer, stream, platform } = writerOf()
    const list = datagrams(8, 64 * KIB - 8)
    for (const each of list.slice(0, 7)) void writer.send(each)
    assert.equal(stream.writes.length, 0)
    void writer.send(list[7]!)
    assert.deepEqual(stream.lengths, [512 * KIB])
    void writer.send(list[0]!)
    platform.turn()
    assert.deepEqual(stream.lengths, [512 * KIB, 64 * KIB])
  })

  it('keeps the order of small and large', () => {
    const { writer, stream, platform } = writerOf({ sendQueueBytes: 10 * MIB })
    const list = [5, 20_000, 7, 16_384, 16_385, 1, 300_000, 2].map((length, i) => datagram(i, length))
    for (const each of list) void writer.send(each)
    platform.turn()
    assert.ok(Buffer.from(stream.bytes).equals(wire(...list)))
  })

  it('leaves in writes of 1 MiB at most, the next when the last is done', () => {
    const { writer, stream, platform } = writerOf({ sendQueueBytes: 100 * MIB })
    const large = datagram(1, 5 * MIB)
    void writer.send(large)
    platform.turn()
    assert.deepEqual(stream.lengths, [MIB])
    for (let i = 2; i <= 6; i++) {
      stream.acknowledge()
      assert.equal(stream.writes.length, i)
    }
    assert.deepEqual(stream.lengths, [MIB, MIB, MIB, MIB, MIB, 8])
    assert.ok(Buffer.from(stream.bytes).equals(wire(large)))
  })

  it('may be the same datagram many times', () => {
    const { writer, stream, platform } = writerOf()
    const one = datagram(1, 20_000)
    for (let i = 0; i < 4; i++) void writer.send(one)
    platform.turn()
    assert.deepEqual(stream.bytes, wire(one, one, one, one))
  })
})

describe('send', () => {
  it('gives one and the same fulfilled promise while there is room', async () => {
    const { writer } = writerOf()
    const first = writer.send(datagram(1))
    assert.equal(writer.send(datagram(2)), first)
    assert.deepEqual(await states(watch(first)), ['fulfilled'])
  })

  it('fills the queue to the byte', () => {
    const { writer } = writerOf({ sendQueueBytes: 100 })
    assert.equal(writer.trySend(datagram(1, 42)), true)
    assert.equal(writer.trySend(datagram(1, 43)), false)
    assert.equal(writer.trySend(datagram(1, 42)), true)
    assert.equal(writer.trySend(datagram(1, 1)), false)
  })

  it('counts as queued what is not yet with the operating system', () => {
    const { writer, stream } = fullWriter()
    assert.equal(writer.trySend(datagram(1, 1)), false)
    stream.acknowledge(8)
    assert.equal(writer.trySend(datagram(1, 1)), false)
    stream.acknowledge(1)
    assert.equal(writer.trySend(datagram(1, 1)), true)
  })

  it('takes a datagram that is larger than the whole queue when nothing else waits', async () => {
    const { writer, stream, platform } = writerOf({ sendQueueBytes: 10 })
    const first = watch(writer.send(datagram(1, 5000)))
    const second = watch(writer.send(datagram(2, 5000)))
    assert.deepEqual(await states(first, second), ['fulfilled', 'pending'])
    platform.turn()
    stream.acknowledge(5007)
    assert.deepEqual(await states(second), ['pending'])
    stream.acknowledge(1)
    assert.deepEqual(await states(second), ['fulfilled'])
    platform.turn()
    assert.deepEqual(stream.bytes, wire(datagram(1, 5000), datagram(2, 5000)))
  })

  it('waits while the queue is full, in the order of the calls', async () => {
    const { writer, stream, platform } = fullWriter()
    const waiting = [1, 2, 3].map(recipient => watch(writer.send(datagram(recipient, 42))))
    assert.deepEqual(await states(...waiting), ['pending', 'pending', 'pending'])
    stream.acknowledge(50)
    assert.deepEqual(await states(...waiting), ['fulfilled', 'pending', 'pending'])
    stream.acknowledge(50)
    assert.deepEqual(await states(...waiting), ['fulfilled', 'fulfilled', 'pending'])
    platform.turn()
    stream.acknowledge()
    platform.turn()
    assert.deepEqual(await states(...waiting), ['fulfilled', 'fulfilled', 'fulfilled'])
    const rest = [1, 2, 3].map(recipient => datagram(recipient, 42))
    assert.deepEqual(stream.bytes, wire(datagram(0, 92), ...rest))
  })

  it('lets nobody overtake those who wait, be they ever so small', async () => {
    const { writer, stream } = fullWriter()
    const large = watch(writer.send(datagram(1, 80)))
    stream.acknowledge(50)
    assert.equal(writer.trySend(datagram(2, 1)), false)
    const small = watch(writer.send(datagram(3, 1)))
    assert.deepEqual(await states(large, small), ['pending', 'pending'])
    stream.acknowledge(50)
    assert.deepEqual(await states(large, small), ['fulfilled', 'fulfilled'])
  })

  it('does not send what was aborted while it waited, and goes on behind it', async () => {
    const { writer, stream, platform } = fullWriter()
    const reason = new Error('changed my mind')
    const controller = new AbortController()
    const before = watch(writer.send(datagram(1, 80)))
    const given = watch(writer.send(datagram(2, 80), { signal: controller.signal }))
    const after = watch(writer.send(datagram(3, 80)))
    controller.abort(reason)
    assert.deepEqual(await states(before, given, after), ['pending', 'rejected', 'pending'])
    assert.equal((given.error as ConnectError).code, 'ABORTED')
    assert.equal((given.error as ConnectError).cause, reason)
    for (let i = 0; i < 3; i++) {
      stream.acknowledge()
      platform.turn()
    }
    assert.deepEqual(await states(before, after), ['fulfilled', 'fulfilled'])
    assert.deepEqual(stream.bytes, wire(datagram(0, 92), datagram(1, 80), datagram(3, 80)))
  })

  it('is refused at once when its signal has fired already, room or not', async () => {
    const { writer, platform, stream } = writerOf()
    const given = watch(writer.send(datagram(1), { signal: AbortSignal.abort('no') }))
    platform.turn()
    assert.deepEqual(await states(given), ['rejected'])
    assert.equal((given.error as ConnectError).code, 'ABORTED')
    assert.equal((given.error as ConnectError).cause, 'no')
    assert.equal(stream.writes.length, 0)
  })

  it('is sent when its signal fires after it was taken', async () => {
    const { writer, stream, platform } = fullWriter()
    const controller = new AbortController()
    const sent = watch(writer.send(datagram(1, 42), { signal: controller.signal }))
    stream.acknowledge()
    controller.abort()
    platform.turn()
    assert.deepEqual(await states(sent), ['fulfilled'])
    assert.deepEqual(stream.bytes, wire(datagram(0, 92), datagram(1, 42)))
  })

  it('leaves no listener on its signal, however it ends', async () => {
    const { writer, stream } = fullWriter()
    const { signal } = new AbortController()
    void writer.send(datagram(1, 42), { signal })
    void writer.send(datagram(2, 42), { signal })
    void writer.flush({ signal })
    assert.equal(getEventListeners(signal, 'abort').length, 3)
    stream.acknowledge(50)
    await settle()
    assert.equal(getEventListeners(signal, 'abort').length, 2)
    writer.fail(broken)
    await settle()
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  it('refuses a signal that is none, and takes nothing', async () => {
    const { writer, stream, platform } = fullWriter()
    const signal = {} as AbortSignal
    await assert.rejects(writer.send(datagram(1, 42), { signal }), coded('INVALID_OPTION', /signal/))
    await assert.rejects(writer.flush({ signal }), coded('INVALID_OPTION', /signal/))
    stream.acknowledge()
    platform.turn()
    assert.equal(stream.writes.length, 1)
    assert.equal(writer.errorReported, false)
  })

  it('refuses what is no datagram, naming the argument', async () => {
    const { writer } = writerOf()
    for (const wrong of [
      undefined,
      null,
      'text',
      new Uint8Array(5),
      { recipient: 1, data: new Uint8Array(1) },
    ]) {
      const given = wrong as unknown as ConnectDatagram
      await assert.rejects(writer.send(given), coded('INVALID_ARGUMENT', /^datagram\b/))
      assert.throws(() => writer.trySend(given), coded('INVALID_ARGUMENT', /^datagram\b/))
    }
  })

  for (const length of [100, 30_000]) {
    it(`refuses a datagram whose data was transferred away: ${length} bytes`, async () => {
      const { writer, stream, platform } = writerOf()
      const bytes = new Uint8Array(length)
      const gone = new ConnectDatagram(1, bytes)
      structuredClone(bytes, { transfer: [bytes.buffer] })
      await assert.rejects(async () => writer.send(gone), coded('INVALID_ARGUMENT', /^datagram\b/))
      assert.throws(() => writer.trySend(gone), coded('INVALID_ARGUMENT', /^datagram\b/))
      void writer.send(datagram(2))
      platform.turn()
      assert.deepEqual(stream.bytes, wire(datagram(2)))
    })
  }

  it('refuses data above maxMessageBytes, naming both sizes', async () => {
    const { writer, stream, platform } = writerOf({ maxMessageBytes: 10 })
    assert.equal(writer.trySend(datagram(1, 10)), true)
    await assert.rejects(writer.send(datagram(1, 11)), coded('MESSAGE_TOO_LARGE', /\b11\b.*\b10\b/))
    assert.throws(() => writer.trySend(datagram(1, 11)), coded('MESSAGE_TOO_LARGE', /\b11\b.*\b10\b/))
    platform.turn()
    assert.deepEqual(stream.bytes, wire(datagram(1, 10)))
  })
})

describe('one turn of the event loop', () => {
  /** Sends until the promise is another one than at first; returns how often that one was given. */
  function sendAll(writer: QueueWriter, one: ConnectDatagram): number {
    const first = writer.send(one)
    let count = 1
    while (count < 100_000 && writer.send(one) === first) count++
    return count
  }

  it('sends 64 KiB of small frames, less a write, and the next send waits for the next turn', async () => {
    const { writer, stream, platform } = writerOf()
    stream.takesAtOnce = true
    assert.equal(sendAll(writer, datagram(1, 56)), 1023)
    assert.ok(stream.inFlight === 0)
    const next = watch(writer.send(datagram(2, 56)))
    assert.deepEqual(await states(next), ['pending'])
    platform.turn()
    assert.deepEqual(await states(next), ['fulfilled'])
    assert.equal(sendAll(writer, datagram(1, 56)), 959)
  })

  it('sends sixteen times as much of large data', () => {
    const { writer, stream } = writerOf()
    stream.takesAtOnce = true
    const count = sendAll(writer, datagram(1, 64 * KIB - 8))
    assert.ok(count >= 14 && count <= 16, `${count} times 64 KiB`)
  })

  it('sends and flushes sixteen times', () => {
    const { writer, stream, platform } = writerOf()
    stream.takesAtOnce = true
    const first = writer.flush()
    let count = 0
    do {
      void writer.send(datagram(1, 1))
      count++
    } while (count < 1000 && writer.flush() === first)
    assert.equal(count, 16)
    platform.turn()
    assert.equal(writer.flush(), first)
  })

  it('goes on with those who wait in the next one, where what made them wait was written at once', async () => {
    const { writer, stream, platform } = writerOf({ sendQueueBytes: 100_000 })
    stream.takesAtOnce = true
    while (writer.trySend(datagram(1, 1000)) && stream.writes.length < 3) {}
    stream.takesAtOnce = false
    while (writer.trySend(datagram(1, 1000))) {}
    const waiting = watch(writer.send(datagram(2, 1000)))
    const flushed = watch(writer.flush())
    stream.takesAtOnce = true
    stream.acknowledge()
    for (let i = 0; i < 3; i++) platform.turn()
    assert.deepEqual(await states(waiting, flushed), ['fulfilled', 'fulfilled'])
  })

  it('takes in no more of those who wait than it may send', async () => {
    const { writer, stream, platform } = writerOf()
    while (writer.trySend(datagram(1, 92))) {}
    platform.turn()
    const waiting = Array.from({ length: 3000 }, () => watch(writer.send(datagram(2, 92))))
    stream.takesAtOnce = true
    stream.acknowledge()
    const countAfterTurn = async (): Promise<number> => {
      platform.turn()
      return (await states(...waiting)).filter(state => state === 'fulfilled').length
    }
    const [first, second] = [await countAfterTurn(), await countAfterTurn()]
    assert.ok(first > 0 && first <= 2 * 656 + 20, `${first} in the first turns`)
    assert.ok(second - first > 0 && second - first <= 656, `${second - first} in the next`)
    for (let i = 0; i < 10; i++) await countAfterTurn()
    assert.equal(await countAfterTurn(), 3000)
  })

  it('fulfils what it holds back when the connection breaks: it was taken', async () => {
    const { writer, stream, platform } = writerOf()
    stream.takesAtOnce = true
    sendAll(writer, datagram(1, 56))
    const held = watch(writer.send(datagram(2, 56)))
    writer.fail(broken)
    platform.turn()
    assert.deepEqual(await states(held), ['fulfilled'])
  })
})

describe('flush', () => {
  it('is fulfilled at once when nothing is on its way', async () => {
    const { writer, stream, platform } = writerOf()
    assert.deepEqual(await states(watch(writer.flush())), ['fulfilled'])
    void writer.send(datagram(1))
    platform.turn()
    stream.acknowledge()
    assert.deepEqual(await states(watch(writer.flush())), ['fulfilled'])
  })

  it('writes without waiting for the turn, and waits for those bytes and no others', async () => {
    const { writer, stream, platform } = writerOf()
    void writer.send(datagram(1, 92))
    const flushed = watch(writer.flush())
    assert.deepEqual(stream.lengths, [100])
    void writer.send(datagram(2, 92))
    const later = watch(writer.flush())
    stream.acknowledge(99)
    assert.deepEqual(await states(flushed, later), ['pending', 'pending'])
    stream.acknowledge(1)
    assert.deepEqual(await states(flushed, later), ['fulfilled', 'pending'])
    platform.turn()
    stream.acknowledge()
    assert.deepEqual(await states(later), ['fulfilled'])
  })

  it('waits for the sends that wait, and for no later one', async () => {
    const { writer, stream, platform } = fullWriter()
    const sent = watch(writer.send(datagram(1, 80)))
    const flushed = watch(writer.flush())
    const later = watch(writer.send(datagram(2, 92)))
    stream.acknowledge()
    platform.turn()
    assert.deepEqual(await states(sent, flushed, later), ['fulfilled', 'pending', 'pending'])
    assert.deepEqual(stream.lengths, [100, 88])
    stream.acknowledge(87)
    assert.deepEqual(await states(flushed, later), ['pending', 'pending'])
    stream.acknowledge(1)
    assert.deepEqual(await states(flushed, later), ['fulfilled', 'fulfilled'])
    assert.deepEqual(stream.lengths, [100, 88, 100])
  })

  it('is fulfilled in the order of the calls', async () => {
    const { writer, stream, platform } = fullWriter()
    const order: number[] = []
    const note = (n: number) => () => {
      order.push(n)
    }
    void writer.flush().then(note(1))
    void writer.send(datagram(1, 42))
    void writer.flush().then(note(2))
    void writer.send(datagram(2, 42))
    void writer.flush().then(note(3))
    for (let i = 0; i < 20; i++) {
      if (stream.inFlight > 0) stream.acknowledge(Math.min(30, stream.inFlight))
      platform.turn()
      await settle()
    }
    assert.deepEqual(order, [1, 2, 3])
  })

  it('that is aborted leaves what was sent on its way', async () => {
    const { writer, stream, platform } = fullWriter()
    const controller = new AbortController()
    const sent = watch(writer.send(datagram(1, 42)))
    const flushed = watch(writer.flush({ signal: controller.signal }))
    controller.abort()
    assert.deepEqual(await states(sent, flushed), ['pending', 'rejected'])
    assert.equal((flushed.error as ConnectError).code, 'ABORTED')
    stream.acknowledge()
    platform.turn()
    assert.deepEqual(await states(sent), ['fulfilled'])
    assert.deepEqual(stream.bytes, wire(datagram(0, 92), datagram(1, 42)))
  })

  it('is refused at once when its signal has fired already', async () => {
    const { writer } = writerOf()
    await assert.rejects(writer.flush({ signal: AbortSignal.abort() }), coded('ABORTED'))
  })
})

describe('close', () => {
  it('ends the stream at once when nothing is queued', async () => {
    const { writer, stream } = writerOf()
    const closed = watch(writer.close())
    assert.deepEqual(stream.log, ['end'])
    assert.deepEqual(await states(closed), ['pending'])
    writer.onFinish()
    assert.deepEqual(await states(closed), ['fulfilled'])
  })

  it('writes what is queued without waiting for the turn, and ends', () => {
    const { writer, stream, platform } = writerOf()
    void writer.send(datagram(1))
    void writer.close()
    assert.deepEqual(stream.bytes, wire(datagram(1)))
    assert.deepEqual(stream.log, ['end'])
    platform.turn()
    stream.acknowledge()
    assert.deepEqual(stream.log, ['end'])
  })

  it('takes the sends that wait, and only then ends', async () => {
    const { writer, stream, platform } = fullWriter()
    const sends = [1, 2, 3].map(recipient => watch(writer.send(datagram(recipient, 80))))
    const closed = watch(writer.close())
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(stream.log, [])
      stream.acknowledge()
      platform.turn()
    }
    assert.deepEqual(stream.log, ['end'])
    assert.deepEqual(await states(...sends, closed), ['fulfilled', 'fulfilled', 'fulfilled', 'pending'])
    const list = [1, 2, 3].map(recipient => datagram(recipient, 80))
    assert.deepEqual(stream.bytes, wire(datagram(0, 92), ...list))
  })

  it('ends when what waited was aborted', () => {
    const { writer, stream } = fullWriter()
    const controller = new AbortController()
    void writer.send(datagram(1, 80), { signal: controller.signal })
    void writer.close()
    controller.abort()
    stream.acknowledge()
    assert.deepEqual(stream.log, ['end'])
    assert.equal(stream.writes.length, 1)
  })

  it('ends after all of a large message, piece by piece', () => {
    const { writer, stream } = writerOf()
    void writer.send(datagram(1, 3 * MIB))
    void writer.close()
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(stream.log, [])
      stream.acknowledge()
    }
    assert.deepEqual(stream.log, ['end'])
    assert.ok(Buffer.from(stream.bytes).equals(wire(datagram(1, 3 * MIB))))
  })

  it('a second time waits for the same end', async () => {
    const { writer, stream } = writerOf()
    const both = [watch(writer.close()), watch(writer.close())]
    assert.deepEqual(stream.log, ['end'])
    assert.deepEqual(await states(...both), ['pending', 'pending'])
    writer.onFinish()
    assert.deepEqual(await states(...both, watch(writer.close())), Array(3).fill('fulfilled'))
  })

  it('makes send throw, each in its way, and lets flush go on', async () => {
    const { writer, stream } = writerOf()
    void writer.send(datagram(1))
    void writer.close()
    await assert.rejects(writer.send(datagram(2)), coded('WRITER_CLOSED', /closed/))
    assert.throws(() => writer.trySend(datagram(2)), coded('WRITER_CLOSED', /closed/))
    const flushed = watch(writer.flush())
    assert.deepEqual(await states(flushed), ['pending'])
    stream.acknowledge()
    assert.deepEqual(await states(flushed), ['fulfilled'])
    assert.deepEqual(stream.bytes, wire(datagram(1)))
  })

  it('that follows the peer names the option that prevents it', async () => {
    const { writer, stream, platform } = writerOf()
    writer.followPeer()
    platform.turn()
    assert.deepEqual(stream.log, ['end'])
    await assert.rejects(writer.send(datagram(2)), coded('WRITER_CLOSED', /allowHalfOpen/))
    const closed = watch(writer.close())
    writer.onFinish()
    assert.deepEqual(await states(closed), ['fulfilled'])
  })
})

describe('a failure', () => {
  it('rejects everything that is pending, each with its own error of the same failure', async () => {
    const { writer } = fullWriter()
    const pending = [
      watch(writer.flush()),
      watch(writer.send(datagram(1, 80))),
      watch(writer.flush()),
      watch(writer.close()),
    ]
    writer.fail(broken)
    assert.deepEqual(await states(...pending), Array(4).fill('rejected'))
    for (const { error } of pending) assertAgain(error, broken)
    assert.equal(new Set(pending.map(({ error }) => error)).size, 4)
  })

  it('makes everything that follows fail with it', async () => {
    const { writer } = writerOf()
    writer.fail(broken)
    assert.equal(writer.errorReported, false)
    const later = [watch(writer.send(datagram(1))), watch(writer.flush()), watch(writer.close())]
    assert.deepEqual(await states(...later), Array(3).fill('rejected'))
    for (const { error } of later) assertAgain(error, broken)
    assert.throws(() => writer.trySend(datagram(1)), again(broken))
  })

  it('writes nothing more, not on the turn nor for a late acknowledgement', () => {
    const { writer, stream, platform } = writerOf()
    void writer.send(datagram(1))
    platform.turn()
    void writer.send(datagram(2))
    void writer.close()
    const before = [...stream.lengths]
    writer.fail(broken)
    platform.turn()
    stream.acknowledge()
    assert.deepEqual(stream.lengths, before)
  })

  it('is the first one for good', async () => {
    const { writer } = writerOf()
    writer.fail(broken)
    writer.fail(new ConnectError('CONNECTION_FAILED', 'later'))
    await assert.rejects(writer.send(datagram(1)), again(broken))
  })

  it('is reported when a pending promise rejected with it, or a later call', async () => {
    for (const use of [
      (writer: QueueWriter) => void writer.flush(),
      (writer: QueueWriter) => void writer.send(datagram(1, 80)),
      (writer: QueueWriter) => void writer.close(),
    ]) {
      const before = fullWriter().writer
      use(before)
      before.fail(broken)
      assert.equal(before.errorReported, true)

      const after = fullWriter().writer
      after.fail(broken)
      assert.equal(after.errorReported, false)
      use(after)
      assert.equal(after.errorReported, true)
    }
  })

  it('is not reported by what had been settled before', async () => {
    const { writer, stream, platform } = fullWriter()
    const controller = new AbortController()
    void writer.send(datagram(1, 42))
    void writer.flush({ signal: controller.signal })
    stream.acknowledge()
    controller.abort()
    platform.turn()
    await settle()
    writer.fail(broken)
    assert.equal(writer.errorReported, false)
  })

  it('after a close that was fulfilled is not reported by it', async () => {
    const { writer } = writerOf()
    const closed = watch(writer.close())
    writer.onFinish()
    writer.fail(broken)
    assert.deepEqual(await states(closed), ['fulfilled'])
    assert.equal(writer.errorReported, false)
    assert.deepEqual(await states(watch(writer.close())), ['fulfilled'])
    assert.equal(writer.errorReported, false)
  })
})

describe('any use of a writer', () => {
  type Step =
    | { readonly kind: 'send'; readonly length: number; readonly abortable: boolean }
    | { readonly kind: 'trySend'; readonly length: number }
    | { readonly kind: 'flush' }
    | { readonly kind: 'turn' }
    | { readonly kind: 'acknowledge'; readonly percent: number }
    | { readonly kind: 'abort'; readonly which: number }
    | { readonly kind: 'takeAtOnce'; readonly on: boolean }

  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant('send' as const),
        length: dataLength,
        abortable: fc.boolean(),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('trySend' as const), length: dataLength }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('turn' as const) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('acknowledge' as const),
        percent: fc.constantFrom(0, 1, 50, 99, 100, 100),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), which: fc.nat(100) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('takeAtOnce' as const), on: fc.boolean() }) },
  )
  const queueBytes = fc.constantFrom(1, 100, 5000, 100_000, MIB, 8 * MIB)

  it('writes what the twin encodes, in order, within its bounds, and keeps every promise', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), queueBytes, async (steps, sendQueueBytes) => {
        const { writer, stream, platform } = writerOf({ sendQueueBytes })
        const sends: {
          one: ConnectDatagram
          sent: Watched<void>
          controller: AbortController | undefined
        }[] = []
        const flushes: { flushed: Watched<void>; before: Watched<void>[] }[] = []
        const taken = new Watched(Promise.resolve())
        let recipient = 0
        for (const given of steps) {
          if (given.kind === 'send') {
            const one = datagram(recipient++, given.length)
            const controller = given.abortable ? new AbortController() : undefined
            const options = controller === undefined ? undefined : { signal: controller.signal }
            sends.push({ one, sent: watch(writer.send(one, options)), controller })
          } else if (given.kind === 'trySend') {
            const one = datagram(recipient++, given.length)
            if (writer.trySend(one)) sends.push({ one, sent: taken, controller: undefined })
          } else if (given.kind === 'flush') {
            flushes.push({ flushed: watch(writer.flush()), before: sends.map(({ sent }) => sent) })
          } else if (given.kind === 'turn') {
            platform.turn()
          } else if (given.kind === 'acknowledge') {
            stream.acknowledge(Math.floor((stream.inFlight * given.percent) / 100))
          } else if (given.kind === 'takeAtOnce') {
            stream.takesAtOnce = given.on
          } else if (sends.length > 0) {
            sends[given.which % sends.length]!.controller?.abort()
          }
          await settle()
          stream.checkUnchanged()

          const accepted = sends.filter(({ sent }) => sent.state === 'fulfilled')
          const written = stream.bytes.length - stream.inFlight
          const unwritten = accepted.reduce((sum, { one }) => sum + 8 + one.byteLength, -written)
          const last = accepted.at(-1)
          const alone = last === undefined ? 0 : 8 + last.one.byteLength
          assert.ok(unwritten <= Math.max(sendQueueBytes, alone), `${unwritten} bytes in the queue`)
          assert.ok(stream.inFlight < 2 * MIB, `${stream.inFlight} bytes in flight`)
          const firstWaiting = sends.findIndex(({ sent }) => sent.state === 'pending')
          // Between two turns, a send that is pending may have been taken.
          if (firstWaiting >= 0 && given.kind === 'turn') {
            assert.ok(
              sends.slice(firstWaiting).every(({ sent }) => sent.state !== 'fulfilled'),
              'overtaken',
            )
            assert.ok(unwritten > 0 || platform.turns > 0, 'waits although nothing is queued')
          }
          for (const { flushed, before } of flushes) {
            if (flushed.state === 'fulfilled') assert.ok(before.every(({ state }) => state !== 'pending'))
          }
        }

        const closed = watch(writer.close())
        for (let i = 0; stream.log.length === 0; i++) {
          assert.ok(i < 1000, 'never ends')
          stream.acknowledge()
          platform.turn()
        }
        stream.acknowledge()
        platform.turn()
        writer.onFinish()
        await settle()
        assert.equal(closed.state, 'fulfilled')
        for (const { flushed } of flushes) assert.equal(flushed.state, 'fulfilled')
        const expected = sends.filter(({ sent }) => sent.state === 'fulfilled').map(({ one }) => one)
        for (const { sent } of sends) assert.notEqual(sent.state, 'pending')
        assert.ok(Buffer.from(concat([stream.bytes])).equals(wire(...expected)), 'the whole stream')
      }),
      { numRuns: 120 },
    )
  })
})

describe('a send whose data is transferred away while it waits', () => {
  it('rejects with INVALID_ARGUMENT, and those behind it still go out', async () => {
    const { writer, stream, platform } = fullWriter()
    const lost = datagram(1, 80)
    const sends = [lost, datagram(2, 30), datagram(3, 30)].map(one => watch(writer.send(one)))
    const flushed = watch(writer.flush())
    structuredClone(lost.data, { transfer: [lost.data.buffer as ArrayBuffer] })
    assert.deepEqual(await states(...sends), ['pending', 'pending', 'pending'])
    stream.acknowledge()
    platform.turn()
    stream.acknowledge()
    assert.deepEqual(await states(...sends, flushed), ['rejected', 'fulfilled', 'fulfilled', 'fulfilled'])
    const { error } = sends[0]!
    assert(error instanceof ConnectError, 'the error is no ConnectError')
    assert.equal(error.code, 'INVALID_ARGUMENT')
    assert.deepEqual(stream.bytes, wire(datagram(0, 92), datagram(2, 30), datagram(3, 30)))
  })

  it('rejects the flush that finds it', async () => {
    const { writer, stream } = writerOf()
    const lost = datagram(1, 100_000)
    assert.equal(writer.trySend(lost), true)
    structuredClone(lost.data, { transfer: [lost.data.buffer as ArrayBuffer] })
    await assert.rejects(writer.flush(), coded('INVALID_ARGUMENT'))
    await assert.rejects(writer.flush(), coded('INVALID_ARGUMENT'))
    assert.equal(stream.writes.length, 0)
  })
})
