import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectError, ConnectErrorCode } from '../../src/errors.ts'
import { isIntact } from '../../src/transport/sctp/wire/packet.ts'
import { PacketWriter } from '../../src/transport/sctp/wire/packet-writer.ts'
import { Chance } from './simulation/chance.ts'
import { FlowWatch, type Watched } from './simulation/flow-watch.ts'
import { Link, type LinkPlan, PERFECT_LINK } from './simulation/link.ts'
import { withoutAdaptation } from './simulation/packet-view.ts'
import { QUIET_PLAN, withHost, withLink } from './simulation/plan.ts'
import { PLAIN_STAGE, play } from './simulation/play.ts'
import { Run } from './simulation/run.ts'
import { StreamBytes } from './simulation/stream-bytes.ts'
import { User } from './simulation/user.ts'
import { Violation } from './simulation/violation.ts'
import { VirtualClock } from './simulation/virtual-clock.ts'

const TAG = 7

function packet(tag: number, write: (writer: PacketWriter) => void): Uint8Array {
  const writer = new PacketWriter(byteLength => new Uint8Array(byteLength))
  writer.begin(5000, 5000, tag, 1200)
  write(writer)
  return writer.finish().slice()
}

function dataOf(tsns: readonly number[], byteLength: number): Uint8Array {
  return packet(TAG, writer => {
    for (const tsn of tsns) {
      writer.beginChunk(0, 3)
      writer.u32(tsn)
      writer.u32(0)
      writer.u32(0)
      writer.zeros(byteLength)
      writer.endChunk()
    }
  })
}

function sackOf(tsn: number, window: number): Uint8Array {
  return packet(TAG, writer => {
    writer.beginChunk(3, 0)
    writer.u32(tsn)
    writer.u32(window)
    writer.u32(0)
    writer.endChunk()
  })
}

describe('the virtual clock', () => {
  it('keeps appointments in the order of their times, and of their making', () => {
    const clock = new VirtualClock()
    const kept: string[] = []
    const chance = new Chance(1)
    const times = Array.from({ length: 500 }, () => chance.between(0, 50))
    times.forEach((at, i) => {
      clock.at(at, () => kept.push(`${clock.now} ${i}`))
    })
    clock.cancel(clock.at(3, () => kept.push('cancelled')))
    for (let i = 0; i < times.length; i++) assert.ok(clock.step())
    assert.equal(clock.step(), false)
    const expected = times.map((at, i) => ({ at, i })).sort((a, b) => a.at - b.at || a.i - b.i)
    assert.deepEqual(
      kept,
      expected.map(({ at, i }) => `${at} ${i}`),
    )
  })
})

describe('the link', () => {
  function carried(plan: Partial<LinkPlan>, count: number, byteLength = 100): { isFlipped: boolean }[] {
    const clock = new VirtualClock()
    const link = new Link({ ...PERFECT_LINK, ...plan }, clock, new Chance(1))
    const arrived: { isFlipped: boolean }[] = []
    const sent = dataOf([1], byteLength - 28)
    for (let i = 0; i < count; i++) {
      link.carry(sent, (got, isFlipped) => {
        assert.equal(isIntact(got), !isFlipped)
        arrived.push({ isFlipped })
      })
    }
    while (clock.step()) {}
    return arrived
  }

  it('loses, doubles and changes as many as it is told to', () => {
    assert.equal(carried({}, 1000).length, 1000)
    const left = carried({ loss: 0.2 }, 1000).length
    assert.ok(left > 700 && left < 900)
    assert.equal(carried({ duplication: 1 }, 100).length, 200)
    const flipped = carried({ flips: 0.5 }, 1000).filter(({ isFlipped }) => isFlipped).length
    assert.ok(flipped > 400 && flipped < 600)
  })

  it('loses what is too large, and everything while it is away', () => {
    const mtus = [{ from: 0, bytes: 200 }]
    assert.equal(carried({ mtus }, 10, 200).length, 10)
    assert.equal(carried({ mtus }, 10, 204).length, 0)
    assert.equal(carried({ outages: [{ from: 0, to: 1 }] }, 10).length, 0)
    assert.equal(carried({ outages: [{ from: 1, to: 2 }] }, 10).length, 10)
  })
})

