import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConnectError, connect, type Listener } from '../../../src/index.ts'
import { bytesOf, numbered, random, receiveNumbered, sendNumbered } from '../../support/data.ts'
import { connectError, failure } from '../../support/errors.ts'
import { failOnLeaks } from '../../support/leaks.ts'
import { sctp } from '../../support/media.ts'
import { MIB, usedBytes } from '../../support/memory.ts'
import { acceptOne, openClient, openListener, openPair } from '../../support/pairs.ts'
import { sleep, until, within } from '../../support/waiting.ts'
import { abort, chunk, data, Flag, init, sack, shutdown, Type } from '../support/chunks.ts'
import { UdpPeer } from '../support/udp-peer.ts'

failOnLeaks()

/** Echoes whatever anybody sends, until the listener is closed. */
async function serve(listener: Listener): Promise<void> {
  for await (const connection of listener) {
    void (async () => {
      for await (const datagram of connection.reader) await connection.writer.send(datagram)
    })().catch((error: unknown) => connectError(error))
  }
}

/** Sends and receives until told to stop; returns how many came back. */
async function echoUntil(
  connection: Awaited<ReturnType<typeof connect>>,
  stopped: () => boolean,
): Promise<number> {
  let count = 0
  for (; count < 20 || !stopped(); count++) {
    await sendNumbered(connection.writer, 1, 2000, count)
    await receiveNumbered(connection.reader, 1, 2000, count)
  }
  return count
}

/** What a stranger can send: garbage, and packets that would do harm if they were believed. */
function attack(peer: UdpPeer, i: number, chance: () => number): Promise<void> {
  const tag = Math.floor(chance() * 2 ** 32)
  const spoofed = [
    abort(),
    abort([], Flag.T),
    shutdown(5),
    chunk(Type.SHUTDOWN_ACK),
    chunk(Type.SHUTDOWN_COMPLETE, Flag.T),
    chunk(Type.COOKIE_ECHO, 0, bytesOf(77, i)),
    data({ tsn: 5, data: bytesOf(100) }),
    sack({ tsn: 5 }),
  ]
  if (i % 3 === 0) return peer.raw(bytesOf(Math.floor(chance() * 3000), i))
  if (i % 3 === 1) return peer.sendWith(0, init({ tag: tag || 1 }))
  return peer.sendWith(tag, spoofed[i % spoofed.length]!)
}

test('garbage, INITs and spoofed packets at a live listener harm no connection, old or new', async t => {
  const listener = await openListener(t, sctp)
  const served = serve(listener)
  const old = await openClient(t, sctp, listener.address)
  let stopped = false
  const echoed = echoUntil(old, () => stopped)
  const stranger = await UdpPeer.open(t, listener.address)
  const chance = random(8)
  for (let i = 0; i < 6000; i++) {
    await attack(stranger, i, chance)
    if (i % 100 === 0) await sleep(1)
  }
  const fresh = await openClient(t, sctp, listener.address)
  assert.ok((await echoUntil(fresh, () => true)) >= 20)
  stopped = true
  assert.ok((await within(echoed, 'the old connection')) >= 20)
  await within(Promise.all([old.close(), fresh.close()]))
  await within(listener.close())
  await served
})

test('an INIT flood over UDP leaves no memory behind', async t => {
  const listener = await openListener(t, sctp)
  const stranger = await UdpPeer.open(t, listener.address)
  const packet = stranger.encode(0, init())
  const flood = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await stranger.raw(packet)
    await sleep(50)
  }
  await flood(2000)
  const before = await usedBytes()
  await flood(20_000)
  const grown = (await usedBytes()) - before
  assert.ok(grown < 4 * MIB, `${(grown / MIB).toFixed(1)} MiB`)
})

test('maxConnections bounds the associations: further peers are refused, and told of', async t => {
  const rejected: ConnectError[] = []
  const listener = await openListener(t, sctp, {
    maxConnections: 2,
    onRejected: error => rejected.push(error),
  })
  const clients = [await openClient(t, sctp, listener.address), await openClient(t, sctp, listener.address)]
  const servers = [await acceptOne(t, listener), await acceptOne(t, listener)]
  for (let i = 1; i <= 5; i++) {
    await failure(connect(listener.address), 'CONNECT_FAILED')
    assert.equal(rejected.length, i)
    connectError(rejected.at(-1), 'LISTENER_FULL')
  }
  await sendNumbered(clients[0]!.writer, 1)
  await receiveNumbered(servers[0]!.reader, 1)
  clients[1]!.abort()
  await failure(servers[1]!.closed, 'CONNECTION_RESET')
  const next = await openClient(t, sctp, listener.address)
  const accepted = await acceptOne(t, listener)
  await sendNumbered(next.writer, 1)
  await receiveNumbered(accepted.reader, 1)
})

