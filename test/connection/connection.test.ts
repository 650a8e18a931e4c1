import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, it } from 'node:test'
import { StreamConnection } from '../../src/connection/connection.ts'
import { ConnectError, type ConnectErrorCode } from '../../src/errors.ts'
import { type ConnectOptions, resolveConnectOptions } from '../../src/options.ts'
import type { ByteStreamSink } from '../../src/transport/byte-stream.ts'
import { coded, cut } from '../frame/support.ts'
import { concat } from '../frame/twin.ts'
import { again, assertAgain } from '../support/errors.ts'
import { datagram, datagrams, recipients, wire } from './support/datagrams.ts'
import { ScriptedStream } from './support/scripted-stream.ts'
import { SimulatedPlatform } from './support/simulated-platform.ts'
import { settle, states, watch } from './support/watch.ts'

const MIB = 1024 * 1024

const broken = new ConnectError('CONNECTION_RESET', 'broken')

interface Scene {
  readonly connection: StreamConnection
  readonly stream: ScriptedStream
  readonly platform: SimulatedPlatform
  /** What the transport tells the connection. */
  readonly transport: ByteStreamSink
}

/** A connection whose other end and whose clock the test plays. */
function scene(options: ConnectOptions = {}): Scene {
  const platform = new SimulatedPlatform()
  const stream = new ScriptedStream()
  const connection = new StreamConnection(stream, resolveConnectOptions(options), platform)
  return { connection, stream, platform, transport: stream.sink as ByteStreamSink }
}

/** Ends both directions as a peer would who agrees. */
function endCleanly({ stream, transport }: Scene): void {
  if (stream.inFlight > 0) stream.acknowledge()
  transport.onFinish()
  transport.onEnd()
  transport.onClose()
}

async function failsWith(
  connection: StreamConnection,
  code: ConnectErrorCode,
  message?: RegExp,
): Promise<void> {
  await assert.rejects(connection.closed, coded(code, message))
  await assert.rejects(connection.reader.receive(), coded(code, message))
  await assert.rejects(connection.writer.send(datagram(1)), coded(code, message))
  await assert.rejects(connection.writer.flush(), coded(code, message))
}

describe('a connection', () => {
  it('opens its stream and nothing more', () => {
    const { connection, stream, platform } = scene()
    assert.deepEqual(stream.log, ['open'])
    assert.equal(stream.writes.length, 0)
    assert.equal(platform.timers, 0)
    assert.equal(connection.localAddress, 'script://near')
    assert.equal(connection.remoteAddress, 'script://far')
    assert.equal(connection.tls, undefined)
  })

  it('reads and writes datagrams', async () => {
    const { connection, stream, platform, transport } = scene()
    transport.onData(wire(...datagrams(3)))
    assert.equal((await connection.reader.receive())!.recipient, 0)
    void connection.writer.send(datagram(7))
    platform.turn()
    assert.deepEqual(stream.bytes, wire(datagram(7)))
  })

  it('puts together what comes in pieces', async () => {
    const { connection, transport } = scene()
    const list = datagrams(4, 30)
    for (const chunk of cut(wire(...list), Array(30).fill(7))) transport.onData(chunk)
    for (const { recipient, data } of list) {
      const received = (await connection.reader.receive())!
      assert.equal(received.recipient, recipient)
      assert.deepEqual(received.data, data)
    }
  })

  it('leaves no promise unhandled, whatever breaks it', async () => {
    const { connection, transport } = scene()
    void connection.reader.receive()
    void connection.reader[Symbol.asyncIterator]().next()
    void connection.reader.batches()[Symbol.asyncIterator]().next()
    void connection.writer.flush()
    void connection.writer.close()
    void connection.close()
    void connection.closed
    transport.onClose(broken)
    void connection.reader.receive()
    void connection.writer.send(datagram(1))
    await settle()
  })
})

