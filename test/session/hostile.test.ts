import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ControlType, encodeControl } from '../../src/session/control-frame.ts'
import { RejectCode } from '../../src/session/handshake.ts'
import { assertRejected, hello, Peer, status, Visit } from './raw-client.ts'
import type { WireEnd } from './simulation/wire.ts'
import { drain } from './simulation/world.ts'
import { datagramsOf, framesOf } from './support.ts'

describe('a listener with sessions', () => {
  it('refuses a proof that is wrong, and the session goes on', async () => {
    const peer = new Peer()
    const { visit, welcome } = await peer.begin()
    const thief = await peer.dial()
    await thief.say(peer.resume(welcome, { proof: new Uint8Array(32).fill(1) }))
    assertRejected(thief, RejectCode.FORBIDDEN)
    assert.equal(visit.isOver, false)
    assert.equal(peer.connections[0]!.session!.state, 'attached')
  })

  it('refuses a HELLO that is replayed, and an epoch that goes back', async () => {
    const peer = new Peer()
    const { welcome } = await peer.begin()
    const again = peer.resume(welcome, { epoch: 5 })
    const second = await peer.dial()
    await second.say(again)
    assert.equal(second.frames[0]!.type, ControlType.WELCOME)
    for (const bytes of [again, peer.resume(welcome, { epoch: 4 })]) {
      const replay = await peer.dial()
      await replay.say(bytes)
      assertRejected(replay, RejectCode.FORBIDDEN)
    }
    assert.equal(second.isOver, false)
  })

  it('lets the later epoch have a session that is resumed from two places at once', async () => {
    const peer = new Peer()
    const { visit, welcome } = await peer.begin()
    const [one, other] = [await peer.dial(), await peer.dial()]
    const first = one.say(peer.resume(welcome, { epoch: 3 }))
    await other.say(peer.resume(welcome, { epoch: 2 }))
    await first
    assert.equal(visit.isOver, true)
    assert.equal(peer.connections.length, 1)
    assert.equal([one, other].filter(({ isOver }) => !isOver).length, 1)
    assert.equal(one.isOver, false)
  })

  it('ends a session at once whose HELLO has received more than was sent', async () => {
    const peer = new Peer()
    const { welcome } = await peer.begin()
    const visit = await peer.dial()
    await visit.say(peer.resume(welcome, { received: 5 }))
    assertRejected(visit, RejectCode.VIOLATION)
    assert.equal(peer.connections[0]!.session!.state, 'lost')
  })

  it('ends a session at once that confirms more than was sent', async () => {
    const peer = new Peer()
    const { visit } = await peer.begin()
    await visit.say(status({ received: 9, consumed: 9 }))
    assert.equal(peer.connections[0]!.session!.state, 'lost')
    assert.equal(visit.isOver, true)
  })

  it('refuses what is no HELLO, and data before WELCOME', async () => {
    for (const bytes of [
      framesOf(datagramsOf([5])),
      status(),
      encodeControl(hello({ revision: 2 })),
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    ]) {
      const visit = await new Peer().dial()
      await visit.say(bytes)
      assertRejected(visit, RejectCode.UNSUPPORTED)
    }
    const early = await new Peer().dial()
    await early.say(encodeControl(hello()), framesOf(datagramsOf([5])))
    assertRejected(early, RejectCode.VIOLATION)
  })

  it('refuses control frames of absurd size without waiting for them', async () => {
    const peer = new Peer()
    const absurd = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 2, 0, 1)
    const visit = await peer.dial()
    await visit.say(absurd)
    assertRejected(visit, RejectCode.UNSUPPORTED)
    const { visit: begun } = await peer.begin()
    await begun.say(absurd)
    assert.equal(peer.connections[0]!.session!.state, 'lost')
  })

  it('turns away who says nothing, or not all, in time', async () => {
    for (const bytes of [new Uint8Array(0), encodeControl(hello()).subarray(0, 99)]) {
      const peer = new Peer()
      const visit = await peer.dial()
      if (bytes.length > 0) await visit.say(bytes)
      assert.equal(visit.isOver, false)
      await peer.later(3500)
      assert.equal(visit.isOver, true)
    }
  })

  it('keeps within maxSessions whoever asks for 100,000, and never shows those to its user', async () => {
    const peer = new Peer({ maxSessions: 50, retentionMs: 1000, silenceTimeoutMs: 1_000_000 })
    const { visit } = await peer.begin()
    for (let i = 0; i < 100_000; i += 1000) {
      const wires = Promise.all(Array.from({ length: 1000 }, () => peer.world.dial(undefined)))
      await peer.later(10)
      for (const wire of await wires) new Visit(wire as WireEnd, peer).write(encodeControl(hello()))
      await peer.later(20)
      peer.world.wires.splice(1)
    }
    assert.equal(peer.connections.length, 1)
    assert.equal(peer.connections[0]!.session!.state, 'attached')
    assert.equal(visit.isOver, false)
  })

  it('tells a client that comes too late what was consumed, if its proof is right', async () => {
    const peer = new Peer({ retentionMs: 1000 })
    const { visit, welcome } = await peer.begin()
    await visit.say(framesOf(datagramsOf([5, 6, 7])))
    const { reader } = peer.connections[0]!
    for (let i = 0; i < 3; i++) await reader.receive()
    await drain()
    peer.world.breakAll(() => ({ lateMs: undefined, toldAfterMs: 0 }))
    await peer.later(1500)
    assert.equal(peer.connections[0]!.session!.state, 'lost')
    const late = await peer.dial()
    await late.say(peer.resume(welcome))
    assertRejected(late, RejectCode.LOST)
    assert.deepEqual(late.last, {
      type: ControlType.REJECT,
      code: RejectCode.LOST,
      known: true,
      received: 3,
      consumed: 2,
    })
    const thief = await peer.dial()
    await thief.say(peer.resume(welcome, { proof: new Uint8Array(32) }))
    assertRejected(thief, RejectCode.FORBIDDEN)
  })

  it('knows nothing of sessions before its time', async () => {
    const { welcome } = await new Peer().begin()
    const restarted = new Peer()
    const visit = await restarted.dial()
    await visit.say(restarted.resume(welcome))
    assertRejected(visit, RejectCode.UNKNOWN)
  })
})
