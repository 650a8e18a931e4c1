import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertCleanEnd, receiveNumbered, sendNumbered } from '../support/data.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { sctp } from '../support/media.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'
import { until, within } from '../support/waiting.ts'
import { CHUNK, type ChunkName } from './support/chunks.ts'
import { closeBoth, exchange, ours } from './support/ours.ts'
import { peerClient, peerServer } from './support/peer.ts'
import { openRelay, type Relay } from './support/relay.ts'
import { describeWith } from './support/tools.ts'
import { decode, harmless, type Packet } from './support/tshark.ts'

const INDICATION = 0x63747301

/** Every packet is well formed, and among them are chunks of these types. */
function assertWellFormed(relay: Relay, ...types: ChunkName[]): Packet[] {
  const packets = decode(relay.datagrams)
  assert.equal(packets.length, relay.datagrams.length)
  packets.forEach((packet, i) => {
    const remarks = packet.remarks.filter(remark => !harmless.test(remark))
    assert.deepEqual(remarks, [], `packet ${i}, with chunks ${packet.chunks}`)
    assert(packet.checksum, `the checksum of packet ${i}`)
    assert(packet.chunks.length > 0, `chunks in packet ${i}`)
  })
  const seen = new Set(packets.flatMap(({ chunks }) => chunks))
  assert.deepEqual(
    types.filter(type => !seen.has(CHUNK[type])),
    [],
    'chunk types that did not come',
  )
  return packets
}

/** The Adaptation Layer Indications that one of the ends has sent. */
function indications(packets: readonly Packet[], fromServer: boolean): number[] {
  const own = packets.filter(packet => packet.fromServer === fromServer)
  return [...new Set(own.flatMap(packet => packet.adaptation ?? []))]
}

async function closed(relay: Relay): Promise<void> {
  await until(
    () => relay.datagrams.some(({ payload }) => payload[12] === CHUNK.SHUTDOWN_COMPLETE),
    'the last packet',
  )
}

const HANDSHAKE = ['INIT', 'INIT_ACK', 'COOKIE_ECHO', 'COOKIE_ACK'] as const
const TRAFFIC = ['DATA', 'SACK'] as const
const SHUTDOWN = ['SHUTDOWN', 'SHUTDOWN_ACK', 'SHUTDOWN_COMPLETE'] as const

describeWith(['tshark'], 'on the wire, as tshark reads it', () => {
  failOnLeaks()

  it('what is wrong is seen', () => {
    const init = Buffer.alloc(32)
    init[12] = CHUNK.INIT
    init.writeUInt16BE(200, 14)
    const [packet] = decode([{ fromServer: false, payload: init }])
    assert.equal(packet!.checksum, false)
    assert.match(packet!.remarks.join(), /Bad SCTP checksum.*Chunk length.*Malformed Packet/)
  })

  it('a connection from its beginning to its end is well formed', async t => {
    const pair = await ours(t, sctp)
    await exchange(pair, 20, 50_000)
    await closeBoth(pair)
    await closed(pair.relay)
    const packets = assertWellFormed(pair.relay, ...HANDSHAKE, ...TRAFFIC, ...SHUTDOWN)
    for (const fromServer of [true, false]) assert.deepEqual(indications(packets, fromServer), [INDICATION])
  })

  it('the search for the largest packet is well formed', async t => {
    const pair = await ours(t, sctp)
    await exchange(pair, 200, 50_000)
    await closeBoth(pair)
    await closed(pair.relay)
    const packets = assertWellFormed(pair.relay, 'HEARTBEAT', 'PAD', 'HEARTBEAT_ACK')
    assert(packets.some(({ chunks, bytes }) => chunks.includes(CHUNK.DATA) && bytes > 1300))
  })

  it('an abort is well formed', async t => {
    const pair = await ours(t, sctp)
    await exchange(pair, 3, 1000)
    pair.one.abort()
    await failure(pair.other.reader.receive(), 'CONNECTION_RESET')
    assertWellFormed(pair.relay, 'ABORT')
  })

  it('what makes up for losses is well formed', async t => {
    const pair = await ours(t, sctp, (_, index) => (index % 23 === 22 ? 'is lost' : 'passes'))
    await exchange(pair, 20, 50_000)
    await closeBoth(pair)
    const packets = assertWellFormed(pair.relay, ...HANDSHAKE, ...TRAFFIC)
    assert(packets.some(({ remarks }) => remarks.some(remark => remark.startsWith('Retransmitted'))))
  })

  describeWith(['cc', 'usrsctp'], 'with usrsctp', () => {
    it('as server', async t => {
      const { peer, address } = await peerServer(t, 'echo')
      const relay = await openRelay(t, address)
      const client = await openClient(t, sctp, relay.address)
      await Promise.all([sendNumbered(client.writer, 40, 50_000), receiveNumbered(client.reader, 40, 50_000)])
      await within(client.close(), 'close')
      assert.equal(await peer.ended(), 0)
      const packets = assertWellFormed(relay, ...HANDSHAKE, ...TRAFFIC, ...SHUTDOWN)
      assert.deepEqual(indications(packets, true), [])
      assert.deepEqual(indications(packets, false), [INDICATION])
    })

    it('as client', async t => {
      const listener = await openListener(t, sctp)
      const relay = await openRelay(t, listener.address)
      const peer = peerClient(t, 'source', relay.address, { count: 100, data: 20_000, end: 'shutdown' })
      const server = await acceptOne(t, listener)
      await receiveNumbered(server.reader, 100, 20_000)
      await assertCleanEnd(server.reader)
      await within(server.closed, 'closed')
      assert.equal(await peer.ended(), 0)
      const packets = assertWellFormed(relay, ...HANDSHAKE, ...TRAFFIC, ...SHUTDOWN)
      assert.deepEqual(indications(packets, true), [INDICATION])
    })

    it('as client that is aborted', async t => {
      const listener = await openListener(t, sctp)
      const relay = await openRelay(t, listener.address)
      const peer = peerClient(t, 'sink', relay.address)
      const server = await acceptOne(t, listener)
      await peer.line(/^up$/)
      await sendNumbered(server.writer, 3)
      server.abort()
      await peer.line(/^lost 12$/)
      const packets = assertWellFormed(relay, 'ABORT')
      assert.equal(packets.find(({ chunks }) => chunks.includes(CHUNK.ABORT))!.cause, 12)
    })
  })
})