describe('close', () => {
  it('sends what is queued, ends, and is fulfilled when both ends have ended', async () => {
    const all = scene()
    const { connection, stream, platform, transport } = all
    void connection.writer.send(datagram(1))
    const closed = watch(connection.close())
    assert.deepEqual(stream.bytes, wire(datagram(1)))
    assert.deepEqual(stream.log, ['open', 'end'])
    stream.acknowledge()
    transport.onFinish()
    assert.deepEqual(await states(closed, watch(connection.closed)), ['pending', 'pending'])
    transport.onEnd()
    transport.onClose()
    assert.deepEqual(await states(closed, watch(connection.closed)), ['fulfilled', 'fulfilled'])
    assert.equal(platform.timers, 0)
  })

  for (const [how, end, state] of [
    ['cleanly', endCleanly, 'fulfilled'],
    ['with a failure', ({ transport }: Scene) => transport.onClose(broken), 'rejected'],
  ] as const) {
    it(`leaves no listener on its signal when it ends ${how}`, async () => {
      const all = scene()
      const { signal } = new AbortController()
      const closing = [
        watch(all.connection.close({ signal })),
        watch(all.connection.writer.close({ signal })),
      ]
      assert.equal(getEventListeners(signal, 'abort').length, 2)
      end(all)
      assert.deepEqual(await states(...closing), [state, state])
      assert.equal(getEventListeners(signal, 'abort').length, 0)
      await Promise.allSettled([all.connection.close({ signal }), all.connection.writer.close({ signal })])
      assert.equal(getEventListeners(signal, 'abort').length, 0)
    })
  }

  it('goes on when its signal fires, which leaves no listener', async () => {
    const all = scene()
    const controller = new AbortController()
    const { signal } = controller
    const closing = [watch(all.connection.close({ signal })), watch(all.connection.writer.close({ signal }))]
    controller.abort(new Error('enough'))
    assert.deepEqual(await states(...closing), ['rejected', 'rejected'])
    for (const { error } of closing) assert.equal((error as ConnectError).code, 'ABORTED')
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    const closed = watch(all.connection.close())
    endCleanly(all)
    assert.deepEqual(await states(closed), ['fulfilled'])
  })

  it('a second time waits for the same end, as `closed` does', async () => {
    const { connection, stream, transport } = scene()
    const all = [watch(connection.close()), watch(connection.close()), watch(connection.closed)]
    assert.deepEqual(stream.log, ['open', 'end'])
    assert.deepEqual(await states(...all), Array(3).fill('pending'))
    transport.onClose()
    assert.deepEqual(await states(...all, watch(connection.close())), Array(4).fill('fulfilled'))
    assert.equal(connection.closed, connection.closed)
  })

  it('lets what comes meanwhile be read, during it and after', async () => {
    const all = scene()
    const closed = watch(all.connection.close())
    all.transport.onData(wire(datagram(1), datagram(2)))
    assert.equal((await all.connection.reader.receive())!.recipient, 1)
    endCleanly(all)
    assert.deepEqual(await states(closed), ['fulfilled'])
    assert.equal((await all.connection.reader.receive())!.recipient, 2)
    assert.equal(await all.connection.reader.receive(), undefined)
  })

  it('refuses to send afterwards', async () => {
    const { connection } = scene()
    void connection.close()
    await assert.rejects(connection.writer.send(datagram(1)), coded('WRITER_CLOSED'))
  })

  it('after the end of both directions does nothing', async () => {
    const all = scene()
    void all.connection.writer.close()
    endCleanly(all)
    assert.deepEqual(await states(watch(all.connection.close())), ['fulfilled'])
    all.connection.abort()
    assert.deepEqual(all.stream.log, ['open', 'end'])
    assert.deepEqual(await states(watch(all.connection.closed)), ['fulfilled'])
    assert.equal(all.platform.timers, 0)
  })

  it('of the writer ends this direction only, and takes its time', async () => {
    const all = scene()
    void all.connection.writer.close()
    all.transport.onFinish()
    all.platform.advance(1e7)
    all.transport.onData(wire(datagram(1)))
    assert.equal((await all.connection.reader.receive())!.recipient, 1)
    assert.deepEqual(await states(watch(all.connection.closed)), ['pending'])
    all.transport.onEnd()
    all.transport.onClose()
    assert.deepEqual(await states(watch(all.connection.closed)), ['fulfilled'])
  })
})

