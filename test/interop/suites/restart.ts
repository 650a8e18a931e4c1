import { it, type TestContext } from 'node:test'
import { ConnectDatagram, type Connection } from '../../../src/index.ts'
import { assertCleanEnd, receiveNumbered, sendNumbered } from '../../support/data.ts'
import { failure } from '../../support/errors.ts'
import { failOnLeaks } from '../../support/leaks.ts'
import { acceptOne, openListener } from '../../support/pairs.ts'
import { within } from '../../support/waiting.ts'
import { assertEndedByShutdown } from '../support/expected.ts'
import type { Kind } from '../support/kinds.ts'
import type { Peer } from '../support/peer.ts'
import { describeWith } from '../support/tools.ts'

export async function echoes(connection: Connection): Promise<void> {
  const sent = sendNumbered(connection.writer, 20, 5000)
  await receiveNumbered(connection.reader, 20, 5000)
  await sent
}

export async function assertWorks(connection: Connection, peer: Peer): Promise<void> {
  await echoes(connection)
  await within(connection.close(), 'close')
  await assertCleanEnd(connection.reader)
  await assertEndedByShutdown(peer, 20, 5000)
}

export async function assertReset(connection: Connection): Promise<void> {
  await failure(connection.reader.receive(), 'CONNECTION_RESET')
  await failure(connection.closed, 'CONNECTION_RESET')
  await failure(connection.writer.send(new ConnectDatagram(1, 'late')), 'CONNECTION_RESET')
}

/** Kills the peer without a word and starts one on the same ports, which knows nothing of the association. */
async function restarted(t: TestContext, kind: Kind, peer: Peer, address: string): Promise<Peer> {
  const ports = await peer.ports()
  await peer.kill()
  return kind.client(t, 'echo', address, { ...ports })
}

export function restartSuite(kind: Kind): void {
  describeWith(kind.needs, `a ${kind.name} that was killed and started again on the same ports`, () => {
    failOnLeaks()

    it('as client resets the old connection, and the new one works', async t => {
      const listener = await openListener(t, kind.medium)
      const first = kind.client(t, 'echo', listener.address)
      const old = await acceptOne(t, listener)
      await first.ports()
      await echoes(old)
      const second = await restarted(t, kind, first, listener.address)
      const fresh = await acceptOne(t, listener)
      await assertReset(old)
      await assertWorks(fresh, second)
    })

    it('as client resets a connection with much on its way to it', async t => {
      const listener = await openListener(t, kind.medium)
      const first = kind.client(t, 'echo', listener.address)
      const old = await acceptOne(t, listener)
      await first.ports()
      const sent = old.writer.send(new ConnectDatagram(1, new Uint8Array(50_000_000)))
      await first.line(/^up$/)
      const second = await restarted(t, kind, first, listener.address)
      const fresh = await acceptOne(t, listener)
      await Promise.allSettled([sent])
      await assertReset(old)
      await assertWorks(fresh, second)
    })

    it('as client takes the place that it has in a full listener', async t => {
      const listener = await openListener(t, kind.medium, { maxConnections: 1 })
      const first = kind.client(t, 'echo', listener.address)
      const old = await acceptOne(t, listener)
      await first.ports()
      await echoes(old)
      const second = await restarted(t, kind, first, listener.address)
      const fresh = await acceptOne(t, listener)
      await assertReset(old)
      await assertWorks(fresh, second)
    })

    it('as client can do so many times', async t => {
      const listener = await openListener(t, kind.medium)
      let peer = kind.client(t, 'echo', listener.address)
      await peer.ports()
      let connection = await acceptOne(t, listener)
      for (let i = 0; i < 5; i++) {
        await echoes(connection)
        const old = connection
        peer = await restarted(t, kind, peer, listener.address)
        connection = await acceptOne(t, listener)
        await assertReset(old)
      }
      await assertWorks(connection, peer)
    })
  })
}