describe('a peer without the adaptation layer', () => {
  const initWith = (parameters: (writer: PacketWriter) => void): Uint8Array =>
    packet(0, writer => {
      writer.beginChunk(1, 0)
      for (const field of [TAG, 1500, 0x10001, 9]) writer.u32(field)
      parameters(writer)
      writer.endChunk()
    })

  it('sends INIT with all but that parameter', () => {
    const cookie = (writer: PacketWriter): void => writer.parameter(7, Uint8Array.of(1, 2, 3))
    const stripped = withoutAdaptation(
      initWith(writer => {
        writer.parameter(0xc006, new Uint8Array(4))
        cookie(writer)
      }),
    )
    // The parameter that is last is padded in the chunk's length here, which a reader need not see.
    assert.deepEqual(stripped.slice(32), initWith(cookie).slice(32))
    assert.ok(isIntact(stripped))
  })

  it('sends everything else as it is', () => {
    const data = dataOf([1], 10)
    assert.equal(withoutAdaptation(data), data)
  })
})

describe('what a user is told', () => {
  const plan = QUIET_PLAN.client.user
  function pair(): { user: User; bytes: Uint8Array } {
    const [user, partner] = [new User('one', plan, new Chance(1)), new User('other', plan, new Chance(2))]
    user.partner = partner
    partner.partner = user
    partner.written = 1000
    return { user, bytes: new StreamBytes(new Chance(2).bits()).at(0, 1000) }
  }
  const other = (bytes: Uint8Array): Uint8Array => bytes.map((byte, i) => (i === 500 ? byte ^ 1 : byte))

  /** Each breaks a rule with its last call, and only with that. */
  const breaches: Record<
    string,
    [(user: User, bytes: Uint8Array) => void, (user: User, bytes: Uint8Array) => void]
  > = {
    'up twice': [user => user.onUp(), user => user.onUp()],
    'data before the start': [() => {}, (user, bytes) => user.onData(bytes)],
    'other data': [user => user.onUp(), (user, bytes) => user.onData(other(bytes))],
    'the same data again': [
      (user, bytes) => {
        user.onUp()
        user.onData(bytes.subarray(0, 400))
      },
      (user, bytes) => user.onData(bytes.subarray(0, 400)),
    ],
    'more data than was sent': [
      (user, bytes) => {
        user.onUp()
        user.onData(bytes)
      },
      (user, bytes) => user.onData(bytes.subarray(0, 1)),
    ],
    'an end before the data': [
      user => {
        user.onUp()
        user.partner!.hasEnded = true
      },
      user => user.onEnd(),
    ],
    'an end that nobody wants': [
      (user, bytes) => {
        user.onUp()
        user.onData(bytes)
      },
      user => user.onEnd(),
    ],
    'more acknowledged than received': [
      user => {
        user.written = 10
        user.partner!.received = 9
        user.onAcknowledged(9)
      },
      user => user.onAcknowledged(1),
    ],
    'finished without an end': [() => {}, user => user.onFinish()],
    'finished before the peer has everything': [
      user => {
        user.hasEnded = true
        user.written = 1
      },
      user => user.onFinish(),
    ],
    'closed well before the end': [user => user.onUp(), user => user.onClosed()],
    'called when it is closed': [
      user => user.onClosed(new ConnectError(ConnectErrorCode.CONNECTION_RESET, 'gone')),
      user => user.onUp(),
    ],
    'fed by a packet that was changed': [
      user => {
        user.isFed = () => true
      },
      user => user.onUp(),
    ],
  }

  for (const [what, [before, breach]] of Object.entries(breaches)) {
    it(`may not be: ${what}`, () => {
      const { user, bytes } = pair()
      before(user, bytes)
      assert.throws(() => breach(user, bytes), Violation)
    })
  }
})

/** An association that sends what it is told to. */
class Obedient implements Watched {
  readonly localTag = TAG
  readonly localInitialTsn = 1
  readonly figures = { congestionWindow: 3000, flightBytes: 0, flightWireBytes: 0, packetBytes: 1200 }
  #next: Uint8Array | undefined
  #bytes = 0

