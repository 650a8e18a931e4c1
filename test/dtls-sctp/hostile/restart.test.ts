import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { type ConnectError, type Connection, connect, type Listener } from '../../../src/index.ts'
import { loadEngine } from '../../../src/transport/dtls-sctp/engine/load-engine.ts'
import { receiveNumbered, sendNumbered } from '../../support/data.ts'
import { failure } from '../../support/errors.ts'
import { failOnLeaks } from '../../support/leaks.ts'
import { dtlsSctp } from '../../support/media.ts'
import { acceptOne, openClient, openListener } from '../../support/pairs.ts'
import { sleep, until, within } from '../../support/waiting.ts'
import { fragmentsOf, HandshakeType } from './support/records.ts'
import { UdpRelay } from './support/udp-relay.ts'

failOnLeaks()

interface Scene {
  readonly listener: Listener
  readonly rejected: ConnectError[]
  readonly relay: UdpRelay
  readonly client: Connection
  readonly server: Connection
  /** Hold the last flights of the clients of handshakes; `release` lets them go. */
  hold(): void
  readonly held: Buffer[]
  release(): void
}

/** A connection over a relay behind which all clients have the same address and port. */
async function openScene(t: TestContext, handshakeTimeoutMs = 10_000): Promise<Scene> {
  const rejected: ConnectError[] = []
  const onRejected = (error: ConnectError): unknown => rejected.push(error)
  const listener = await openListener(t, dtlsSctp, { handshakeTimeoutMs, onRejected })
  const held: Buffer[] = []
  let isHolding = false
  const relay = await UdpRelay.open(t, listener.address, (datagram, way, pass) => {
    const isLastFlight =
      way === 'toServer' && fragmentsOf(datagram, HandshakeType.CLIENT_KEY_EXCHANGE).length > 0
    if (isHolding && isLastFlight) held.push(Buffer.from(datagram))
    else pass(datagram)
  })
  const accepted = acceptOne(t, listener)
  const client = await openClient(t, dtlsSctp, relay.address)
  return {
    listener,
    rejected,
    relay,
    client,
    server: await accepted,
    held,
    hold: () => {
      isHolding = true
    },
    release: () => {
      isHolding = false
      for (const datagram of held) void relay.inject(datagram, 'toServer')
    },
  }
}

async function assertWorks(client: Connection, server: Connection, from: number): Promise<void> {
  await sendNumbered(client.writer, 20, 100, from)
  await receiveNumbered(server.reader, 20, 100, from)
  await sendNumbered(server.writer, 20, 100, from)
  await receiveNumbered(client.reader, 20, 100, from)
}

test('a client that begins anew at its address replaces its connection once its handshake is done', async t => {
  const scene = await openScene(t)
  const { listener, client, server, rejected } = scene
  await assertWorks(client, server, 0)
  scene.hold()
  const connecting = connect(scene.relay.address, dtlsSctp.connectOptions)
  await until(() => scene.held.length > 0, 'the new client is as far as its last flight')
  await assertWorks(client, server, 20)

  const accepted = acceptOne(t, listener)
  const lost = Promise.all([
    failure(server.reader.receive(), 'CONNECTION_RESET'),
    failure(client.reader.receive(), 'CONNECTION_RESET'),
  ])
  scene.release()
  const next = await within(connecting)
  t.after(() => next.abort())
  const [{ message }] = await lost
  assert.match(message, /begun anew/)
  await assertWorks(next, await accepted, 0)
  assert.deepEqual(rejected, [])
})

test('a client that begins anew and goes away leaves the connection as it is', async t => {
  const scene = await openScene(t, 300)
  const { client, server, rejected } = scene
  const { alive } = await loadEngine()
  scene.hold()
  const controller = new AbortController()
  const connecting = connect(scene.relay.address, { ...dtlsSctp.connectOptions, signal: controller.signal })
  await until(() => scene.held.length > 0, 'the new client is as far as its last flight')
  controller.abort()
  await failure(connecting, 'ABORTED')
  for (let from = 0; rejected.length === 0; from += 20) {
    await assertWorks(client, server, from)
    await sleep(10)
  }
  assert.deepEqual(
    rejected.map(({ code }) => code),
    ['HANDSHAKE_TIMEOUT'],
  )
  assert.equal((await loadEngine()).alive, alive, 'native objects')
})

test('clients that begin anew one after the other are each served, and the last stays', async t => {
  const { listener, relay, client, rejected } = await openScene(t)
  const { alive } = await loadEngine()
  const clients = [client]
  let server: Connection | undefined
  for (let i = 0; i < 10; i++) {
    const accepted = acceptOne(t, listener)
    clients.push(await openClient(t, dtlsSctp, relay.address))
    server = await accepted
    await failure(clients.at(-2)!.closed, 'CONNECTION_RESET')
  }
  await assertWorks(clients.at(-1)!, server!, 0)
  assert.equal((await loadEngine()).alive, alive, 'native objects')
  assert.deepEqual(rejected, [])
})
