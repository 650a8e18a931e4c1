import assert from 'node:assert/strict'
import { wire } from '../../connection/support/datagrams.ts'
import { numbered } from '../../support/data.ts'
import { Fnv } from './fnv.ts'
import type { Peer } from './peer.ts'

/** The count and the hash of numbered datagrams on the wire, as the peer prints them. */
export function hashOf(count: number, length: number): string {
  const hash = new Fnv()
  for (let i = 0; i < count; i++) hash.add(wire(numbered(i, length)))
  return String(hash)
}

/** The peer got exactly these datagrams, in messages as ours must be towards a foreign stack. */
export async function assertReceived(peer: Peer, count: number, length: number): Promise<void> {
  assert.deepEqual(await peer.received(), { bytes: hashOf(count, length), odd: '0' })
}

/** The peer has seen the SHUTDOWN of the other end through, and has ended. */
export async function assertEndedByShutdown(peer: Peer, count: number, length: number): Promise<void> {
  await peer.line(/^shutdown$/)
  await assertReceived(peer, count, length)
  assert.equal(await peer.ended(), 0)
}
