import assert from 'node:assert/strict'
import {
  ConnectDatagram,
  ConnectError,
  type Connection,
  type ConnectOptions,
  connect,
  type Listener,
  type ListenOptions,
  listen,
} from '../../../src/index.ts'
import { certificates } from '../../support/certificates.ts'
import { CutRelay } from './cut-relay.ts'

/** What the slow ends of a cut path are waited for. */
const PATIENCE_MS = 100

/** Handshakes that are under way at the same time. */
const AT_ONCE = 16

const own = { ca: certificates.ca, ...certificates.client }

const tls = { ca: certificates.ca, ...certificates.localhost }

/** What is listened on: all want certificates and echo what comes. */
export interface SoakListeners {
  readonly patient: Listener
  /** For paths that are cut: soon gives up those who have vanished. */
  readonly hasty: Listener
}

export async function listenForSoak(): Promise<SoakListeners> {
  return { patient: await listenWith({ tls }), hasty: await listenHastily() }
}

function listenHastily(): Promise<Listener> {
  return listenWith({ tls, handshakeTimeoutMs: 10 * PATIENCE_MS, idleTimeoutMs: 20 * PATIENCE_MS })
}

async function listenWith(options: ListenOptions): Promise<Listener> {
  const listener = await listen('dtls-sctp://127.0.0.1:0', { ...options, maxConnections: 10_000 })
  void acceptAll(listener)
  return listener
}

async function acceptAll(listener: Listener): Promise<void> {
  for await (const connection of listener) void echo(connection)
}

async function echo(connection: Connection): Promise<void> {
  try {
    for await (const datagram of connection.reader) await connection.writer.send(datagram)
    await connection.close()
  } catch (error) {
    assert.ok(error instanceof ConnectError)
  }
}

/** One handshake, good or not; `index` makes it differ from the last one of its kind. */
type Play = (listeners: SoakListeners, index: number) => Promise<void>

/** Each way for a handshake to go, by name. */
export const plays: Readonly<Record<string, Play>> = {
  async good({ patient }, index) {
    const connection = await connect(patient.address, { tls: own })
    await exchange(connection, index)
    await connection.close()
  },

  async 'reset after it'({ patient }, index) {
    const connection = await connect(patient.address, { tls: own })
    await exchange(connection, index)
    connection.abort()
  },

  async 'a wrong authority'({ patient }) {
    await refused(patient.address, { tls: { ...own, ca: certificates.otherCa } }, 'CERTIFICATE_REJECTED')
  },

  async 'a wrong name'({ patient }) {
    await refused(
      patient.address,
      { tls: { ...own, serverName: 'elsewhere.example' } },
      'CERTIFICATE_REJECTED',
    )
  },

  async 'no client certificate'({ patient }) {
    await refused(patient.address, { tls: { ca: certificates.ca } }, 'CERTIFICATE_REJECTED')
  },

  async 'aborted by a signal'({ hasty }, index) {
    const controller = new AbortController()
    await overCutPath(hasty, index, { tls: own, signal: controller.signal }, () => controller.abort())
  },

  async 'a peer that vanishes'({ hasty }, index) {
    const patience = { connectTimeoutMs: PATIENCE_MS, handshakeTimeoutMs: PATIENCE_MS }
    await overCutPath(hasty, index, { tls: own, ...patience }, () => {})
  },

  async 'a listener that is closed'(_, index) {
    const patience = { connectTimeoutMs: PATIENCE_MS, handshakeTimeoutMs: PATIENCE_MS }
    const closing = await listenHastily()
    await overCutPath(closing, index, { tls: own, ...patience }, () => void closing.close())
    await closing.close()
  },
}

async function exchange(connection: Connection, index: number): Promise<void> {
  await connection.writer.send(new ConnectDatagram(index & 0xffff, new Uint8Array(1 + (index % 3000))))
  const answer = await connection.reader.receive()
  assert.equal(answer?.data.length, 1 + (index % 3000))
}

async function refused(address: string, options: ConnectOptions, code: string): Promise<void> {
  await assert.rejects(connect(address, options), { code })
}

/** A connection whose path is cut in the middle of its handshake, or soon afterwards. */
async function overCutPath(
  listener: Listener,
  index: number,
  options: ConnectOptions,
  onCut: () => void,
): Promise<void> {
  const relay = await CutRelay.before(listener, Math.floor(index / Object.keys(plays).length) % 16)
  relay.onCut = onCut
  try {
    const connection = await connect(relay.address, options)
    connection.abort()
  } catch (error) {
    assert.ok(error instanceof ConnectError)
  } finally {
    relay.close()
  }
}

/** Plays so many, of each kind in turn and several at once. */
export async function playAll(listeners: SoakListeners, from: number, count: number): Promise<void> {
  const all = Object.entries(plays)
  let next = from
  const playNext = async (): Promise<void> => {
    while (next < from + count) {
      const index = next++
      const [name, play] = all[index % all.length]!
      try {
        await play(listeners, index)
      } catch (cause) {
        throw new Error(`handshake ${index}, ${name}: ${(cause as Error).message}`, { cause })
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, playNext))
}
