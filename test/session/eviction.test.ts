import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectDatagram } from '../../src/frame/datagram.ts'
import { resolveListenOptions } from '../../src/options.ts'
import { ControlType, encodeControl } from '../../src/session/control-frame.ts'
import { DetachedSessions } from '../../src/session/detached-sessions.ts'
import { RejectCode } from '../../src/session/handshake.ts'
import { assertRejected, hello, Peer, status, type Visit } from './raw-client.ts'
import { datagramsOf, framesOf } from './support.ts'

/** What a datagram costs beside its data. */
const COST = 64 + 8

const statesOf = ({ connections }: Peer): string[] => connections.map(({ session }) => session!.state)

/** Sends so many datagrams of one byte. */
async function say(visit: Visit, count: number): Promise<void> {
  await visit.say(framesOf(datagramsOf(Array(count).fill(1))))
}

async function send(peer: Peer, index: number, ...sizes: number[]): Promise<void> {
  for (const datagram of datagramsOf(sizes)) await peer.connections[index]!.writer.send(datagram)
  await peer.later(10)
}

/** All connections break. */
async function breakAll(peer: Peer): Promise<void> {
  peer.world.breakAll(() => ({ lateMs: undefined, toldAfterMs: 0 }))
  await peer.later(10)
}

/** So many sessions, of a client at each address, of which each has received a datagram, or none. */
async function beginAt(peer: Peer, addresses: readonly string[], used = true): Promise<void> {
  for (const address of addresses) {
    peer.world.clientAddress = address
    const { visit } = await peer.begin()
    if (used) await say(visit, 1)
  }
}

/** A client at this address asks for a session. */
async function newcomer(peer: Peer, address = 'wire://newcomer'): Promise<Visit> {
  peer.world.clientAddress = address
  const visit = await peer.dial()
  await visit.say(encodeControl(hello()))
  return visit
}