describe('the close timeout', () => {
  it('ends a close in which nothing is written', async () => {
    const { connection, stream, platform } = scene({ closeTimeoutMs: 100 })
    void connection.writer.send(datagram(1, 5000))
    void connection.close()
    platform.advance(99)
    stream.acknowledge(10)
    platform.advance(99)
    stream.acknowledge(10)
    platform.advance(99)
    assert.deepEqual(await states(watch(connection.closed)), ['pending'])
    platform.advance(1)
    assert.deepEqual(stream.log, ['open', 'end', 'reset'])
    await assert.rejects(connection.closed, coded('CLOSE_TIMEOUT', /\b100 ms/))
    assert.equal(platform.timers, 0)
  })

  it('ends a close in which the peer does not end, counted from the end of this direction', async () => {
    const { connection, stream, platform, transport } = scene({ closeTimeoutMs: 100 })
    void connection.close()
    platform.advance(60)
    transport.onFinish()
    platform.advance(99)
    assert.deepEqual(stream.log, ['open', 'end'])
    platform.advance(1)
    assert.deepEqual(stream.log, ['open', 'end', 'reset'])
    await assert.rejects(connection.closed, coded('CLOSE_TIMEOUT', /peer/))
    await assert.rejects(connection.reader.receive(), coded('CLOSE_TIMEOUT', /peer/))
    await assert.rejects(connection.writer.send(datagram(1)), coded('WRITER_CLOSED'))
  })

  it('says so when the peer cannot be heard because nobody reads', async () => {
    const { connection, platform, transport } = scene({ closeTimeoutMs: 100, receiveQueueBytes: 10 })
    void connection.close()
    transport.onFinish()
    transport.onData(wire(datagram(1)))
    platform.advance(100)
    await assert.rejects(connection.closed, coded('CLOSE_TIMEOUT', /receive queue/))
    assert.equal((await connection.reader.receive())!.recipient, 1)
  })

  it('does not run before close, nor after the end', async () => {
    const all = scene({ closeTimeoutMs: 100 })
    all.platform.advance(1000)
    void all.connection.close()
    endCleanly(all)
    all.platform.advance(1000)
    assert.deepEqual(await states(watch(all.connection.closed)), ['fulfilled'])
  })

  it('is not begun anew by a second close', async () => {
    const { connection, platform } = scene({ closeTimeoutMs: 100 })
    void connection.close()
    platform.advance(60)
    void connection.close()
    platform.advance(40)
    await assert.rejects(connection.closed, coded('CLOSE_TIMEOUT'))
  })
})

describe('the frame timeout', () => {
  const frame = wire(datagram(1, 100))

  it('cuts a peer that drips, counted from the first byte', async () => {
    const { connection, stream, platform, transport } = scene({ frameTimeoutMs: 1000 })
    for (let i = 0; i < 10; i++) {
      transport.onData(frame.slice(i, i + 1))
      assert.deepEqual(stream.log, ['open'])
      platform.advance(100)
    }
    assert.deepEqual(stream.log, ['open', 'reset'])
    await failsWith(connection, 'FRAME_TIMEOUT', /\b1000 ms/)
    assert.equal(platform.timers, 0)
  })

  it('lets what came before the slow frame be read', async () => {
    const { connection, platform, transport } = scene({ frameTimeoutMs: 1000 })
    transport.onData(concat([frame, frame.slice(0, 50)]))
    platform.advance(1000)
    assert.equal((await connection.reader.receive())!.recipient, 1)
    await assert.rejects(connection.reader.receive(), coded('FRAME_TIMEOUT'))
  })

  it('does not run between frames', () => {
    const { stream, platform, transport } = scene({ frameTimeoutMs: 1000 })
    transport.onData(frame)
    platform.advance(10_000)
    transport.onData(frame.slice(0, 3))
    platform.advance(999)
    transport.onData(frame.slice(3))
    platform.advance(10_000)
    assert.deepEqual(stream.log, ['open'])
  })

  it('begins anew with each frame, also one that begins where another ends', () => {
    const { stream, platform, transport } = scene({ frameTimeoutMs: 1000 })
    transport.onData(frame.slice(0, 50))
    for (let i = 0; i < 10; i++) {
      platform.advance(999)
      transport.onData(concat([frame.slice(50), frame.slice(0, 50)]))
    }
    assert.deepEqual(stream.log, ['open'])
    platform.advance(1000)
    assert.deepEqual(stream.log, ['open', 'reset'])
  })

  it('does not count time in which the receive queue is full', async () => {
    const { connection, stream, platform, transport } = scene({ frameTimeoutMs: 1000, receiveQueueBytes: 10 })
    transport.onData(concat([frame, frame.slice(0, 50)]))
    assert.deepEqual(stream.log, ['open', 'pause'])
    platform.advance(100_000)
    transport.onData(frame.slice(50, 60))
    platform.advance(100_000)
    assert.deepEqual(stream.log, ['open', 'pause'])
    await connection.reader.receive()
    assert.deepEqual(stream.log, ['open', 'pause', 'resume'])
    platform.advance(999)
    assert.deepEqual(stream.log, ['open', 'pause', 'resume'])
    platform.advance(1)
    assert.deepEqual(stream.log, ['open', 'pause', 'resume', 'reset'])
  })

  it('reads what has come while the program was busy before it counts', async () => {
    const { connection, stream, platform, transport } = scene({ frameTimeoutMs: 1000 })
    transport.onData(frame.slice(0, 50))
    platform.stall(60_000)
    transport.onData(frame.slice(50))
    platform.turn()
    assert.deepEqual(stream.log, ['open'])
    assert.equal((await connection.reader.receive())!.recipient, 1)
  })

  it('leaves no timer behind once the peer has ended', () => {
    const { platform, transport } = scene({ frameTimeoutMs: 1000 })
    transport.onData(frame.slice(0, 50))
    transport.onData(frame.slice(50))
    transport.onEnd()
    assert.equal(platform.timers, 0)
  })

  it('of 0 is no limit', () => {
    const { stream, platform, transport } = scene({ frameTimeoutMs: 0 })
    transport.onData(frame.slice(0, 50))
    platform.advance(1e9)
    assert.deepEqual(stream.log, ['open'])
    assert.equal(platform.timers, 0)
  })
})

