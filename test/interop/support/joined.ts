import type { TestContext } from 'node:test'
import type { Connection, ConnectionOptions } from '../../../src/index.ts'
import { sctp } from '../../support/media.ts'
import { acceptOne, openClient, openListener } from '../../support/pairs.ts'
import { type Peer, type PeerOptions, peerClient, peerServer } from './peer.ts'
import { openRelay, type Path, type Relay } from './relay.ts'

/** Which end usrsctp is. */
export const ROLES = ['server', 'client'] as const
export type Role = (typeof ROLES)[number]

export interface Joined {
  readonly connection: Connection
  readonly peer: Peer
}

/**
 * A connection of ours whose other end is the peer on usrsctp; both ends know of it.
 *
 * @param between gives the address of what stands before a server
 */
export async function joined(
  t: TestContext,
  role: Role,
  mode: string,
  options: PeerOptions = {},
  ours: ConnectionOptions = {},
  between: (address: string) => Promise<string> = async address => address,
): Promise<Joined> {
  let joined: Joined
  if (role === 'server') {
    const { peer, address } = await peerServer(t, mode, options)
    joined = { peer, connection: await openClient(t, sctp, await between(address), ours) }
  } else {
    const listener = await openListener(t, sctp, ours)
    const peer = peerClient(t, mode, await between(listener.address), options)
    joined = { peer, connection: await acceptOne(t, listener) }
  }
  await joined.peer.line(/^up$/)
  return joined
}

/** The same, with a relay between the two. */
export async function joinedByRelay(
  t: TestContext,
  role: Role,
  mode: string,
  path: Path,
  options: PeerOptions = {},
  ours: ConnectionOptions = {},
): Promise<Joined & { relay: Relay }> {
  let relay!: Relay
  const between = async (address: string): Promise<string> => {
    relay = await openRelay(t, address, path)
    return relay.address
  }
  return { ...(await joined(t, role, mode, options, ours, between)), relay }
}
