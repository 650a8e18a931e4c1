import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { StreamConnection } from '../../src/connection/connection.ts'
import { ConnectError } from '../../src/errors.ts'
import type { ConnectDatagram } from '../../src/frame/datagram.ts'
import { resolveConnectOptions } from '../../src/options.ts'
import { dataLength } from '../frame/support.ts'
import { datagram } from './support/datagrams.ts'
import { type Chance, chanceOf, PipeEnd } from './support/simulated-pipe.ts'
import { SimulatedPlatform } from './support/simulated-platform.ts'
import { settle, type Watched, watch } from './support/watch.ts'

const broken = new ConnectError('CONNECTION_RESET', 'the network failed')

/** One side: sends its list, then closes; reads until the end. */
interface Side {
  readonly connection: StreamConnection
  readonly end: PipeEnd
  readonly received: ConnectDatagram[]
  readonly done: Watched<void>
  readonly closed: Watched<void>
}

interface Plan {
  readonly lists: readonly (readonly number[])[]
  readonly seed: number
  readonly queueBytes: number
  readonly allowHalfOpen: boolean
}

const plan: fc.Arbitrary<Plan> = fc.record({
  lists: fc.tuple(fc.array(dataLength, { maxLength: 25 }), fc.array(dataLength, { maxLength: 25 })),
  seed: fc.nat(),
  queueBytes: fc.constantFrom(1, 1000, 100_000, 1_000_000),
  allowHalfOpen: fc.boolean(),
})

async function readAll(
  connection: StreamConnection,
  received: ConnectDatagram[],
  chance: Chance,
): Promise<void> {
  if (chance(2) === 0) {
    for await (const each of connection.reader) received.push(each)
  } else {
    for await (const batch of connection.reader.batches()) received.push(...batch)
  }
}

async function sendAll(
  connection: StreamConnection,
  list: readonly ConnectDatagram[],
  chance: Chance,
): Promise<void> {
  for (const each of list) {
    if (chance(5) === 0) void connection.writer.flush()
    // Sometimes as a program that does not wait.
    if (chance(3) === 0) void connection.writer.send(each)
    else await connection.writer.send(each)
  }
  await connection.close()
}

function start({ lists, seed, queueBytes, allowHalfOpen }: Plan): {
  platform: SimulatedPlatform
  sides: Side[]
  sent: ConnectDatagram[][]
  chance: Chance
} {
  const chance = chanceOf(seed)
  const platform = new SimulatedPlatform()
  const settings = resolveConnectOptions({
    sendQueueBytes: queueBytes,
    receiveQueueBytes: queueBytes,
    idleTimeoutMs: 1000,
    allowHalfOpen,
  })
  const sent = lists.map(list => list.map((length, i) => datagram(i, length)))
  const sides = PipeEnd.pair().map((end, i) => {
    const connection = new StreamConnection(end, settings, platform)
    const received: ConnectDatagram[] = []
    const read = readAll(connection, received, chance)
    const write = sendAll(connection, sent[i]!, chance)
    const done = watch(Promise.all([read, write]).then(() => {}))
    return { connection, end, received, done, closed: watch(connection.closed) }
  })
  return { platform, sides, sent, chance }
}

/** Lets the network or the loop move on by one event, if chance has it; returns whether anything did. */
async function move(sides: readonly Side[], platform: SimulatedPlatform, chance: Chance): Promise<boolean> {
  const sizes = [1, 3, 8, 100, 5000, 65_536, 1_000_000]
  const which = chance(3)
  let moved = false
  if (which < 2) moved = sides[which]!.end.deliver(sizes[chance(sizes.length)]!, broken)
  else if (platform.turns > 0) {
    platform.turn()
    moved = true
  }
  // As in a real loop, what awaits a promise goes on before the next event.
  await settle()
  return moved
}

function isPrefix(received: readonly ConnectDatagram[], sent: readonly ConnectDatagram[]): boolean {
  return received.every(
    ({ recipient, data }, i) => recipient === sent[i]?.recipient && Buffer.from(data).equals(sent[i].data),
  )
}

/** A stream that is cut there looks like one that was ended there. */
function endsBetweenFrames(delivered: number, sent: readonly ConnectDatagram[]): boolean {
  let at = 0
  for (let i = 0; at < delivered; i++) at += 8 + sent[i]!.byteLength
  return at === delivered
}

const finished = (sides: readonly Side[]): boolean =>
  sides.every(({ done, closed }) => done.state !== 'pending' && closed.state !== 'pending')

describe('two connections over a simulated network', () => {
  it('hand over everything in order, whatever the chunks and the turns', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async given => {
        const { platform, sides, sent, chance } = start(given)
        for (let still = 0; !finished(sides); ) {
          still = (await move(sides, platform, chance)) ? 0 : still + 1
          assert.ok(still < 100, 'nothing moves any more')
        }
        for (const [i, { received, done, closed }] of sides.entries()) {
          assert.equal(done.error, undefined)
          assert.equal(closed.state, 'fulfilled')
          assert.equal(received.length, sent[1 - i]!.length)
          assert.ok(isPrefix(received, sent[1 - i]!))
        }
        assert.equal(platform.timers, 0)
      }),
      { numRuns: 60 },
    )
  })

  it('hand over the beginning and then an error, when the network fails', async () => {
    const fault = fc.record({ after: fc.nat(60), truncates: fc.boolean(), at: fc.nat(300_000) })
    await fc.assert(
      fc.asyncProperty(plan, fault, async (given, { after, truncates, at }) => {
        const { platform, sides, sent, chance } = start(given)
        for (let i = 0; i < after && !finished(sides); i++) {
          await move(sides, platform, chance)
        }
        const whole = finished(sides)
        const [left] = sides as [Side, Side]
        if (truncates) left.end.truncate(at)
        else left.end.cut(broken)
        for (let i = 0; !finished(sides); i++) {
          await move(sides, platform, chance)
          // A side whose peer has ended too early waits until the idle timeout or the close timeout.
          if (i > 100) platform.advance(1000)
          assert.ok(i < 5000, 'never ends')
        }
        for (const [i, { received, done }] of sides.entries()) {
          assert.ok(isPrefix(received, sent[1 - i]!))
          const { delivered } = sides[1 - i]!.end
          if (!endsBetweenFrames(delivered, sent[1 - i]!)) assert.equal(done.state, 'rejected')
          if (done.state === 'fulfilled' && !truncates) assert.equal(received.length, sent[1 - i]!.length)
          if (whole) assert.equal(done.state, 'fulfilled')
          if (done.state === 'rejected') assert.ok(done.error instanceof ConnectError)
        }
        assert.equal(platform.timers, 0)
      }),
      { numRuns: 60 },
    )
  })
})
