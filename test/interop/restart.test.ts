import assert from 'node:assert/strict'
import { it, type TestContext } from 'node:test'
import { ConnectDatagram, type Connection } from '../../src/index.ts'
import { assertCleanEnd, receiveNumbered, sendNumbered } from '../support/data.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { sctp } from '../support/media.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'
import { within } from '../support/waiting.ts'
import { assertEndedByShutdown } from './support/expected.ts'
import { type Peer, peerClient, peerServer } from './support/peer.ts'
import { describeWith } from './support/tools.ts'

async function echoes(connection: Connection): Promise<void> {
  const sent = sendNumbered(connection.writer, 20, 5000)
  await receiveNumbered(connection.reader, 20, 5000)
  await sent
}

async function assertWorks(connection: Connection, peer: Peer): Promise<void> {
  await echoes(connection)
  await within(connection.close(), 'close')
  await assertCleanEnd(connection.reader)
  await assertEndedByShutdown(peer, 20, 5000)
}

async function assertReset(connection: Connection): Promise<void> {
  await failure(connection.reader.receive(), 'CONNECTION_RESET')
  await failure(connection.closed, 'CONNECTION_RESET')
  await failure(connection.writer.send(new ConnectDatagram(1, 'late')), 'CONNECTION_RESET')
}

/** Kills the peer without a word and starts one on the same ports, which knows nothing of the association. */
async function restarted(t: TestContext, peer: Peer, address: string): Promise<Peer> {
  const ports = await peer.ports()
  await peer.kill()
  return peerClient(t, 'echo', address, { ...ports })
}

describeWith(['cc', 'usrsctp'], 'a usrsctp that was killed and started again on the same ports', () => {
  failOnLeaks()

  it('as client resets the old connection, and the new one works', async t => {
    const listener = await openListener(t, sctp)
    const first = peerClient(t, 'echo', listener.address)
    const old = await acceptOne(t, listener)
    await first.ports()
    await echoes(old)
    const second = await restarted(t, first, listener.address)
    const fresh = await acceptOne(t, listener)
    await assertReset(old)
    await assertWorks(fresh, second)
  })

  it('as client resets a connection with much on its way to it', async t => {
    const listener = await openListener(t, sctp)
    const first = peerClient(t, 'echo', listener.address)
    const old = await acceptOne(t, listener)
    await first.ports()
    const sent = old.writer.send(new ConnectDatagram(1, new Uint8Array(50_000_000)))
    await first.line(/^up$/)
    const second = await restarted(t, first, listener.address)
    const fresh = await acceptOne(t, listener)
    await Promise.allSettled([sent])
    await assertReset(old)
    await assertWorks(fresh, second)
  })

  it('as client can do so many times', async t => {
    const listener = await openListener(t, sctp)
    let peer = peerClient(t, 'echo', listener.address)
    await peer.ports()
    let connection = await acceptOne(t, listener)
    for (let i = 0; i < 5; i++) {
      await echoes(connection)
      const old = connection
      peer = await restarted(t, peer, listener.address)
      connection = await acceptOne(t, listener)
      await assertReset(old)
    }
    await assertWorks(connection, peer)
  })

  it('as server resets the connection that is sent on, and another can be made', async t => {
    const { peer: first, address } = await peerServer(t, 'echo')
    const old = await openClient(t, sctp, address)
    await echoes(old)
    const ports = await first.ports()
    await first.kill()
    const { peer: second } = await peerServer(t, 'echo', { ...ports })
    // Whatever comes to the new one, an acknowledgement perhaps, it answers by an ABORT.
    await Promise.allSettled([sendNumbered(old.writer, 1)])
    await assertReset(old)
    const fresh = await openClient(t, sctp, address)
    assert.equal(fresh.remoteAddress, old.remoteAddress)
    await assertWorks(fresh, second)
  })
})
