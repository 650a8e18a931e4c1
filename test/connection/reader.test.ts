import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { addAbortSignal } from 'node:stream'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { QueueReader } from '../../src/connection/reader.ts'
import { readableOf } from '../../src/connection/web-streams.ts'
import { ConnectError } from '../../src/errors.ts'
import { ConnectDatagram } from '../../src/frame/datagram.ts'
import { coded } from '../frame/support.ts'
import { assertNumbered, numbered } from '../support/data.ts'
import { again, assertAgain } from '../support/errors.ts'
import { datagram, datagrams, recipients } from './support/datagrams.ts'
import { settle, states, type Watched, watch } from './support/watch.ts'

const broken = new ConnectError('CONNECTION_RESET', 'broken')

/** What a datagram of some data bytes counts: its frame and 64 bytes more. */
const cost = (byteLength: number): number => 8 + byteLength + 64

function readerOf(receiveQueueBytes = 1_000_000): { reader: QueueReader; log: string[] } {
  const log: string[] = []
  const reader = new QueueReader(receiveQueueBytes, {
    onQueueFull: () => log.push('pause'),
    onQueueRoom: () => log.push('resume'),
    onEndRead: () => log.push('endRead'),
    onConsumed: () => false,
  })
  return { reader, log }
}

/** As in a session. */
function countingReader(): QueueReader {
  const ignore = (): void => {}
  const events = { onQueueFull: ignore, onQueueRoom: ignore, onEndRead: ignore, onConsumed: () => true }
  return new QueueReader(1_000_000, events, true)
}

function nextBatch(reader: QueueReader): Promise<IteratorResult<readonly ConnectDatagram[]>> {
  return reader.batches()[Symbol.asyncIterator]().next()
}

function values<T>(...watched: readonly Watched<T>[]): unknown[] {
  return watched.map(({ value }) => (value as { recipient?: number } | undefined)?.recipient)
}

describe('receive', () => {
  it('gives what has come, in order', async () => {
    const { reader } = readerOf()
    const list = datagrams(5)
    reader.onDatagrams(list.slice(0, 3))
    reader.onDatagrams(list.slice(3))
    for (const each of list) assert.equal(await reader.receive(), each)
  })

  it('lets small datagrams that come one by one and wait share their memory, but not what was looked at', async () => {
    const { reader } = readerOf()
    const list = Array.from({ length: 300 }, (_, i) =>
      ConnectDatagram.decode(numbered(i, 1 + (i % 40)).encode()),
    )
    const looked = list[7]!.data
    for (const each of list) reader.onDatagrams([each])
    assert.equal(list[7]!.data, looked)
    const buffers = new Set(list.map(({ data }) => data.buffer))
    assert(buffers.size < 10, `${buffers.size} buffers`)
    for (const [i, each] of list.entries()) {
      assert.equal(await reader.receive(), each)
      assertNumbered(each, i, 1 + (i % 40))
    }
  })

  it('goes on when the user transfers the memory that small datagrams share while they wait', async () => {
    const { reader } = readerOf()
    const fresh = (i: number): ConnectDatagram => ConnectDatagram.decode(numbered(i, 20).encode())
    for (let i = 0; i < 4; i++) reader.onDatagrams([fresh(i)])
    await reader.receive()
    const { data } = (await reader.receive())!
    structuredClone(data, { transfer: [data.buffer as ArrayBuffer] })
    for (let i = 4; i < 8; i++) reader.onDatagrams([fresh(i)])
    for (let i = 2; i < 4; i++) assert.equal((await reader.receive())!.intact, false)
    for (let i = 4; i < 8; i++) assertNumbered((await reader.receive())!, i, 20)
  })

  it('waits, each call for one datagram, in the order of the calls', async () => {
    const { reader } = readerOf()
    const waiting = [1, 2, 3, 4].map(() => watch(reader.receive()))
    assert.deepEqual(await states(...waiting), Array(4).fill('pending'))
    reader.onDatagrams([datagram(10), datagram(11)])
    await settle()
    assert.deepEqual(values(...waiting), [10, 11, undefined, undefined])
    reader.onDatagrams([datagram(12), datagram(13), datagram(14)])
    await settle()
    assert.deepEqual(values(...waiting), [10, 11, 12, 13])
    assert.equal((await reader.receive())!.recipient, 14)
  })

  it('that is aborted loses no datagram', async () => {
    const { reader } = readerOf()
    const reason = new Error('enough')
    const controller = new AbortController()
    const first = watch(reader.receive({ signal: controller.signal }))
    const second = watch(reader.receive())
    controller.abort(reason)
    assert.deepEqual(await states(first, second), ['rejected', 'pending'])
    assert.equal((first.error as ConnectError).code, 'ABORTED')
    assert.equal((first.error as ConnectError).cause, reason)
    reader.onDatagrams([datagram(1), datagram(2)])
    await settle()
    assert.deepEqual(values(second), [1])
    assert.equal((await reader.receive())!.recipient, 2)
  })

  it('is refused at once when its signal has fired, and leaves what is there', async () => {
    const { reader } = readerOf()
    reader.onDatagrams([datagram(1)])
    await assert.rejects(reader.receive({ signal: AbortSignal.abort() }), coded('ABORTED'))
    assert.equal((await reader.receive())!.recipient, 1)
  })

  it('refuses a signal that is none, and loses no datagram', async () => {
    const { reader } = readerOf()
    await assert.rejects(reader.receive({ signal: {} as AbortSignal }), coded('INVALID_OPTION', /signal/))
    reader.onDatagrams([datagram(1)])
    assert.equal((await reader.receive())!.recipient, 1)
  })

  it('leaves no listener on its signal, however it ends', async () => {
    const { reader } = readerOf()
    const { signal } = new AbortController()
    void reader.receive({ signal })
    void reader.receive({ signal })
    assert.equal(getEventListeners(signal, 'abort').length, 2)
    reader.onDatagrams([datagram(1)])
    await settle()
    assert.equal(getEventListeners(signal, 'abort').length, 1)
    reader.onEnd()
    await settle()
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })
})

