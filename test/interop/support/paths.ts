import type { TestContext } from 'node:test'
import type { Connection } from '../../../src/index.ts'
import { assertCleanEnd, receiveNumbered, sendNumbered } from '../../support/data.ts'
import { within } from '../../support/waiting.ts'
import { assertEndedByShutdown } from './expected.ts'
import { joinedByRelay, type Role } from './joined.ts'
import type { Kind } from './kinds.ts'
import type { PeerOptions } from './peer.ts'
import type { Path } from './relay.ts'

/** Paths as networks have them. */
export const paths = {
  'loses some packets': (_, index) => (index % 17 === 16 ? 'is lost' : 'passes'),
  'gives some packets twice': (_, index) => (index % 5 === 4 ? 'comes twice' : 'passes'),
  'changes the order of some packets': (_, index) => (index % 7 === 6 ? 'is late' : 'passes'),
  'does all of that': (_, index) =>
    index % 31 === 30 ? 'is lost' : index % 9 === 8 ? 'comes twice' : index % 7 === 6 ? 'is late' : 'passes',
} as const satisfies Readonly<Record<string, Path>>

/** A peer that does not wait long before it sends again. */
export const AGAIN_SOON = { rto: 200 }

export async function echo({ reader, writer }: Connection, count: number, length: number): Promise<void> {
  await Promise.all([sendNumbered(writer, count, length), receiveNumbered(reader, count, length)])
}

/** A connection over the path, from its beginning to its clean end, on which all that is sent comes back. */
export async function echoesOver(
  t: TestContext,
  kind: Kind,
  role: Role,
  path: Path,
  [count, length]: readonly [count: number, length: number],
  options: PeerOptions = AGAIN_SOON,
): Promise<void> {
  const { connection, peer } = await joinedByRelay(t, kind, role, 'echo', path, options)
  await echo(connection, count, length)
  await within(connection.close(), 'close')
  await assertCleanEnd(connection.reader)
  await assertEndedByShutdown(peer, count, length)
}