describe('the idle timeout', () => {
  it('is off by default', () => {
    const { stream, platform } = scene()
    platform.advance(1e9)
    assert.deepEqual(stream.log, ['open'])
  })

  it('breaks a connection on which nothing moves', async () => {
    const { connection, stream, platform } = scene({ idleTimeoutMs: 1000 })
    platform.advance(999)
    assert.deepEqual(stream.log, ['open'])
    platform.advance(1)
    assert.deepEqual(stream.log, ['open', 'reset'])
    await failsWith(connection, 'IDLE_TIMEOUT', /\b1000 ms/)
    assert.equal(platform.timers, 0)
  })

  it('begins anew with every byte in either direction', () => {
    const { connection, stream, platform, transport } = scene({ idleTimeoutMs: 1000 })
    void connection.writer.send(datagram(1, 100))
    const frame = wire(datagram(1, 10))
    for (let i = 0; i < 10; i++) {
      platform.advance(999)
      transport.onData(frame.slice(i, i + 1))
      platform.advance(999)
      stream.acknowledge(1)
    }
    assert.deepEqual(stream.log, ['open'])
    platform.advance(1000)
    assert.deepEqual(stream.log, ['open', 'reset'])
  })

  it('does not run while the receive queue is full, whatever moves then', async () => {
    const { connection, stream, platform, transport } = scene({ idleTimeoutMs: 1000, receiveQueueBytes: 10 })
    void connection.writer.send(datagram(1, 100))
    platform.turn()
    transport.onData(wire(datagram(1)))
    platform.advance(5000)
    stream.acknowledge()
    platform.advance(5000)
    transport.onData(wire(datagram(2)))
    platform.advance(5000)
    assert.deepEqual(stream.log, ['open', 'pause'])
    await connection.reader.receive()
    await connection.reader.receive()
    platform.advance(999)
    assert.deepEqual(stream.log, ['open', 'pause', 'resume'])
    platform.advance(1)
    assert.deepEqual(stream.log, ['open', 'pause', 'resume', 'reset'])
  })
})