describe('batches', () => {
  it('give all that has come, as one list', async () => {
    const { reader } = readerOf()
    reader.onDatagrams(datagrams(2))
    reader.onDatagrams(datagrams(3))
    assert.deepEqual(recipients((await nextBatch(reader)).value), [0, 1, 0, 1, 2])
  })

  it('give one chunk as it came, uncopied', async () => {
    const { reader } = readerOf()
    const list = datagrams(3)
    reader.onDatagrams(list)
    assert.equal((await nextBatch(reader)).value, list)
  })

  it('leave out what receive has taken from the first chunk', async () => {
    const { reader } = readerOf()
    const list = datagrams(6)
    reader.onDatagrams(list.slice(0, 4))
    reader.onDatagrams(list.slice(4))
    await reader.receive()
    await reader.receive()
    assert.deepEqual(recipients((await nextBatch(reader)).value), [2, 3, 4, 5])
    reader.onDatagrams(datagrams(2))
    assert.equal((await reader.receive())!.recipient, 0)
  })

  it('wait for at least one datagram', async () => {
    const { reader } = readerOf()
    const batch = watch(nextBatch(reader))
    reader.onDatagrams([])
    assert.deepEqual(await states(batch), ['pending'])
    reader.onDatagrams(datagrams(2))
    await settle()
    assert.deepEqual(recipients(batch.value!.value), [0, 1])
  })

  it('stand in the same line as receive', async () => {
    const { reader } = readerOf()
    const first = watch(reader.receive())
    const batch = watch(nextBatch(reader))
    const last = watch(reader.receive())
    reader.onDatagrams(datagrams(3))
    await settle()
    assert.deepEqual(values(first), [0])
    assert.deepEqual(recipients(batch.value!.value), [1, 2])
    assert.equal(last.state, 'pending')
    reader.onDatagrams(datagrams(1))
    await settle()
    assert.deepEqual(values(last), [0])
  })

  it('end with the stream, and throw what broke it', async () => {
    const ended = readerOf().reader
    ended.onDatagrams(datagrams(1))
    ended.onEnd()
    const got: number[] = []
    for await (const batch of ended.batches()) got.push(batch.length)
    assert.deepEqual(got, [1])

    const failed = readerOf().reader
    failed.onDatagrams(datagrams(1))
    failed.fail(broken)
    await assert.rejects(async () => {
      for await (const batch of failed.batches()) got.push(batch.length)
    }, again(broken))
    assert.deepEqual(got, [1, 1])
  })
})

