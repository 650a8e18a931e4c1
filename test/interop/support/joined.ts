import type { TestContext } from 'node:test'
import type { Connection, ConnectionOptions } from '../../../src/index.ts'
import { acceptOne, openClient, openListener } from '../../support/pairs.ts'
import type { Kind } from './kinds.ts'
import type { Peer, PeerOptions } from './peer.ts'
import { openRelay, type Path, type Relay } from './relay.ts'

/** Which end usrsctp is. */
export const ROLES = ['server', 'client'] as const
export type Role = (typeof ROLES)[number]

export interface Joined<P extends Peer = Peer> {
  readonly connection: Connection
  readonly peer: P
}

/**
 * A connection of ours whose other end is a peer on usrsctp; both ends know of it.
 *
 * @param between gives the address of what stands before a server
 */
export async function joined<P extends Peer>(
  t: TestContext,
  kind: Kind<P>,
  role: Role,
  mode: string,
  options: PeerOptions = {},
  ours: ConnectionOptions = {},
  between: (address: string) => Promise<string> = async address => address,
): Promise<Joined<P>> {
  let joined: Joined<P>
  if (role === 'server') {
    const { peer, address } = await kind.server(t, mode, options)
    joined = { peer, connection: await openClient(t, kind.medium, await between(address), ours) }
  } else {
    const listener = await openListener(t, kind.medium, ours)
    const peer = kind.client(t, mode, await between(listener.address), options)
    joined = { peer, connection: await acceptOne(t, listener) }
  }
  await joined.peer.line(/^up$/)
  return joined
}

/** The same, with a relay between the two. */
export async function joinedByRelay<P extends Peer>(
  t: TestContext,
  kind: Kind<P>,
  role: Role,
  mode: string,
  path: Path,
  options: PeerOptions = {},
  ours: ConnectionOptions = {},
): Promise<Joined<P> & { relay: Relay }> {
  let relay!: Relay
  const between = async (address: string): Promise<string> => {
    relay = await openRelay(t, address, path)
    return relay.address
  }
  return { ...(await joined(t, kind, role, mode, options, ours, between)), relay }
}