describe('the end of the peer', () => {
  it('ends this direction too, on the turn after it was read', async () => {
    const { connection, stream, platform, transport } = scene()
    transport.onData(wire(datagram(1)))
    transport.onEnd()
    platform.turn()
    assert.equal((await connection.reader.receive())!.recipient, 1)
    platform.turn()
    assert.deepEqual(stream.log, ['open'])
    assert.equal(await connection.reader.receive(), undefined)
    assert.deepEqual(stream.log, ['open'])
    platform.turn()
    assert.deepEqual(stream.log, ['open', 'end'])
    await assert.rejects(connection.writer.send(datagram(1)), coded('WRITER_CLOSED', /allowHalfOpen/))
    transport.onFinish()
    transport.onClose()
    assert.deepEqual(await states(watch(connection.closed)), ['fulfilled'])
  })

  it('is followed only when all that was sent before is out, what waits included', async () => {
    const { connection, stream, platform, transport } = scene({ sendQueueBytes: 100 })
    const sends = [1, 2, 3].map(recipient => watch(connection.writer.send(datagram(recipient, 80))))
    transport.onEnd()
    await connection.reader.receive()
    for (let i = 0; i < 6; i++) {
      platform.turn()
      if (stream.log.includes('end')) assert.equal(stream.bytes.length, 3 * 88)
      if (stream.inFlight > 0) stream.acknowledge()
      await settle()
    }
    assert.deepEqual(await states(...sends), ['fulfilled', 'fulfilled', 'fulfilled'])
    assert.deepEqual(stream.log, ['open', 'end'])
    assert.deepEqual(stream.bytes, wire(...[1, 2, 3].map(recipient => datagram(recipient, 80))))
  })

  for (const [what, use] of [
    ['sent', (connection: StreamConnection) => void connection.writer.send(datagram(1))],
    ['flushed', (connection: StreamConnection) => void connection.writer.flush()],
  ] as const) {
    it(`is not followed when something is ${what} before the turn ends`, async () => {
      const { connection, stream, platform, transport } = scene()
      transport.onEnd()
      await connection.reader.receive()
      use(connection)
      for (let i = 0; i < 5; i++) platform.turn()
      assert.deepEqual(stream.log, ['open'])
      void connection.writer.close()
      assert.deepEqual(stream.log, ['open', 'end'])
    })
  }

  for (const [what, wait] of [
    ['send', (connection: StreamConnection) => connection.writer.send(datagram(2))],
    ['flush', (connection: StreamConnection) => connection.writer.flush()],
  ] as const) {
    it(`is not followed while a ${what} waits, nor when more is sent after it`, async () => {
      const { connection, stream, platform, transport } = scene({ sendQueueBytes: 10 })
      void connection.writer.send(datagram(1))
      const waiting = watch(wait(connection))
      transport.onEnd()
      await connection.reader.receive()
      for (let i = 0; i < 5; i++) platform.turn()
      stream.acknowledge()
      assert.deepEqual(await states(waiting), ['fulfilled'])
      const next = watch(connection.writer.send(datagram(3)))
      for (let i = 0; i < 5; i++) platform.turn()
      stream.acknowledge()
      assert.deepEqual(await states(next), ['fulfilled'])
      assert.ok(!stream.log.includes('end'))
    })

    it(`is followed on the turn after a ${what} has waited, when that was the last`, async () => {
      const { connection, stream, platform, transport } = scene({ sendQueueBytes: 10 })
      void connection.writer.send(datagram(1))
      void wait(connection)
      transport.onEnd()
      await connection.reader.receive()
      platform.turn()
      assert.deepEqual(stream.log, ['open'])
      stream.acknowledge()
      platform.turn()
      assert.deepEqual(stream.log, ['open', 'end'])
    })
  }

  it('is not followed with allowHalfOpen', async () => {
    const { connection, stream, platform, transport } = scene({ allowHalfOpen: true })
    transport.onEnd()
    await connection.reader.receive()
    for (let i = 0; i < 5; i++) platform.turn()
    assert.deepEqual(stream.log, ['open'])
    await connection.writer.send(datagram(1))
    platform.turn()
    assert.deepEqual(stream.bytes, wire(datagram(1)))
  })

  it('that nobody has read is not followed', () => {
    const { stream, platform, transport } = scene()
    transport.onEnd()
    for (let i = 0; i < 5; i++) platform.turn()
    assert.deepEqual(stream.log, ['open'])
  })

  it('is followed in vain when the connection has failed meanwhile', async () => {
    const { connection, stream, platform, transport } = scene()
    transport.onEnd()
    await connection.reader.receive()
    transport.onClose(broken)
    platform.turn()
    assert.deepEqual(stream.log, ['open'])
  })
})