  /** Has a packet watched that brings so many bytes more into flight. */
  send(watch: FlowWatch, tsns: readonly number[], byteLength: number): void {
    this.#next = dataOf(tsns, byteLength)
    this.#bytes = byteLength * tsns.length
    watch.output(0)
  }

  output(): Uint8Array | undefined {
    this.figures.flightBytes += this.#bytes
    this.figures.flightWireBytes += this.#bytes
    return this.#next
  }
}

describe('the watch over the windows', () => {
  function begin(peerWindow: number): { one: Obedient; watch: FlowWatch } {
    const one = new Obedient()
    return { one, watch: new FlowWatch('one', one, peerWindow) }
  }

  it('lets pass what has room', () => {
    const { one, watch } = begin(2000)
    one.send(watch, [1, 2], 1000)
  })

  it('sees more than the peer has room for', () => {
    const { one, watch } = begin(1500)
    one.send(watch, [1], 1000)
    assert.throws(() => one.send(watch, [2], 501), Violation)
  })

  it('goes by the window that the peer tells last', () => {
    const { one, watch } = begin(1500)
    one.send(watch, [1], 1000)
    watch.onInput(sackOf(0, 2000))
    one.send(watch, [2], 501)
    watch.onInput(sackOf(-1, 9999))
    assert.throws(() => one.send(watch, [3], 1000), Violation)
  })

  it('lets one chunk ask for room, and no second', () => {
    const { one, watch } = begin(1500)
    watch.onInput(sackOf(0, 0))
    one.send(watch, [1], 1000)
    assert.throws(() => one.send(watch, [2], 1), Violation)
  })

  it('sees new data into a full congestion window', () => {
    const { one, watch } = begin(100_000)
    one.send(watch, [1, 2, 3], 1000)
    assert.throws(() => one.send(watch, [4], 1), Violation)
  })

  it('sees a packet that goes far beyond the congestion window', () => {
    const { one, watch } = begin(100_000)
    assert.throws(() => one.send(watch, [1, 2, 3, 4, 5], 1000), Violation)
  })

  it('lets one packet be sent again into a full congestion window for each SACK', () => {
    const { one, watch } = begin(100_000)
    one.send(watch, [1, 2, 3], 1000)
    watch.onInput(sackOf(0, 100_000))
    one.send(watch, [1], 1000)
    assert.equal(watch.sentAgain, 1)
    assert.throws(() => one.send(watch, [2], 1000), Violation)
  })

  it('sees bytes in flight that are all acknowledged', () => {
    const { one, watch } = begin(100_000)
    one.send(watch, [1], 1000)
    watch.onInput(sackOf(1, 100_000))
    assert.throws(() => watch.output(0), Violation)
  })
})

describe('a run', () => {
  it('is the same each time for the same seed', () => {
    const lines = (seed: number): string[] => {
      const all: string[] = []
      play('everything at once', seed, line => all.push(line))
      return all
    }
    assert.deepEqual(lines(3), lines(3))
    assert.notDeepEqual(lines(3), lines(4))
  })

  it('tells how to play it again when it fails', () => {
    const scenarios = { 'no time': () => ({ ...QUIET_PLAN, mostMs: 1 }) }
    assert.throws(
      () => play('no time', 5, undefined, { ...PLAIN_STAGE, scenarios }),
      /still wait.*\n.*--scenario 'no time' --start 5 --seeds 1/,
    )
  })

  it('fails where an end must be good and is not', () => {
    const away = withLink(QUIET_PLAN, () => ({ outages: [{ from: 50, to: Number.POSITIVE_INFINITY }] }))
    assert.throws(() => new Run(away, 1).play(), /failed: the peer is unreachable/)
    new Run({ ...away, mustEndWell: 'none' }, 1).play()
  })

  it('fails where a chunk is sent again that need not be', () => {
    const late = withHost({ ...QUIET_PLAN, isPerfect: true }, () => ({ turnMs: 20_000 }))
    assert.throws(() => new Run(late, 1).play(), /sent again without a need/)
  })
})
