import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import {
  type Connection,
  type ConnectOptions,
  connect,
  type Listener,
  type ListenOptions,
  listen,
} from '../../src/index.ts'
import type { Medium } from './media.ts'
import { within } from './waiting.ts'

export interface Pair {
  readonly client: Connection
  readonly server: Connection
  readonly listener: Listener
}

export interface PairOptions {
  readonly client?: ConnectOptions
  readonly server?: ListenOptions
}

/** Listens until the test is over. */
export async function openListener(
  t: TestContext,
  medium: Medium,
  options: ListenOptions = {},
): Promise<Listener> {
  const listener = await within(listen(medium.freshAddress(), { ...medium.listenOptions, ...options }))
  t.after(() => listener.close())
  return listener
}

/** Connects; the test's end aborts what is then still open. */
export async function openClient(
  t: TestContext,
  medium: Medium,
  address: string,
  options: ConnectOptions = {},
): Promise<Connection> {
  const client = await within(connect(address, { ...medium.connectOptions, ...options }))
  t.after(() => client.abort())
  return client
}

/** Accepts; the test's end aborts what is then still open. */
export async function acceptOne(t: TestContext, listener: Listener): Promise<Connection> {
  const connection = await within(listener.accept())
  assert(connection !== undefined, 'the listener was closed')
  t.after(() => connection.abort())
  return connection
}

/** Two joined connections and the listener that joined them. */
export async function openPair(t: TestContext, medium: Medium, options: PairOptions = {}): Promise<Pair> {
  const listener = await openListener(t, medium, options.server)
  const accepted = acceptOne(t, listener)
  const client = await openClient(t, medium, listener.address, options.client)
  return { client, server: await accepted, listener }
}