describe('a broken stream', () => {
  for (const length of [1, 4, 7, 8, 9, 107]) {
    it(`that ends ${length} bytes into a frame is truncated, never a clean end`, async () => {
      const { connection, stream, platform, transport } = scene()
      transport.onData(wire(datagram(1)))
      transport.onData(wire(datagram(2, 100)).slice(0, length))
      transport.onEnd()
      assert.deepEqual(stream.log, ['open', 'reset'])
      assert.equal((await connection.reader.receive())!.recipient, 1)
      await failsWith(connection, 'STREAM_TRUNCATED')
      assert.equal(platform.timers, 0)
    })
  }

  for (const [code, header, message] of [
    ['FRAME_SIZE_INVALID', [0, 0, 0, 0], /\b0\b/],
    ['FRAME_SIZE_INVALID', [0, 0, 0, 4], /\b4\b/],
    ['FRAME_SIZE_INVALID', [0x05, 0xf5, 0xe1, 0x05], /\b100000005\b.*\b100000000\b/],
    ['VERSION_UNSUPPORTED', [0, 0, 0, 5, 0, 2], /\b2\b/],
  ] as const) {
    it(`with the header ${header.join(' ')} fails with ${code}, after what came before`, async () => {
      const { connection, stream, transport } = scene()
      transport.onData(concat([wire(...datagrams(3)), Uint8Array.from(header)]))
      assert.deepEqual(stream.log, ['open', 'reset'])
      for (let i = 0; i < 3; i++) assert.equal((await connection.reader.receive())!.recipient, i)
      await failsWith(connection, code, message)
    })
  }

  it('is held to maxMessageBytes', async () => {
    const { connection, transport } = scene({ maxMessageBytes: 10 })
    transport.onData(wire(datagram(1, 10)))
    transport.onData(wire(datagram(2, 11)))
    assert.equal((await connection.reader.receive())!.recipient, 1)
    await assert.rejects(connection.reader.receive(), coded('FRAME_SIZE_INVALID', /\b11\b.*\b10\b/))
  })

  it('makes everything that is pending fail, each with its own error of the same failure', async () => {
    const { connection, stream, transport } = scene({ sendQueueBytes: 10 })
    void connection.writer.send(datagram(1, 100))
    const pending = [
      watch(connection.reader.receive()),
      watch(connection.writer.send(datagram(2))),
      watch(connection.writer.flush()),
      watch(connection.writer.close()),
      watch(connection.close()),
      watch(connection.closed),
    ]
    transport.onClose(broken)
    assert.deepEqual(await states(...pending), Array(6).fill('rejected'))
    for (const { error } of pending) assertAgain(error, broken)
    assert.equal(new Set(pending.map(({ error }) => error)).size, 6)
    assert.deepEqual(stream.log, ['open'])
  })

  it('lets what came before be read', async () => {
    const { connection, transport } = scene()
    transport.onData(wire(...datagrams(2)))
    transport.onClose(broken)
    assert.equal((await connection.reader.receive())!.recipient, 0)
    assert.equal((await connection.reader.receive())!.recipient, 1)
    await assert.rejects(connection.reader.receive(), again(broken))
  })

  it('tells nothing more, whatever the transport still says', async () => {
    const { connection, stream, platform, transport } = scene({ idleTimeoutMs: 50 })
    void connection.writer.send(datagram(1))
    platform.turn()
    connection.abort()
    transport.onData(wire(datagram(1)))
    stream.acknowledge()
    transport.onFinish()
    transport.onEnd()
    transport.onClose(broken)
    platform.advance(1000)
    assert.deepEqual(stream.log, ['open', 'reset'])
    assert.equal(platform.timers, 0)
    await failsWith(connection, 'ABORTED')
  })
})

describe('abort', () => {
  it('breaks the stream and rejects everything with its reason as the cause', async () => {
    const { connection, stream, platform } = scene({ sendQueueBytes: 10, idleTimeoutMs: 100 })
    const reason = new Error('no more')
    void connection.writer.send(datagram(1, 100))
    const pending = [
      watch(connection.reader.receive()),
      watch(connection.writer.send(datagram(2))),
      watch(connection.writer.flush()),
      watch(connection.close()),
    ]
    connection.abort(reason)
    assert.equal(stream.log.at(-1), 'reset')
    assert.deepEqual(await states(...pending), Array(4).fill('rejected'))
    for (const { error } of pending) {
      assert.equal((error as ConnectError).code, 'ABORTED')
      assert.equal((error as ConnectError).cause, reason)
    }
    assert.equal(platform.timers, 0)
    platform.turn()
    assert.equal(stream.log.at(-1), 'reset')
  })

  for (const [what, byteLength, midFrame] of [
    ['ends with a frame', 100, false],
    ['ends inside a frame', 2 * MIB, true],
  ] as const) {
    it(`tells the stream when what it was given ${what}`, () => {
      const { connection, stream, platform } = scene({ sendQueueBytes: 3 * MIB })
      void connection.writer.send(datagram(1, byteLength))
      platform.turn()
      connection.abort()
      assert.equal(stream.resetMidFrame, midFrame)
    })
  }

  it('a second time does nothing', async () => {
    const { connection, stream } = scene()
    connection.abort(new Error('first'))
    connection.abort(new Error('second'))
    assert.deepEqual(stream.log, ['open', 'reset'])
    await failsWith(connection, 'ABORTED', /first/)
  })
})

