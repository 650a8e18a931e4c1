import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as v8 from 'node:v8'
import { AGAIN } from '../../src/errors.ts'
import { ConnectDatagram } from '../../src/frame/datagram.ts'
import { SessionLostError } from '../../src/session/session-lost-error.ts'
import { Peer, status } from './raw-client.ts'
import { drain } from './simulation/world.ts'
import { datagramsOf } from './support.ts'

/** Objects of this class that are alive; undefined where the runtime cannot tell. */
function countAlive(kind: new (...args: never[]) => object): number | undefined {
  const { queryObjects } = v8 as { queryObjects?: (kind: object, options: { format: 'count' }) => number }
  return queryObjects?.(kind, { format: 'count' })
}

/** The error of a session whose user has sent so many datagrams of one byte, of which its client has consumed some. */
async function lostWith(count: number, consumed: number): Promise<SessionLostError> {
  const peer = new Peer({ retentionMs: 1000 })
  const { visit } = await peer.begin()
  const { writer, closed } = peer.connections[0]!
  const failing = closed.catch(error => error)
  for (let i = 0; i < count; i++) writer.trySend(new ConnectDatagram(i & 0xffff, Uint8Array.of(i & 0xff)))
  await peer.later(100)
  await visit.say(status({ received: consumed, consumed }))
  peer.world.breakAll(() => ({ lateMs: undefined, toldAfterMs: 0 }))
  await peer.later(1500)
  const error = await failing
  assert(error instanceof SessionLostError, `${error}`)
  return error
}

/** The most sessions whose state was lost in one event of the simulated loop. */
async function mostLostAtOnce(peer: Peer, run: () => Promise<void>): Promise<number> {
  const countLost = (): number => peer.connections.filter(({ session }) => session!.state === 'lost').length
  let [before, most] = [countLost(), 0]
  peer.world.invariant = () => {
    const lost = countLost()
    most = Math.max(most, lost - before)
    before = lost
  }
  await run()
  assert.equal(countLost(), peer.connections.length)
  return most
}

async function manyDetached(count: number): Promise<Peer> {
  const peer = new Peer({ retentionMs: 1000 })
  for (let i = 0; i < count; i++) await peer.begin()
  peer.world.breakAll(() => ({ lateMs: undefined, toldAfterMs: 0 }))
  await peer.later(10)
  return peer
}

describe('giving up', () => {
  it('a session makes its unconfirmed datagrams when they are read, once for all errors that tell of it', async t => {
    const [count, consumed] = [30_000, 50]
    const error = await lostWith(count, consumed)
    const alive = countAlive(ConnectDatagram)
    if (alive === undefined) t.diagnostic('this runtime does not count objects')
    else assert(alive < 1000, `${alive} datagrams before anybody asks`)
    assert.match(error.message, new RegExp(`lost, ${count - consumed} datagrams are not confirmed`))
    const other = error[AGAIN](Error)
    const { unconfirmed } = error
    assert.equal(unconfirmed.length, count - consumed)
    for (const [i, { recipient, data }] of unconfirmed.entries()) {
      const n = consumed + i
      assert(recipient === (n & 0xffff) && data.length === 1 && data[0] === (n & 0xff), `datagram ${i}`)
    }
    assert.equal(error.unconfirmed, unconfirmed)
    assert.equal(other.unconfirmed, unconfirmed)
    assert.equal(other.exact, error.exact)
  })

  it('a session lets what was not confirmed be read long after its connection was let go of', async () => {
    const error = await lostWith(3, 1)
    for (let i = 0; i < 100; i++) await drain()
    assert.deepEqual(
      error.unconfirmed.map(({ data }) => data[0]),
      [1, 2],
    )
  })

  it('a session of one datagram says so in the singular', async () => {
    assert.match((await lostWith(1, 0)).message, /1 datagram is not confirmed/)
  })

  it('sessions whose time has run out takes one turn of the event loop for every few', async () => {
    const peer = await manyDetached(100)
    const most = await mostLostAtOnce(peer, () => peer.later(5000))
    assert(most > 0 && most <= 16, `${most} sessions in one turn`)
  })

  it('sessions whose listener is closed takes one turn of the event loop for every few', async () => {
    const peer = await manyDetached(100)
    const most = await mostLostAtOnce(peer, () => {
      peer.world.closeListener()
      return peer.later(1000)
    })
    assert(most > 0 && most <= 16, `${most} sessions in one turn`)
  })

  it('a session is exact where its peer has said how far it had come, or nothing is left', async () => {
    assert.equal((await lostWith(3, 1)).exact, false)
    assert.equal((await lostWith(3, 3)).exact, true)
    const peer = new Peer()
    const { visit } = await peer.begin()
    const [connection] = peer.connections
    const failing = connection!.closed.catch(error => error)
    for (const datagram of datagramsOf([5, 6, 7])) await connection!.writer.send(datagram)
    await visit.say(status({ type: 7, code: 4, received: 3, consumed: 2 }))
    const error = await failing
    assert(error instanceof SessionLostError)
    assert.equal(error.exact, true)
    assert.deepEqual(
      error.unconfirmed.map(({ byteLength }) => byteLength),
      [7],
    )
  })
})
