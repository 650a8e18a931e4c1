import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConnectError, type Connection, connect, listen } from '../../../src/index.ts'
import { assertNumbered, receiveNumbered, sendNumbered } from '../../support/data.ts'
import { connectError, failure } from '../../support/errors.ts'
import type { Medium } from '../../support/media.ts'
import { acceptOne, openClient, openListener, openPair } from '../../support/pairs.ts'
import { sleep, until, within } from '../../support/waiting.ts'

export function listening(medium: Medium): void {
  test('for await hands out each connection once, and its break keeps the listener', async t => {
    const listener = await openListener(t, medium)
    for (let i = 0; i < 4; i++) {
      const client = await openClient(t, medium, listener.address)
      await sendNumbered(client.writer, 1, 16, i)
    }
    const seen: number[] = []
    for (let round = 0; round < 2; round++) {
      for await (const connection of listener) {
        t.after(() => connection.abort())
        seen.push((await within(connection.reader.receive()))!.recipient)
        if (seen.length % 2 === 0) break
      }
    }
    assert.deepEqual(seen.sort(), [0, 1, 2, 3])
  })

  test('several accepts at once get a connection each', async t => {
    const listener = await openListener(t, medium)
    const accepts = Array.from({ length: 5 }, () => acceptOne(t, listener))
    for (let i = 0; i < 5; i++) await openClient(t, medium, listener.address)
    assert.equal(new Set(await within(Promise.all(accepts))).size, 5)
  })

  test('close ends accept and for await, also those that come later', async t => {
    const listener = await openListener(t, medium)
    const waiting = [listener.accept(), listener.accept()]
    const loop = (async () => {
      for await (const _ of listener) assert.fail('a connection came')
      return 'ended'
    })()
    await within(listener.close())
    assert.deepEqual(await within(Promise.all(waiting)), [undefined, undefined])
    assert.equal(await within(loop), 'ended')
    assert.equal(await within(listener.accept()), undefined)
    await within(listener.close())
  })

  test('close frees the address at once and leaves accepted connections alive', async t => {
    const { client, server, listener } = await openPair(t, medium)
    const { address } = listener
    await within(listener.close())
    for (let i = 0; i < 3; i++) {
      const next = await within(listen(address, medium.listenOptions))
      assert.equal(next.address, address)
      const accepted = next.accept()
      const other = await openClient(t, medium, address)
      const connection = await within(accepted)
      t.after(() => connection?.abort())
      await sendNumbered(other.writer, 1)
      await receiveNumbered(connection!.reader, 1)
      await within(next.close())
    }
    await sendNumbered(client.writer, 10)
    await receiveNumbered(server.reader, 10)
    await sendNumbered(server.writer, 10)
    await receiveNumbered(client.reader, 10)
    const closed = client.close()
    await within(server.close())
    await within(closed)
  })

  test('nobody can connect to a closed listener', async t => {
    const listener = await openListener(t, medium)
    await within(listener.close())
    await failure(connect(listener.address, medium.connectOptions), 'CONNECT_FAILED')
  })

  test('close aborts the connections that nobody has accepted', async t => {
    const listener = await openListener(t, medium)
    const client = await openClient(t, medium, listener.address)
    await sleep(50)
    const closed = listener.close()
    assert.equal(await within(listener.accept()), undefined, 'accept() handed out an aborted connection')
    await within(closed)
    await failure(client.reader.receive(), ...medium.broken)
  })

  test('an address that is in use is refused, and its listener goes on', async t => {
    const listener = await openListener(t, medium)
    await failure(listen(listener.address, medium.listenOptions), 'LISTEN_FAILED')
    const accepted = acceptOne(t, listener)
    await openClient(t, medium, listener.address)
    await accepted
  })

  test('a connection that waits to be accepted keeps what was sent to it', async t => {
    const listener = await openListener(t, medium)
    const client = await openClient(t, medium, listener.address)
    await sendNumbered(client.writer, 100)
    void client.close()
    await sleep(50)
    const server = await acceptOne(t, listener)
    await receiveNumbered(server.reader, 100)
    assert.equal(await within(server.reader.receive()), undefined)
    await within(client.closed)
  })

  test('peers beyond maxConnections are turned away, and a place is free again after an end', async t => {
    const rejected: ConnectError[] = []
    const listener = await openListener(t, medium, {
      maxConnections: 2,
      onRejected: error => rejected.push(error),
    })
    const first = await openClient(t, medium, listener.address)
    const atFirst = await acceptOne(t, listener)
    await openClient(t, medium, listener.address)
    const atSecond = await acceptOne(t, listener)

    for (let i = 1; i <= 3; i++) {
      await assertTurnedAway(medium, listener.address)
      await until(() => rejected.length >= i, 'onRejected is told')
    }
    assert.deepEqual(
      rejected.map(error => error.code),
      ['LISTENER_FULL', 'LISTENER_FULL', 'LISTENER_FULL'],
    )
    assert.match(rejected[0]!.message, /2/)
    for (const { remoteAddress, message } of rejected) {
      assert.equal(remoteAddress && withoutPorts(remoteAddress), withoutPorts(atFirst.remoteAddress))
      assert.notEqual(remoteAddress?.match(/:\d/) && remoteAddress, atFirst.remoteAddress)
      assert(message.includes(remoteAddress!), message)
    }

    const closed = first.close()
    await within(atFirst.close())
    await within(closed)
    await assertPlaceIsFree(medium, listener.address, listener.accept())
    atSecond.abort()
    await assertPlaceIsFree(medium, listener.address, listener.accept())
  })

  for (const [what, fail] of [
    ['throws', () => assert.fail('of the callback')],
    ['rejects', () => Promise.reject(new Error('of the callback'))],
    ['throws what is no error', () => Promise.reject(Object.create(null))],
  ] as const) {
    test(`an onRejected that ${what} is warned of once, and the listener goes on`, async t => {
      const warnings: Error[] = []
      const onWarning = (warning: Error): unknown =>
        warning.name === 'ConnectWarning' && warnings.push(warning)
      process.on('warning', onWarning)
      t.after(() => process.off('warning', onWarning))
      let calls = 0
      const listener = await openListener(t, medium, {
        maxConnections: 1,
        onRejected: () => {
          calls++
          return fail() as unknown as undefined
        },
      })
      const client = await openClient(t, medium, listener.address)
      const server = await acceptOne(t, listener)
      for (let i = 1; i <= 2; i++) {
        await assertTurnedAway(medium, listener.address)
        await until(() => calls >= i, 'onRejected is called')
      }
      await until(() => warnings.length > 0, 'a warning is shown')
      assert.match(String(warnings[0]), /onRejected failed/)
      client.abort()
      server.abort()
      await assertPlaceIsFree(medium, listener.address, listener.accept())
      assert.equal(warnings.length, 1)
    })
  }

  test('each end names its own address and the other one', async t => {
    const { client, server, listener } = await openPair(t, medium)
    const scheme = new URL(listener.address).protocol
    for (const address of [
      client.localAddress,
      client.remoteAddress,
      server.localAddress,
      server.remoteAddress,
    ]) {
      assert.equal(new URL(address).protocol, scheme)
    }
    assert.equal(client.remoteAddress, listener.address)
    assert.equal(server.localAddress, listener.address)
    assert.equal(server.remoteAddress, client.localAddress)
  })
}

/** By a refused connection or by a broken one, never by a clean end. */
async function assertTurnedAway(medium: Medium, address: string): Promise<void> {
  let client: Connection
  try {
    client = await within(connect(address, medium.connectOptions))
  } catch (error) {
    connectError(error, 'CONNECT_FAILED', 'HANDSHAKE_FAILED')
    return
  }
  await failure(client.reader.receive(), ...medium.broken)
}

/** The listener may hear of the end a moment later than the peer. */
async function assertPlaceIsFree(
  medium: Medium,
  address: string,
  accepted: Promise<Connection | undefined>,
): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      const client = await within(connect(address, medium.connectOptions))
      await sendNumbered(client.writer, 1)
      const server = await within(Promise.race([accepted, client.closed.then(() => undefined)]))
      if (server === undefined) continue
      assertNumbered(await within(server.reader.receive()), 0)
      void server.reader.receive()
      await within(client.writer.flush())
      client.abort()
      return
    } catch (error) {
      connectError(error)
      await sleep(10)
    }
  }
  assert.fail('no place became free')
}

/** The host is the same for all peers of a test, if they have one; their ports differ. */
function withoutPorts(address: string): string {
  return address.replace(/:\d+|=\d+/g, ':PORT')
}
