import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { usedBytes } from '../support/memory.ts'
import { Peer, type Visit } from './raw-client.ts'
import { datagramsOf, framesOf } from './support.ts'

const [SESSIONS, DATAGRAMS] = [10, 4000]

/** What all datagrams of one byte count, all together. */
const COUNTED = SESSIONS * DATAGRAMS * (64 + 8 + 1)

/** Beside its datagrams, each session costs some KiB. */
const SLACK = 1.5

const one = framesOf(datagramsOf([1]))
const all = framesOf(datagramsOf(Array(DATAGRAMS).fill(1)))

/** How each session gets its datagrams of one byte. */
const WAYS: Readonly<Record<string, (peer: Peer, visit: Visit, index: number) => Promise<void>>> = {
  'received at once': (_, visit) => visit.say(all),
  async 'received one by one'(peer, visit) {
    for (let i = 0; i < DATAGRAMS; i++) {
      visit.write(one.slice())
      if (i % 100 === 0) await peer.later(20)
    }
    await peer.later(100_000)
  },
  async 'to be sent'(peer, _, index) {
    const { writer } = peer.connections[index]!
    for (const datagram of datagramsOf(Array(DATAGRAMS).fill(1))) await writer.send(datagram)
    await peer.later(10)
  },
  async 'to be sent one by one'(peer, _, index) {
    const { writer } = peer.connections[index]!
    for (const datagram of datagramsOf(Array(DATAGRAMS).fill(1))) {
      await writer.send(datagram)
      await peer.later(0)
    }
  },
}

describe('detached sessions', () => {
  for (const [way, fill] of Object.entries(WAYS)) {
    it(`keep no more memory than maxDetachedBytes counts for small datagrams ${way}`, async () => {
      const peer = new Peer({ maxDetachedBytes: COUNTED, silenceTimeoutMs: 100_000_000 })
      const visits: Visit[] = []
      for (let i = 0; i < SESSIONS; i++) visits.push((await peer.begin()).visit)
      const before = await usedBytes()
      for (const [i, visit] of visits.entries()) await fill(peer, visit, i)
      peer.world.breakAll(() => ({ lateMs: undefined, toldAfterMs: 0 }))
      await peer.later(10)
      peer.world.wires.length = 0
      visits.length = 0
      const grown = (await usedBytes()) - before
      for (const { session } of peer.connections) assert.equal(session!.state, 'detached')
      assert(grown <= COUNTED * SLACK, `${grown} bytes, counted as ${COUNTED}`)
      // All that the bound allows is there: one more is too much.
      void peer.connections[0]!.writer.send(datagramsOf([1])[0]!)
      await peer.later(10)
      assert.equal(peer.connections.filter(({ session }) => session!.state === 'lost').length, 1)
    })
  }
})
