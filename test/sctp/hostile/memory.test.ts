import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bytesOf, numbered } from '../../support/data.ts'
import { failOnLeaks } from '../../support/leaks.ts'
import { sctp } from '../../support/media.ts'
import { MIB, usedBytes } from '../../support/memory.ts'
import { acceptOne, openListener } from '../../support/pairs.ts'
import { until } from '../../support/waiting.ts'
import { chunk, data, Flag, readSack, sack, Type } from '../support/chunks.ts'
import { accepted, HAND_TSN, type HandPeer } from '../support/hand-peer.ts'
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

/** What a site holds of chunks that came before their turn, each between two gaps or all behind one. */
async function heldOf(dataBytes: number, step: number): Promise<{ grown: number; peer: HandPeer }> {
  const peer = accepted(new Site({ windowBytes: MIB }))
  const before = await usedBytes()
  for (let i = 1; i < 9000; i++) {
    const early = data({ tsn: (HAND_TSN + step * i) >>> 0, data: new Uint8Array(dataBytes) })
    peer.site.receive(peer.encode([early]))
    peer.site.sent.length = 0
  }
  return { grown: (await usedBytes()) - before, peer }
}

for (const dataBytes of [1, 60, 70, 300, 1172]) {
  test(`chunks of ${dataBytes} bytes that wait for their turn cost no more than the window is charged with`, async () => {
    const { grown, peer } = await heldOf(dataBytes, 1)
    assert.ok(grown < 1.6 * MIB, `${(grown / MIB).toFixed(1)} MiB`)
    const [answer] = peer.send(data({ tsn: (HAND_TSN + 1) >>> 0 }))
    assert.equal(readSack(answer!).window, 0)
    const again = await heldOf(dataBytes, 2)
    assert.ok(again.grown < 1.6 * MIB, `${(again.grown / MIB).toFixed(1)} MiB`)
  })
}

test('a whole window of chunks of the usual size is held behind a gap, and none is dropped', () => {
  const peer = accepted(new Site({ windowBytes: MIB }))
  const count = Math.floor(MIB / 1172)
  for (let i = 1; i < count; i++)
    peer.site.receive(peer.encode([data({ tsn: (HAND_TSN + i) >>> 0, flags: 0, data: bytesOf(1172) })]))
  peer.site.sent.length = 0
  peer.send(data({ tsn: HAND_TSN, flags: Flag.BEGIN, data: bytesOf(1172) }))
  assert.equal(peer.member.data.length, count * 1172)
})

test('1 MiB of tiny datagrams costs a sender less than 4 MiB, and nothing once they are acknowledged', async t => {
  const listener = await openListener(t, sctp)
  const peer = await (await UdpPeer.open(t, listener.address)).connect()
  const connection = await acceptOne(t, listener)
  const one = numbered(1, 1)
  const send = async (byteLength: number): Promise<void> => {
    for (let i = 0; i < Math.floor(byteLength / one.encode().length); i++) {
      assert.equal(connection.writer.trySend(one), true)
      await new Promise(setImmediate)
    }
  }
  await send(MIB / 8)
  await peer.acknowledgeUntil(connection.writer.flush())
  const before = await usedBytes()
  await send(MIB)
  const waiting = (await usedBytes()) - before
  assert.ok(waiting < 4 * MIB, `${(waiting / MIB).toFixed(1)} MiB`)
  await peer.acknowledgeUntil(connection.writer.flush())
  const left = (await usedBytes()) - before
  assert.ok(left < MIB / 2, `${(left / MIB).toFixed(1)} MiB are left`)
  connection.abort()
})

test('tiny messages make no more than 4,096 chunks in flight, whatever the windows are', async () => {
  const peer = accepted(new Site(), { window: 100_000_000 })
  const { association } = peer.member
  let cumulative = (peer.siteTsn - 1) >>> 0
  const send = (bytes: Uint8Array): number => {
    association.send([bytes])
    peer.member.onTouched()
    peer.site.flush()
    return peer.chunks().length
  }
  const acknowledge = (count: number): number => {
    cumulative = (cumulative + count) >>> 0
    return peer.send(sack({ tsn: cumulative, window: 100_000_000 })).length
  }
  for (let sent = send(bytesOf(20_000_000)); sent > 0; ) sent = acknowledge(sent)
  const before = await usedBytes()
  let chunks = 0
  for (let i = 0; i < MIB / 9; i++) chunks += send(bytesOf(9))
  assert.equal(chunks, 4096)
  const waiting = (await usedBytes()) - before
  assert.ok(waiting < 4 * MIB, `${(waiting / MIB).toFixed(1)} MiB`)
  for (let sent = chunks; sent > 0; ) sent = acknowledge(sent)
  assert.equal(association.figures.flightBytes, 0)
  const left = (await usedBytes()) - before
  assert.ok(left < MIB / 2, `${(left / MIB).toFixed(1)} MiB are left`)
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