describe('the receive queue of a connection', () => {
  it('stops reading when it is full and goes on when half of it is free', async () => {
    const { connection, stream, transport } = scene({ receiveQueueBytes: 4 * 172 })
    for (let i = 0; i < 4; i++) transport.onData(wire(datagram(i, 100)))
    assert.deepEqual(stream.log, ['open', 'pause'])
    await connection.reader.receive()
    assert.deepEqual(stream.log, ['open', 'pause'])
    await connection.reader.receive()
    assert.deepEqual(stream.log, ['open', 'pause', 'resume'])
  })

  it('counts all of a frame that came in many chunks', async () => {
    const { connection, stream, transport } = scene({ receiveQueueBytes: 2 * MIB })
    const frame = wire(datagram(1, MIB))
    const chunks = cut(frame, Array(17).fill(65_536))
    for (const chunk of chunks) transport.onData(chunk)
    assert.deepEqual(stream.log, ['open'])
    for (const chunk of chunks) transport.onData(chunk)
    assert.deepEqual(stream.log, ['open', 'pause'])
    const { value } = await connection.reader.batches()[Symbol.asyncIterator]().next()
    assert.deepEqual(recipients(value), [1, 1])
    assert.deepEqual(stream.log, ['open', 'pause', 'resume'])
  })

  it('keeps what comes before a failure though it is full', async () => {
    const { connection, stream, transport } = scene({ receiveQueueBytes: 10 })
    transport.onData(wire(datagram(1)))
    transport.onClose(broken)
    assert.equal((await connection.reader.receive())!.recipient, 1)
    assert.deepEqual(stream.log, ['open', 'pause'])
  })
})

describe('disposal', () => {
  it('closes', async () => {
    const all = scene()
    void all.connection.writer.send(datagram(1))
    const disposed = watch(all.connection[Symbol.asyncDispose]())
    assert.deepEqual(all.stream.log, ['open', 'end'])
    endCleanly(all)
    assert.deepEqual(await states(disposed), ['fulfilled'])
    assert.deepEqual(all.stream.bytes, wire(datagram(1)))
    assert.equal(all.platform.timers, 0)
  })

  it('throws a failure that nobody has been given, be it before or during it', async () => {
    const before = scene()
    before.transport.onClose(broken)
    await assert.rejects(before.connection[Symbol.asyncDispose](), again(broken))

    const during = scene()
    const disposed = watch(during.connection[Symbol.asyncDispose]())
    during.transport.onClose(broken)
    assert.deepEqual(await states(disposed), ['rejected'])
    assertAgain(disposed.error, broken)
  })

  it('throws when the close times out', async () => {
    const { connection, platform } = scene({ closeTimeoutMs: 100 })
    const disposed = watch(connection[Symbol.asyncDispose]())
    platform.advance(100)
    assert.deepEqual(await states(disposed), ['rejected'])
    assert.equal((disposed.error as ConnectError).code, 'CLOSE_TIMEOUT')
  })

  it('waits no longer than 250 ms for a peer that does nothing, and the closing goes on', async () => {
    const all = scene()
    const disposed = watch(all.connection[Symbol.asyncDispose]())
    all.platform.advance(249)
    assert.deepEqual(await states(disposed), ['pending'])
    all.platform.advance(1)
    assert.deepEqual(await states(disposed), ['fulfilled'])
    const closed = watch(all.connection.closed)
    endCleanly(all)
    assert.deepEqual(await states(closed), ['fulfilled'])
    assert.equal(all.platform.timers, 0)
  })

  it('waits on while something moves: bytes that are written, and either end', async () => {
    const { connection, stream, platform, transport } = scene({ sendQueueBytes: 3 * MIB })
    void connection.writer.send(datagram(1, 2 * MIB))
    const disposed = watch(connection[Symbol.asyncDispose]())
    const moves = [
      () => stream.acknowledge(1),
      () => stream.acknowledge(),
      () => stream.acknowledge(),
      () => transport.onFinish(),
      () => transport.onEnd(),
    ]
    for (const move of moves) {
      platform.advance(249)
      assert.deepEqual(await states(disposed), ['pending'], String(move))
      move()
      platform.turn()
    }
    platform.advance(250)
    assert.deepEqual(await states(disposed), ['fulfilled'])
  })

  it('leaves the closing its own time limit, which `closed` tells of', async () => {
    const { connection, stream, platform } = scene({ closeTimeoutMs: 1000 })
    const disposed = watch(connection[Symbol.asyncDispose]())
    platform.advance(999)
    assert.deepEqual(await states(disposed), ['fulfilled'])
    assert.deepEqual(stream.log, ['open', 'end'])
    platform.advance(1)
    await assert.rejects(connection.closed, coded('CLOSE_TIMEOUT'))
    assert.deepEqual(stream.log, ['open', 'end', 'reset'])
  })

  it('waits for 250 ms again where a second scope is left', async () => {
    const { connection, platform } = scene()
    void connection[Symbol.asyncDispose]()
    platform.advance(1000)
    const second = watch(connection[Symbol.asyncDispose]())
    platform.advance(249)
    assert.deepEqual(await states(second), ['pending'])
    platform.advance(1)
    assert.deepEqual(await states(second), ['fulfilled'])
  })

  for (const [what, use] of [
    ['receive', (connection: StreamConnection) => connection.reader.receive()],
    ['for await', (connection: StreamConnection) => connection.reader[Symbol.asyncIterator]().next()],
    ['batches', (connection: StreamConnection) => connection.reader.batches()[Symbol.asyncIterator]().next()],
    ['send', (connection: StreamConnection) => connection.writer.send(datagram(9))],
    ['flush', (connection: StreamConnection) => connection.writer.flush()],
    ['the close of the writer', (connection: StreamConnection) => connection.writer.close()],
    ['close', (connection: StreamConnection) => connection.close()],
  ] as const) {
    for (const first of [true, false]) {
      it(`does not throw again what ${what}, called ${first ? 'before' : 'after'} the failure, has rejected with`, async () => {
        const { connection, transport } = scene({ sendQueueBytes: 1 })
        void connection.writer.send(datagram(1))
        const early = first ? watch<unknown>(use(connection)) : undefined
        transport.onClose(broken)
        const used = early ?? watch<unknown>(use(connection))
        assert.deepEqual(await states(used), ['rejected'])
        assertAgain(used.error, broken)
        await connection[Symbol.asyncDispose]()
      })
    }
  }

  it('does not throw what trySend has thrown', async () => {
    const { connection, transport } = scene()
    transport.onClose(broken)
    assert.throws(() => connection.writer.trySend(datagram(1)))
    await connection[Symbol.asyncDispose]()
  })

  it('does not throw after abort', async () => {
    const { connection } = scene()
    connection.abort(new Error('no more'))
    await connection[Symbol.asyncDispose]()
  })

  it('does throw when the promises that were given ended before the failure', async () => {
    const { connection, stream, platform, transport } = scene()
    void connection.writer.send(datagram(1))
    const flushed = watch(connection.writer.flush())
    const closed = watch(connection.writer.close())
    const aborted = watch(connection.reader.receive({ signal: AbortSignal.abort() }))
    platform.turn()
    stream.acknowledge()
    transport.onFinish()
    assert.deepEqual(await states(flushed, closed, aborted), ['fulfilled', 'fulfilled', 'rejected'])
    transport.onClose(broken)
    await assert.rejects(connection[Symbol.asyncDispose](), again(broken))
  })
})

