import type { TestContext } from 'node:test'
import type { Connection } from '../../../src/index.ts'
import { assertCleanEnd, receiveNumbered, sendNumbered } from '../../support/data.ts'
import type { Medium } from '../../support/media.ts'
import { acceptOne, openClient, openListener } from '../../support/pairs.ts'
import { within } from '../../support/waiting.ts'
import { openRelay, type Path, type Relay } from './relay.ts'

/** Two connections of the library's, joined over a relay. */
export interface Ours {
  readonly one: Connection
  readonly other: Connection
  readonly relay: Relay
}

export async function ours(t: TestContext, medium: Medium, path?: Path): Promise<Ours> {
  const listener = await openListener(t, medium)
  const relay = await openRelay(t, listener.address, path)
  const accepted = acceptOne(t, listener)
  const one = await openClient(t, medium, relay.address)
  return { one, other: await accepted, relay }
}

/** Each sends as many as the other. */
export async function exchange({ one, other }: Ours, count: number, length: number): Promise<void> {
  await Promise.all([
    sendNumbered(one.writer, count, length),
    sendNumbered(other.writer, count, length),
    receiveNumbered(one.reader, count, length),
    receiveNumbered(other.reader, count, length),
  ])
}

export async function closeBoth({ one, other }: Ours): Promise<void> {
  await within(Promise.all([one.close(), other.close()]), 'close')
  await assertCleanEnd(one.reader)
  await assertCleanEnd(other.reader)
}