test('a peer that restarts finds room, though maxConnections is reached by itself', async t => {
  const listener = await openListener(t, sctp, { maxConnections: 1 })
  const peer = await (await UdpPeer.open(t, listener.address)).connect()
  const before = await acceptOne(t, listener)
  await peer.connect({ tag: 0x0a0b0c0e })
  await failure(before.closed, 'CONNECTION_RESET')
  const after = await acceptOne(t, listener)
  await after.writer.send(numbered(1))
  await peer.next(Type.DATA)
})

test('INITs and cookies that never come back do not use up maxConnections', async t => {
  const listener = await openListener(t, sctp, { maxConnections: 1 })
  const stranger = await UdpPeer.open(t, listener.address)
  for (let i = 0; i < 100; i++) await stranger.cookie({ tag: i + 1 })
  const client = await openClient(t, sctp, listener.address)
  await sendNumbered(client.writer, 1)
  await receiveNumbered((await acceptOne(t, listener)).reader, 1)
})

test('a peer that never opens its window holds the close up for its time-out, and no longer', async t => {
  const listener = await openListener(t, sctp, { closeTimeoutMs: 700 })
  const peer = await (await UdpPeer.open(t, listener.address)).connect({ window: 1500 })
  const connection = await acceptOne(t, listener)
  await connection.writer.send(numbered(1, 50_000))
  const first = await peer.next(Type.DATA)
  const tsn = new DataView(first.chunks[0]!.value.buffer, first.chunks[0]!.value.byteOffset).getUint32(0)
  let packets = 0
  peer.socket.on('message', () => {
    packets++
    void peer.send(sack({ tsn, window: 0 }))
  })
  await peer.send(sack({ tsn, window: 0 }))
  await failure(connection.close(), 'CLOSE_TIMEOUT')
  assert.ok(packets < 30, `${packets} packets into a window of 0`)
})

test('a peer that never acknowledges is cut off by the close time-out', async t => {
  const listener = await openListener(t, sctp, { closeTimeoutMs: 500 })
  const peer = await (await UdpPeer.open(t, listener.address)).connect()
  const connection = await acceptOne(t, listener)
  await connection.writer.send(numbered(1, 50_000))
  await failure(connection.close(), 'CLOSE_TIMEOUT')
  await peer.next(Type.ABORT)
})

test('a peer that breaks the rules gets an ABORT, and the connection PROTOCOL_VIOLATION', async t => {
  const listener = await openListener(t, sctp)
  const peer = await (await UdpPeer.open(t, listener.address)).connect()
  const connection = await acceptOne(t, listener)
  await peer.send(peer.data(Uint8Array.of(1), Flag.WHOLE | Flag.UNORDERED))
  await failure(connection.closed, 'PROTOCOL_VIOLATION')
  await peer.next(Type.ABORT)
})

test('an association is reset by an ABORT with its tag, and by none without', async t => {
  const listener = await openListener(t, sctp)
  const peer = await (await UdpPeer.open(t, listener.address)).connect()
  const connection = await acceptOne(t, listener)
  for (let i = 0; i < 50; i++) await peer.sendWith((peer.tag ^ (1 << (i % 32))) >>> 0, abort())
  await peer.send(peer.data(numbered(0, 5).encode(), Flag.WHOLE | Flag.IMMEDIATE))
  await receiveNumbered(connection.reader, 1, 5)
  await until(() => peer.isAcknowledged, 'a SACK')
  await peer.send(abort())
  await failure(connection.closed, 'CONNECTION_RESET')
})

test('a transfer goes on while strangers send what they like to both of its ends', async t => {
  const { client, server, listener } = await openPair(t, sctp)
  const strangers = [await UdpPeer.open(t, listener.address), await UdpPeer.open(t, client.localAddress)]
  const chance = random(9)
  const received = receiveNumbered(server.reader, 300, 10_000)
  const sent = sendNumbered(client.writer, 300, 10_000)
  for (let i = 0; i < 1500; i++) await attack(strangers[i & 1]!, i, chance)
  await within(sent)
  await within(received)
})