describe('for await', () => {
  it('gives every datagram and ends at the clean end', async () => {
    const { reader, log } = readerOf()
    reader.onDatagrams(datagrams(3))
    reader.onEnd()
    const got: number[] = []
    for await (const { recipient } of reader) got.push(recipient)
    assert.deepEqual(got, [0, 1, 2])
    assert.deepEqual(log, ['endRead'])
  })

  it('that is left early takes nothing along', async () => {
    const { reader } = readerOf()
    reader.onDatagrams(datagrams(5))
    for await (const { recipient } of reader) if (recipient === 1) break
    const rest: number[] = []
    reader.onEnd()
    for await (const { recipient } of reader) rest.push(recipient)
    assert.deepEqual(rest, [2, 3, 4])
  })

  it('may run twice at once: each datagram goes to one of them', async () => {
    const { reader } = readerOf()
    const got: number[][] = [[], []]
    const loops = got.map(async list => {
      for await (const { recipient } of reader) list.push(recipient)
    })
    for (let i = 0; i < 20; i++) {
      reader.onDatagrams([datagram(2 * i), datagram(2 * i + 1)])
      await settle()
    }
    reader.onEnd()
    await Promise.all(loops)
    assert.deepEqual(
      got.flat().sort((a, b) => a - b),
      Array.from({ length: 40 }, (_, i) => i),
    )
    for (const list of got)
      assert.deepEqual(
        list,
        [...list].sort((a, b) => a - b),
      )
  })

  it('throws what broke the stream, after all that came before', async () => {
    const { reader } = readerOf()
    reader.onDatagrams(datagrams(3))
    reader.fail(broken)
    const got: number[] = []
    await assert.rejects(async () => {
      for await (const { recipient } of reader) got.push(recipient)
    }, again(broken))
    assert.deepEqual(got, [0, 1, 2])
  })
})