describe('what detached sessions keep', () => {
  it('is counted at 64 bytes for each datagram beside its frame, received or sent', async () => {
    for (const [count, state] of [
      [100, 'detached'],
      [101, 'lost'],
    ] as const) {
      const receiving = new Peer({ maxDetachedBytes: 100 * (COST + 1) })
      await say((await receiving.begin()).visit, count)
      await breakAll(receiving)
      assert.deepEqual(statesOf(receiving), [state])
      const sending = new Peer({ maxDetachedBytes: 100 * (COST + 1) })
      await sending.begin()
      await breakAll(sending)
      await send(sending, 0, ...Array<number>(count).fill(1))
      assert.deepEqual(statesOf(sending), [state])
    }
  })

  it('is less by what the application has read since the break', async () => {
    const peer = new Peer({ maxDetachedBytes: 2500 })
    for (let i = 0; i < 2; i++) {
      const { visit } = await peer.begin()
      for (const size of [300, 300, 300]) await visit.say(framesOf(datagramsOf([size])))
    }
    await breakAll(peer)
    const { reader } = peer.connections[0]!
    for (let i = 0; i < 3; i++) assert.equal((await reader.receive())!.byteLength, 300)
    await send(peer, 0, 900)
    assert.deepEqual(statesOf(peer), ['detached', 'detached'])
    await send(peer, 0, 900)
    assert.deepEqual(statesOf(peer), ['lost', 'detached'])
  })

  it('is less by a batch that the application has taken since the break', async () => {
    const peer = new Peer({ maxDetachedBytes: 2500 })
    const { visit } = await peer.begin()
    await visit.say(framesOf(datagramsOf([900, 900])))
    await breakAll(peer)
    const [first] = (await peer.connections[0]!.reader.batches()[Symbol.asyncIterator]().next()).value!
    assert(first instanceof ConnectDatagram)
    await send(peer, 0, 900, 900)
    assert.deepEqual(statesOf(peer), ['detached'])
  })

  it('is counted behind close(), too, where it counts as consumed and nobody has read it', async () => {
    const peer = new Peer({ maxDetachedBytes: 2000 })
    const { visit } = await peer.begin()
    peer.connections[0]!.close().catch(() => {})
    await visit.say(framesOf(datagramsOf([900, 900, 900])))
    await breakAll(peer)
    assert.deepEqual(statesOf(peer), ['lost'])
  })

  it('beyond maxDetachedBytes costs the one that keeps most, and never one that keeps next to nothing', async () => {
    const peer = new Peer({ maxDetachedBytes: 3000 })
    for (let i = 0; i < 6; i++) await peer.begin()
    await breakAll(peer)
    for (let i = 0; i < 6; i++) await send(peer, i, 1)
    await send(peer, 3, 900)
    await send(peer, 5, 900)
    assert(statesOf(peer).every(state => state === 'detached'))
    await send(peer, 3, 900)
    assert.deepEqual(statesOf(peer), ['detached', 'detached', 'detached', 'lost', 'detached', 'detached'])
    await send(peer, 2, 900)
    await send(peer, 4, 500)
    await send(peer, 4, 500)
    assert.deepEqual(statesOf(peer), ['detached', 'detached', 'detached', 'lost', 'lost', 'detached'])
  })

  it('is looked at of one session at a time, however many there are', () => {
    let looks = 0
    class Fake {
      readonly network: string
      kept = 0
      readonly stream = {
        isShown: true,
        isUsed: true,
        kept: 0,
        get keptCost(): number {
          looks++
          return this.kept
        },
      }
      constructor(network: string) {
        this.network = network
      }
    }
    const detached = new DetachedSessions<Fake>()
    const all = Array.from({ length: 10_000 }, (_, i) => new Fake(`${i % 100}`))
    for (const [i, session] of all.entries()) detached.add(session, i)
    assert.equal(looks, 10_000)
    for (const [i, session] of all.entries()) {
      session.stream.kept = (i * 7919) % 10_007
      detached.reweigh(session)
    }
    assert.equal(looks, 20_000)
    for (let last = Number.POSITIVE_INFINITY; detached.heaviest !== undefined; ) {
      const { heaviest } = detached
      assert(heaviest.stream.kept <= last)
      last = heaviest.stream.kept
      detached.remove(heaviest)
    }
    assert.deepEqual([detached.size, detached.keptBytes], [0, 0])
  })
})