describe('the WHATWG streams', () => {
  it('are made once', () => {
    const { connection } = scene()
    assert.equal(connection.readable, connection.readable)
    assert.equal(connection.writable, connection.writable)
  })

  it('read what comes, and the end', async () => {
    const { connection, transport } = scene()
    transport.onData(wire(...datagrams(3)))
    transport.onEnd()
    const got: number[] = []
    for await (const { recipient } of connection.readable) got.push(recipient)
    assert.deepEqual(got, [0, 1, 2])
  })

  it('throw what broke the connection', async () => {
    const { connection, transport } = scene()
    transport.onClose(broken)
    await assert.rejects(connection.readable.getReader().read(), again(broken))
    await assert.rejects(connection.writable.getWriter().write(datagram(1)), again(broken))
  })

  it('take nothing ahead, and a cancelled one leaves everything to the reader', async () => {
    const { connection, stream, transport } = scene()
    const reader = connection.readable.getReader()
    transport.onData(wire(...datagrams(3)))
    assert.equal((await reader.read()).value!.recipient, 0)
    await reader.cancel()
    assert.equal((await connection.reader.receive())!.recipient, 1)
    assert.deepEqual(stream.log, ['open'])
  })

  it('lose nothing when they are cancelled while they wait', async () => {
    const { connection, transport } = scene()
    const reader = connection.readable.getReader()
    const read = watch(reader.read())
    await settle()
    await reader.cancel()
    transport.onData(wire(datagram(5)))
    assert.deepEqual(await states(read), ['fulfilled'])
    assert.equal(read.value!.done, true)
    assert.equal((await connection.reader.receive())!.recipient, 5)
  })

  it('write in order, and close the writer', async () => {
    const all = scene()
    const writer = all.connection.writable.getWriter()
    for (const each of datagrams(3)) await writer.write(each)
    const closed = watch(writer.close())
    await settle()
    assert.deepEqual(all.stream.bytes, wire(...datagrams(3)))
    assert.deepEqual(all.stream.log, ['open', 'end'])
    all.transport.onFinish()
    assert.deepEqual(await states(closed), ['fulfilled'])
  })

  it('abort the connection', async () => {
    const { connection, stream } = scene()
    const reason = new Error('no more')
    await connection.writable.abort(reason)
    assert.deepEqual(stream.log, ['open', 'reset'])
    await assert.rejects(connection.closed, error => (error as ConnectError).cause === reason)
  })
})