describe('an iterator that is ended while it waits', () => {
  it('loses nothing of a chunk that comes in the same turn', async () => {
    const { reader } = readerOf()
    const iterator = reader[Symbol.asyncIterator]()
    const [given, withdrawn] = [watch(iterator.next()), watch(iterator.next())]
    reader.onDatagrams(datagrams(1))
    void iterator.return()
    reader.onDatagrams([datagram(1)])
    assert.deepEqual(await states(given, withdrawn), ['fulfilled', 'fulfilled'])
    assert.equal((given.value as IteratorResult<ConnectDatagram>).value.recipient, 0)
    assert.deepEqual(withdrawn.value, { value: undefined, done: true })
    assert.equal((await reader.receive())!.recipient, 1)
  })

  it('leaves no listener on the signal of batches()', async () => {
    const { reader } = readerOf()
    const { signal } = new AbortController()
    const iterator = reader.batches({ signal })[Symbol.asyncIterator]()
    void iterator.next()
    assert.equal(getEventListeners(signal, 'abort').length, 1)
    await iterator.return!()
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  it('has not read the end: nothing is told to the connection', async () => {
    const { reader, log } = readerOf()
    const iterator = reader[Symbol.asyncIterator]()
    void iterator.next()
    await iterator.return()
    assert.deepEqual(log, [])
    reader.onEnd()
    assert.deepEqual(log, [])
  })

  it('can be read with for await itself', async () => {
    const { reader } = readerOf()
    reader.onDatagrams(datagrams(2))
    reader.onEnd()
    const got: number[] = []
    for await (const { recipient } of reader[Symbol.asyncIterator]()) got.push(recipient)
    assert.deepEqual(got, [0, 1])
  })
})

describe('a readable stream', () => {
  it('that is cancelled in the turn in which a datagram comes has handed it out', async () => {
    const { reader } = readerOf()
    const stream = readableOf(reader).getReader()
    const [first, second] = [watch(stream.read()), watch(stream.read())]
    await settle()
    reader.onDatagrams(datagrams(2))
    void stream.cancel()
    assert.deepEqual(await states(first, second), ['fulfilled', 'fulfilled'])
    assert.equal(first.value?.value?.recipient, 0)
    assert.deepEqual(second.value, { value: undefined, done: true })
    assert.equal((await reader.receive())!.recipient, 1)
  })
})

describe('a readable stream that has ended before the connection', () => {
  it('has not been told of a failure when it was cancelled', async () => {
    const { reader } = readerOf()
    const stream = readableOf(reader).getReader()
    void stream.read()
    await settle()
    await stream.cancel()
    reader.fail(broken)
    assert.equal(reader.errorReported, false)
  })

  it('has not read the end when it was cancelled, or errored from outside', async () => {
    const { reader, log } = readerOf()
    const cancelled = readableOf(reader).getReader()
    void cancelled.read()
    const controller = new AbortController()
    const errored = readableOf(reader)
    addAbortSignal(controller.signal, errored as never)
    const reading = watch(errored.getReader().read())
    await settle()
    await cancelled.cancel()
    controller.abort()
    reader.onEnd()
    assert.deepEqual(await states(reading), ['rejected'])
    assert.deepEqual(log, [])
    assert.equal(await reader.receive(), undefined)
    assert.deepEqual(log, ['endRead'])
  })
})

describe('the end', () => {
  it('comes after the queue, and again at every call', async () => {
    const { reader, log } = readerOf()
    reader.onDatagrams(datagrams(1))
    reader.onEnd()
    assert.equal((await reader.receive())!.recipient, 0)
    assert.deepEqual(log, [])
    assert.equal(await reader.receive(), undefined)
    assert.equal(await reader.receive(), undefined)
    assert.equal((await nextBatch(reader)).done, true)
    assert.deepEqual(log, ['endRead'])
    assert.equal(reader.errorReported, false)
  })

  it('comes to everyone who waits', async () => {
    const { reader, log } = readerOf()
    const waiting = [watch(reader.receive()), watch(reader.receive()), watch(nextBatch(reader))]
    reader.onEnd()
    assert.deepEqual(await states(...waiting), Array(3).fill('fulfilled'))
    assert.deepEqual(log, ['endRead'])
  })

  it('stays clean when the connection fails later', async () => {
    const { reader } = readerOf()
    reader.onEnd()
    reader.fail(broken)
    assert.equal(await reader.receive(), undefined)
    assert.equal(reader.errorReported, false)
  })
})

describe('a failure', () => {
  it('comes after the queue, and again at every call', async () => {
    const { reader, log } = readerOf()
    reader.onDatagrams(datagrams(2))
    reader.fail(broken)
    assert.equal((await reader.receive())!.recipient, 0)
    assert.equal((await reader.receive())!.recipient, 1)
    assert.equal(reader.errorReported, false)
    for (let i = 0; i < 3; i++) {
      await assert.rejects(reader.receive(), again(broken))
      await assert.rejects(nextBatch(reader), again(broken))
    }
    assert.equal(reader.errorReported, true)
    assert.deepEqual(log, [])
  })

  it('comes to everyone who waits', async () => {
    const { reader } = readerOf()
    const waiting = [watch(reader.receive()), watch(nextBatch(reader)), watch(reader.receive())]
    reader.fail(broken)
    assert.deepEqual(await states(...waiting), Array(3).fill('rejected'))
    for (const { error } of waiting) assertAgain(error, broken)
    assert.equal(reader.errorReported, true)
  })

  it('is the first one for good, and no clean end comes after it', async () => {
    const { reader } = readerOf()
    reader.fail(broken)
    reader.fail(new ConnectError('CONNECTION_FAILED', 'later'))
    reader.onEnd()
    await assert.rejects(reader.receive(), again(broken))
  })
})

describe('what is forgotten when a session is lost', () => {
  for (const [how, take] of [
    ['receive()', (reader: QueueReader) => reader.receive()],
    ['batches()', (reader: QueueReader) => nextBatch(reader)],
  ] as const) {
    it(`is all that comes behind what ${how} has given, which is not consumed yet`, async () => {
      const reader = countingReader()
      reader.onDatagrams(datagrams(5))
      await take(reader)
      reader.onDatagrams(datagrams(10))
      reader.forget(reader.consumed)
      reader.fail(broken)
      await assert.rejects(reader.receive(), again(broken))
    })
  }

  it('is nothing of what has been counted as consumed', async () => {
    const reader = countingReader()
    reader.onDatagrams(datagrams(5))
    await reader.receive()
    reader.forget(3)
    reader.fail(broken)
    assert.equal((await reader.receive())!.recipient, 1)
    assert.equal((await reader.receive())!.recipient, 2)
    await assert.rejects(reader.receive(), again(broken))
  })
})

describe('the receive queue', () => {
  it('is full at its limit: each datagram counts as its frame and 64 bytes more', () => {
    const { reader, log } = readerOf(2 * cost(100))
    reader.onDatagrams([datagram(1, 100)])
    assert.deepEqual([log, reader.paused], [[], false])
    reader.onDatagrams([datagram(2, 100)])
    assert.deepEqual([log, reader.paused], [['pause'], true])
  })

  it('is not full one byte below', () => {
    const { reader, log } = readerOf(2 * cost(100) + 1)
    reader.onDatagrams([datagram(1, 100), datagram(2, 100)])
    assert.deepEqual(log, [])
    reader.onDatagrams([datagram(3, 1)])
    assert.deepEqual(log, ['pause'])
  })

  it('counts no datagram that someone waits for', async () => {
    const { reader, log } = readerOf(1)
    const waiting = watch(reader.receive())
    reader.onDatagrams([datagram(1, 1000)])
    assert.deepEqual(log, [])
    const batch = watch(nextBatch(reader))
    reader.onDatagrams(datagrams(5, 1000))
    assert.deepEqual(await states(waiting, batch), ['fulfilled', 'fulfilled'])
    assert.deepEqual(log, [])
  })

  it('asks for more when half of it is free, not sooner', async () => {
    const { reader, log } = readerOf(4 * cost(100))
    for (let i = 0; i < 5; i++) reader.onDatagrams([datagram(i, 100)])
    assert.deepEqual(log, ['pause'])
    await reader.receive()
    await reader.receive()
    assert.deepEqual([log, reader.paused], [['pause'], true])
    await reader.receive()
    assert.deepEqual([log, reader.paused], [['pause', 'resume'], false])
  })

  it('asks once for each time, and takes what comes while it is full', async () => {
    const { reader, log } = readerOf(cost(10))
    for (let round = 1; round <= 3; round++) {
      for (let i = 0; i < 4; i++) reader.onDatagrams([datagram(i, 10)])
      assert.equal((await nextBatch(reader)).value.length, 4)
      assert.deepEqual(log, Array(round).fill(['pause', 'resume']).flat())
    }
  })

  it('can be emptied after the end and after a failure', async () => {
    for (const finish of [
      (reader: QueueReader) => reader.onEnd(),
      (reader: QueueReader) => reader.fail(broken),
    ]) {
      const { reader } = readerOf(cost(10))
      reader.onDatagrams(datagrams(3, 10))
      finish(reader)
      for (let i = 0; i < 3; i++) assert.equal((await reader.receive())!.recipient, i)
    }
  })
})

describe('any use of a reader', () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('come' as const),
        lengths: fc.array(fc.nat(300), { maxLength: 6 }),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constantFrom('receive', 'receive', 'next', 'batch', 'abort'),
        lengths: fc.constant([]),
      }),
    },
  )

  it('forgets what nobody was given, as far as it is told, and has no clean end then', async () => {
    for (const [count, left] of [
      [0, 2],
      [3, 3],
      [5, 5],
      [6, 6],
    ] as const) {
      const { reader } = readerOf()
      reader.onDatagrams(datagrams(4))
      reader.onDatagrams([datagram(4), datagram(5)])
      reader.onEnd()
      const got = [await reader.receive(), await reader.receive()]
      reader.forget(count)
      reader.fail(broken)
      while (got.length < left) got.push(await reader.receive())
      assert.deepEqual(
        got.map(each => each?.recipient),
        [0, 1, 2, 3, 4, 5].slice(0, left),
      )
      if (left === 6) assert.equal(await reader.receive(), undefined)
      else await assert.rejects(reader.receive(), coded('CONNECTION_RESET'))
    }
  })

  it('gives each datagram once and in order, and stops the peer while the queue is full', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 80 }),
        fc.constantFrom(1, 200, 1000, 5000),
        async (steps, limit) => {
          const { reader, log } = readerOf(limit)
          const all: ConnectDatagram[] = []
          const asked: { watched: Watched<unknown>; controller?: AbortController }[] = []
          const iterator = reader[Symbol.asyncIterator]()
          for (const { kind, lengths } of steps) {
            if (kind === 'come') {
              const list = lengths.map((length, i) => datagram(all.length + i, length + 1))
              all.push(...list)
              reader.onDatagrams(list)
            } else if (kind === 'receive') {
              const controller = new AbortController()
              asked.push({ watched: watch(reader.receive({ signal: controller.signal })), controller })
            } else if (kind === 'next') {
              asked.push({ watched: watch(iterator.next().then(({ value }) => value)) })
            } else if (kind === 'batch') {
              asked.push({ watched: watch(nextBatch(reader).then(({ value }) => value)) })
            } else {
              asked.at(-1)?.controller?.abort()
            }
            await settle()
            const given = asked.flatMap(({ watched }) => (watched.state === 'fulfilled' ? watched.value : []))
            assert.deepEqual(given, all.slice(0, given.length), 'in order, each once')
            const waits = asked.some(({ watched }) => watched.state === 'pending')
            const queued = all.slice(given.length)
            if (waits) assert.equal(queued.length, 0, 'nobody waits while there is something')
            const queuedCost = queued.reduce((sum, { byteLength }) => sum + cost(byteLength), 0)
            if (queuedCost >= limit) assert.equal(reader.paused, true)
            if (queuedCost === 0) assert.equal(reader.paused, false)
            assert.deepEqual(
              log,
              log.map((_, i) => (i % 2 === 0 ? 'pause' : 'resume')),
            )
            assert.equal(reader.paused, log.length % 2 === 1)
          }
        },
      ),
      { numRuns: 150 },
    )
  })
})
