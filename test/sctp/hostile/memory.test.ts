import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf, numbered } from '../../support/data.ts'
import { failOnLeaks } from '../../support/leaks.ts'
import { sctp } from '../../support/media.ts'
import { acceptOne, openListener } from '../../support/pairs.ts'
import { until } from '../../support/waiting.ts'
import { chunk, data, Flag, Type } from '../support/chunks.ts'
import { accepted, HAND_TSN } from '../support/hand-peer.ts'
import { MIB, usedBytes } from '../support/memory.ts'
import { Site } from '../support/site.ts'
import { UdpPeer } from '../support/udp-peer.ts'

failOnLeaks()

/** A whole user message, to be acknowledged at once. */
const AT_ONCE = Flag.WHOLE | Flag.IMMEDIATE
const padding = chunk(Type.PAD, 0, new Uint8Array(60_000))

/** Sends packets one by one, each when the one before was acknowledged, until the window is shut. */
async function fill(peer: UdpPeer, most: number, packet: () => Uint8Array): Promise<number> {
  let sent = 0
  for (; sent < most && (sent === 0 || peer.window > 0); sent++) {
    await peer.raw(packet())
    await until(() => peer.isAcknowledged || peer.window === 0, 'a SACK')
  }
  return sent
}

test('tiny chunks in huge packets, for a user who does not read, keep no packet alive', async t => {
  const listener = await openListener(t, sctp)
  const peer = await (await UdpPeer.open(t, listener.address)).connect()
  const connection = await acceptOne(t, listener)
  const before = await usedBytes()
  const frame = numbered(1, 1).encode()
  const sent = await fill(peer, 1000, () => peer.encode(peer.tag, peer.data(frame, AT_ONCE), padding))
  const grown = (await usedBytes()) - before
  assert.equal(sent, 1000)
  assert.ok(grown < 10 * MIB, `${(grown / MIB).toFixed(1)} MiB for ${sent * frame.length} bytes`)
  connection.abort()
})

test('tiny chunks in huge packets, of a frame that never ends, keep no packet alive', async t => {
  const listener = await openListener(t, sctp, { receiveQueueBytes: 1000 })
  const peer = await (await UdpPeer.open(t, listener.address)).connect()
  const connection = await acceptOne(t, listener)
  await peer.send(peer.data(numbered(1, 1000).encode()))
  await until(() => peer.isAcknowledged, 'a SACK')
  const before = await usedBytes()
  const sent = await fill(peer, 1000, () =>
    peer.encode(peer.tag, peer.data(Uint8Array.of(0), AT_ONCE), padding),
  )
  const grown = (await usedBytes()) - before
  assert.equal(sent, 1000)
  assert.ok(grown < 10 * MIB, `${(grown / MIB).toFixed(1)} MiB for ${sent} bytes`)
  connection.abort()
})

test('what waits for its turn keeps no packet alive, and is bounded by the window', async () => {
  const peer = accepted(new Site({ windowBytes: 100_000 }))
  const before = await usedBytes()
  for (let i = 1; i < 3000; i++) {
    peer.site.receive(peer.encode([data({ tsn: (HAND_TSN + 2 * i) >>> 0, data: bytesOf(1) }), padding]))
    peer.site.sent.length = 0
  }
  const grown = (await usedBytes()) - before
  assert.ok(grown < 2 * MIB, `${(grown / MIB).toFixed(1)} MiB`)
  assert.equal(peer.member.association.state, 'ESTABLISHED')
})
