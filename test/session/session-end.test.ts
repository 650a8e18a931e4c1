import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectError } from '../../src/errors.ts'
import {
  ControlType,
  controlFrameBytes,
  decodeControl,
  encodeControl,
  type Status,
} from '../../src/session/control-frame.ts'
import { CloseCode } from '../../src/session/session-end-state.ts'
import { JoinedEnds, type TestEnd, WINDOW } from './joined-ends.ts'
import { datagramsOf, framesOf } from './support.ts'

const status = (type: Status['type'], fields: Partial<Status> = {}): Uint8Array =>
  encodeControl({
    type,
    endConsumed: false,
    done: false,
    code: 0,
    position: 0,
    received: 0,
    consumed: 0,
    ...fields,
  })

const gone = new ConnectError('CONNECTION_FAILED', 'no more tries')

/** The control frames that wait in the outbox of an end, by type; data frames are 0. */
function typesIn({ outbox }: TestEnd): number[] {
  const bytes = Buffer.concat(outbox)
  const types: number[] = []
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at) + 4) {
    const isControl = bytes.readUInt16BE(at + 4) === 2
    types.push(isControl ? bytes.readUInt16BE(at + 6) : 0)
    if (isControl) decodeControl(bytes.subarray(at, at + controlFrameBytes(bytes, at)))
  }
  return types
}

function attached(): JoinedEnds {
  const ends = new JoinedEnds()
  ends.attach()
  ends.settle()
  return ends
}

function assertReceived(end: TestEnd, sizes: readonly number[]): void {
  assert.equal(end.received.length, sizes.length)
  assert.equal(Buffer.compare(framesOf(end.received), framesOf(datagramsOf(sizes))), 0)
}