describe('a table of sessions', () => {
  it('is filled by detached sessions to a half at most, unless it is told otherwise', () => {
    const boundsOf = (session: { maxSessions?: number; maxDetachedSessions?: number } | true): number[] => {
      const { maxSessions, maxDetachedSessions } = resolveListenOptions({ session }).session!
      return [maxSessions, maxDetachedSessions]
    }
    assert.deepEqual(boundsOf(true), [20_000, 10_000])
    assert.deepEqual(boundsOf({ maxSessions: 101 }), [101, 50])
    assert.deepEqual(boundsOf({ maxSessions: 1 }), [1, 1])
    assert.deepEqual(boundsOf({ maxSessions: 100, maxDetachedSessions: 90 }), [100, 90])
  })

  it('takes new sessions when all that there were are detached', async () => {
    const peer = new Peer({ maxSessions: 10 })
    await beginAt(peer, Array(10).fill('wire://a:1'))
    await breakAll(peer)
    assert.equal(statesOf(peer).filter(state => state === 'detached').length, 5)
    await beginAt(peer, Array(5).fill('wire://b:1'))
    assert.equal(statesOf(peer).filter(state => state === 'attached').length, 5)
  })

  it('loses the session that was detached first beyond maxDetachedSessions', async () => {
    const peer = new Peer({ maxDetachedSessions: 2 })
    await beginAt(peer, ['wire://a:1', 'wire://b:1', 'wire://c:1'])
    await breakAll(peer)
    assert.deepEqual(statesOf(peer), ['lost', 'detached', 'detached'])
  })

  it('loses sessions that were never shown before those that were, beyond maxDetachedSessions', async () => {
    const peer = new Peer({ maxDetachedSessions: 3 })
    await peer.begin()
    for (let i = 0; i < 10; i++) {
      const visit = await peer.dial()
      await visit.say(encodeControl(hello()))
      await breakAll(peer)
      assert.deepEqual(statesOf(peer), ['detached'])
    }
  })

  it('loses sessions that were never used before those that were, beyond maxDetachedSessions', async () => {
    const peer = new Peer({ maxDetachedSessions: 3 })
    await beginAt(peer, ['wire://a:1', 'wire://a:1'])
    await beginAt(peer, Array(5).fill('wire://b:1'), false)
    await breakAll(peer)
    assert.deepEqual(statesOf(peer).slice(0, 3), ['detached', 'detached', 'lost'])
    assert.equal(statesOf(peer).filter(state => state === 'detached').length, 3)
  })

  it('counts a session as used whose datagram was consumed, too', async () => {
    const peer = new Peer({ maxDetachedSessions: 1 })
    const { visit } = await peer.begin()
    await send(peer, 0, 5)
    await visit.say(status({ received: 1, consumed: 1 }))
    await beginAt(peer, ['wire://b:1'], false)
    await breakAll(peer)
    assert.deepEqual(statesOf(peer), ['detached', 'lost'])
  })

  it('loses those of the network that has most of them, beyond maxDetachedSessions', async () => {
    const peer = new Peer({ maxDetachedSessions: 4 })
    const crowded = [
      'wire://[2001:db8:1:1::1]:1',
      'wire://[2001:db8:1:1::2]:1',
      'wire://[2001:db8:1:1:f::]:9',
    ]
    await beginAt(peer, ['wire://192.0.2.1:1', 'wire://192.0.2.1:2', ...crowded, 'wire://192.0.2.3:1'])
    await breakAll(peer)
    // One of the three, and then one of the two networks that have two each.
    assert.deepEqual(statesOf(peer), ['lost', 'detached', 'lost', 'detached', 'detached', 'detached'])
  })

  it('refuses further sessions when all that there may be are in use', async () => {
    const peer = new Peer({ maxSessions: 2 })
    await beginAt(peer, ['wire://a:1', 'wire://a:1'])
    assertRejected(await newcomer(peer), RejectCode.FULL)
    assert.deepEqual(statesOf(peer), ['attached', 'attached'])
  })

  it('that is full does without one whose client was not heard again, of the network that has most', async () => {
    const peer = new Peer({ maxSessions: 4 })
    await beginAt(peer, ['wire://a:1'], false)
    const visits: Visit[] = []
    for (const address of ['wire://b:1', 'wire://c:1', 'wire://c:2'])
      visits.push(await newcomer(peer, address))
    assert.equal((await newcomer(peer)).frames[0]!.type, ControlType.WELCOME)
    assert.deepEqual(
      visits.map(({ isOver }) => isOver),
      [false, true, false],
    )
    assert.deepEqual(statesOf(peer), ['attached'])
  })

  it('that is full does without a detached one that was never used, and then without one of a larger crowd', async () => {
    const peer = new Peer({ maxSessions: 4, maxDetachedSessions: 4 })
    await beginAt(peer, ['wire://a:1', 'wire://b:1', 'wire://b:2'])
    await beginAt(peer, ['wire://c:1'], false)
    await breakAll(peer)
    await beginAt(peer, ['wire://d:1'])
    assert.deepEqual(statesOf(peer), ['detached', 'detached', 'detached', 'lost', 'attached'])
    await beginAt(peer, ['wire://e:1'])
    assert.deepEqual(statesOf(peer), ['detached', 'lost', 'detached', 'lost', 'attached', 'attached'])
    // Nobody has more than a share now.
    for (const address of ['wire://e:2', 'wire://f:1']) {
      assertRejected(await newcomer(peer, address), RejectCode.FULL)
    }
  })
})