describe('an end of a session', () => {
  it('sends nothing before it is attached, then an ACK and what has waited', () => {
    const ends = new JoinedEnds()
    ends.client.send(...datagramsOf([5, 6]))
    assert.equal(ends.client.outbox.length, 0)
    ends.attach()
    assert.deepEqual(typesIn(ends.client), [ControlType.ACK, 0, 0])
    ends.settle()
    assertReceived(ends.server, [5, 6])
  })

  it('counts what was written as done when the peer has consumed it', () => {
    const ends = attached()
    ends.server.reads = false
    ends.client.send(...datagramsOf([10, 20, 30]))
    ends.settle()
    assert.equal(ends.client.confirmedBytes, 0)
    ends.server.consume(2)
    ends.settle()
    assert.equal(ends.client.confirmedBytes, 46)
    assert.equal(ends.client.end.keptCost, 38 + 64)
    ends.server.consume(3)
    ends.settle()
    assert.equal(ends.client.end.keptCost, 0)
  })

  it('acknowledges at a quarter of the window in messages at once, and less in a moment', () => {
    const ends = attached()
    ends.server.reads = false
    ends.client.send(...datagramsOf(Array(50).fill(10)))
    ends.deliver('server')
    ends.server.consume(24)
    assert.deepEqual(typesIn(ends.server), [])
    assert.deepEqual(ends.server.log, ['ack wanted'])
    ends.server.consume(25)
    assert.deepEqual(typesIn(ends.server), [ControlType.ACK])
  })

  it('acknowledges at a quarter of the window in bytes at once', () => {
    const ends = attached()
    ends.client.send(...datagramsOf([25_000]))
    ends.deliver('server')
    ends.server.end.onConsumed()
    assert.deepEqual(typesIn(ends.server), [ControlType.ACK])
  })

  it('keeps to the window of its peer in messages, and goes on as the peer consumes', () => {
    const ends = attached()
    ends.server.reads = false
    ends.client.send(...datagramsOf(Array(150).fill(10)))
    ends.settle()
    assert.equal(ends.server.received.length, 100)
    ends.server.consume(30)
    ends.settle()
    assert.equal(ends.server.received.length, 130)
    ends.server.reads = true
    ends.server.consume()
    ends.settle()
    assertReceived(ends.server, Array(150).fill(10))
  })

  it('keeps to the window of its peer in bytes, headers included', () => {
    const ends = attached()
    ends.server.reads = false
    ends.client.send(...datagramsOf([49_992, 49_992, 1]))
    ends.settle()
    assert.equal(ends.server.received.length, 2)
  })

  it('sends a message that is larger than the window alone', () => {
    const ends = attached()
    ends.server.reads = false
    ends.client.send(...datagramsOf([10, 500_000, 10]))
    ends.settle()
    assert.equal(ends.server.received.length, 1)
    ends.server.consume()
    ends.settle()
    assert.equal(ends.server.received.length, 2)
    ends.server.consume()
    ends.settle()
    assertReceived(ends.server, [10, 500_000, 10])
  })

  it('sends again what was not received when the line breaks inside a frame', () => {
    for (let cut = 0; cut < 200; cut += 7) {
      const ends = attached()
      ends.client.send(...datagramsOf([40, 50, 60]))
      ends.deliver('server', cut)
      ends.break()
      ends.attach()
      ends.settle()
      assertReceived(ends.server, [40, 50, 60])
      assert.equal(ends.client.end.keptCost, 0)
    }
  })

  it('puts control frames between the pieces of a long stream of data, at a border', () => {
    const ends = attached()
    ends.client.slow = true
    const large = datagramsOf(Array(3).fill(90_000))
    for (const datagram of large) ends.client.send(datagram)
    ends.client.end.input(status(ControlType.PING))
    assert.deepEqual(typesIn(ends.client).at(-1), ControlType.PONG)
  })

  it('answers PING by PONG', () => {
    const ends = attached()
    ends.client.end.input(status(ControlType.PING))
    assert.deepEqual(typesIn(ends.client), [ControlType.PONG])
  })

  it('asks after two quiet looks and gives the line up after four', () => {
    const ends = attached()
    const { end } = ends.client
    assert.equal(end.lookForLife(), true)
    const looks = [1, 2, 3, 4].map(() => end.lookForLife())
    assert.deepEqual(looks, [true, true, true, false])
    assert.deepEqual(typesIn(ends.client), [ControlType.PING])
    ends.deliver('server')
    ends.deliver('client')
    assert.equal(end.lookForLife(), true)
    assert.equal(end.lookForLife(), true)
  })

  it('ends both directions cleanly, the server first', () => {
    const ends = attached()
    ends.client.send(...datagramsOf([10]))
    ends.client.end.end()
    ends.settle()
    assert.deepEqual(ends.client.log, ['finish'])
    assert(ends.server.log.includes('peer end'))
    assert.equal(ends.server.state, 'attached')
    ends.server.end.end()
    ends.settle()
    assert.equal(ends.server.state, 'closed')
    assert.equal(ends.client.state, 'closed')
    assert.deepEqual(ends.client.log, ['finish', 'peer end', 'over'])
  })

  it('does not finish before the end is consumed', () => {
    const ends = attached()
    ends.server.reads = false
    ends.client.send(...datagramsOf([10]))
    ends.client.end.end()
    ends.settle()
    assert.deepEqual(ends.client.log, [])
    ends.server.consume()
    ends.settle()
    assert.deepEqual(ends.client.log, ['finish'])
  })

  it('sends CLOSE again when the line breaks', () => {
    const ends = attached()
    ends.client.end.end()
    ends.break()
    ends.attach()
    ends.settle()
    assert.deepEqual(ends.client.log, ['finish'])
  })

  it('takes the news that its end was consumed on a line that has not carried CLOSE', () => {
    const ends = attached()
    ends.client.end.end()
    ends.deliver('server')
    ends.break()
    ends.attach()
    ends.deliver('client')
    assert.deepEqual(ends.client.log, ['finish'])
    ends.settle()
    assert.equal(ends.client.state, 'attached')
  })

  it('has ended when the server says that it had, and all is consumed', () => {
    const ends = attached()
    ends.client.send(...datagramsOf([10]))
    ends.client.end.end()
    ends.server.end.end()
    ends.deliver('server')
    ends.deliver('client')
    ends.deliver('server')
    assert.equal(ends.server.state, 'closed')
    ends.break()
    assert.equal(ends.client.state, 'detached')
    ends.client.end.concludeEnded(ends.server.end.progress, gone)
    assert.equal(ends.client.state, 'closed')
  })

  it('is lost when the server says that it had ended, and something is not consumed', () => {
    const ends = attached()
    ends.client.send(...datagramsOf([10, 20]))
    ends.break()
    ends.client.end.concludeEnded({ received: 1, consumed: 1 }, gone)
    assert.equal(ends.client.error, 'CONNECTION_FAILED')
    assert.deepEqual(
      ends.client.end.giveAway().datagrams.map(({ byteLength }) => byteLength),
      [20],
    )
  })

  it('shows exactly what was not confirmed when it is lost', () => {
    const ends = attached()
    ends.server.reads = false
    ends.client.send(...datagramsOf([10, 20, 30]))
    ends.settle()
    ends.server.consume(1)
    ends.settle()
    ends.break()
    ends.client.send(...datagramsOf([40]))
    ends.client.end.lose(gone)
    assert.equal(ends.client.state, 'lost')
    assert.deepEqual(
      ends.client.end.giveAway().datagrams.map(({ byteLength }) => byteLength),
      [20, 30, 40],
    )
  })

  it('tells the peer when it gives up, and what is confirmed still counts', () => {
    const ends = attached()
    ends.client.send(...datagramsOf([10]))
    ends.server.send(...datagramsOf([10, 20]))
    ends.deliver('client')
    ends.deliver('server')
    ends.client.end.lose(gone)
    ends.settle()
    assert.equal(ends.server.error, 'CONNECTION_RESET')
    assert.deepEqual(ends.server.end.giveAway().datagrams, [])
    assert.deepEqual(ends.server.log.slice(-1), ['over'])
  })

  it('does nothing more once it is over', () => {
    const ends = attached()
    ends.client.end.lose(gone)
    ends.client.outbox.length = 0
    ends.client.end.lose(new ConnectError('ABORTED', 'again'))
    ends.client.send(...datagramsOf([1]))
    ends.client.end.end()
    ends.client.end.input(status(ControlType.PING))
    ends.client.end.attach(ends.client.newLine(), { received: 0, consumed: 0 })
    assert.equal(ends.client.outbox.length, 0)
    assert.equal(ends.client.error, 'CONNECTION_FAILED')
    assert.equal(ends.client.log.filter(word => word === 'over').length, 1)
  })

  const breaches: Record<string, (ends: JoinedEnds) => void> = {
    'an ACK beyond what was sent': ({ client }) =>
      client.end.input(status(ControlType.ACK, { received: 1, consumed: 1 })),
    'C beyond R': ({ client }) => {
      client.send(...datagramsOf([1]))
      client.end.input(status(ControlType.ACK, { received: 0, consumed: 1 }))
    },
    'C that goes back': ({ client }) => {
      client.send(...datagramsOf([1, 1]))
      client.end.input(status(ControlType.ACK, { received: 2, consumed: 2 }))
      client.end.input(status(ControlType.ACK, { received: 2, consumed: 1 }))
    },
    'a position that is not what was received': ({ client }) =>
      client.end.input(status(ControlType.PING, { position: 3 })),
    'an end that was consumed before it was sent': ({ client }) =>
      client.end.input(status(ControlType.ACK, { endConsumed: true })),
    'being done before both directions are': ({ client }) => {
      client.end.end()
      client.end.input(status(ControlType.ACK, { endConsumed: true, done: true }))
    },
    'data behind CLOSE': ({ client }) => {
      client.end.input(status(ControlType.CLOSE))
      client.end.input(framesOf(datagramsOf([1])))
    },
    'HELLO in the middle': ({ client }) =>
      client.end.input(
        encodeControl({
          type: ControlType.REJECT,
          code: 1,
          known: false,
          received: 0,
          consumed: 0,
        }),
      ),
    'more messages than the window': ({ client }) => {
      client.reads = false
      client.end.input(framesOf(datagramsOf(Array(101).fill(1))))
    },
    'more bytes than the window': ({ client }) => {
      client.reads = false
      client.end.input(framesOf(datagramsOf([60_000, 60_000])))
    },
  }
  for (const [what, breach] of Object.entries(breaches)) {
    it(`is lost at once by ${what}, and tells the peer`, () => {
      const ends = attached()
      breach(ends)
      assert.equal(ends.client.error, 'PROTOCOL_VIOLATION')
      const last = decodeControl(ends.client.outbox.at(-1)!) as Status
      assert.equal(last.type, ControlType.CLOSE)
      assert.equal(last.code, CloseCode.VIOLATION)
    })
  }

  it('is lost by an ACK of what only an earlier line has carried, though it was sent', () => {
    const ends = new JoinedEnds(WINDOW, { bytes: 10_000_000, messages: 100 })
    ends.attach()
    ends.client.send(...datagramsOf([300_000, 300_000, 300_000, 300_000, 300_000, 300_000]))
    ends.break()
    ends.client.slow = true
    ends.attach()
    // The line has not passed on 1 MiB yet, so the last two wait.
    ends.client.end.input(status(ControlType.ACK, { received: 5, consumed: 5 }))
    assert.equal(ends.client.error, 'PROTOCOL_VIOLATION')
    assert.equal(ends.client.confirmedBytes, 0)
  })

  it('is lost by counters at attachment that contradict its own', () => {
    for (const peer of [
      { received: 3, consumed: 0 },
      { received: 1, consumed: 2 },
      { received: 0, consumed: 0 },
    ]) {
      const ends = attached()
      ends.client.send(...datagramsOf([1, 2]))
      ends.deliver('server')
      ends.settle()
      ends.break()
      assert.equal(ends.client.end.isPossible(peer), false)
      ends.client.end.attach(ends.client.newLine(), peer)
      assert.equal(ends.client.error, 'PROTOCOL_VIOLATION')
    }
  })

  it('is lost when data that must be sent again was transferred away', () => {
    const ends = attached()
    const frame = datagramsOf([1000])[0]!.encode()
    ends.client.end.write([frame], frame.length, 1, 0)
    ends.break()
    structuredClone(frame.buffer, { transfer: [frame.buffer as ArrayBuffer] })
    ends.attach()
    assert.equal(ends.client.error, 'INVALID_ARGUMENT')
  })

  it('has at most 1 MiB on the line, and goes on when that is passed on', () => {
    const wide = { bytes: 10_000_000, messages: 1000 }
    const ends = new JoinedEnds(wide, wide)
    ends.attach()
    ends.client.slow = true
    ends.client.send(...datagramsOf(Array(30).fill(100_000)))
    assert(ends.client.inFlight < 1_200_000)
    while (ends.client.inFlight > 0) {
      ends.client.pass()
      ends.settle()
    }
    assertReceived(ends.server, Array(30).fill(100_000))
  })

  it('uses the window that it was given, not its own', () => {
    const ends = new JoinedEnds(WINDOW, { bytes: 50, messages: 1000 })
    ends.attach()
    ends.server.reads = false
    ends.client.send(...datagramsOf(Array(10).fill(10)))
    ends.settle()
    assert.equal(ends.server.received.length, 2)
  })
})
