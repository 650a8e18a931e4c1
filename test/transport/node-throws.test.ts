import assert from 'node:assert/strict'
import dgram from 'node:dgram'
import { getEventListeners } from 'node:events'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import os from 'node:os'
import { type TestContext, test } from 'node:test'
import nodeTls from 'node:tls'
import { type ConnectError, connect, listen } from '../../src/index.ts'
import { largestPacketBytes } from '../../src/transport/sctp/udp/link-mtu.ts'
import { certificates } from '../support/certificates.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { dtlsSctp, type Medium, sctp, tcp, tls, unix } from '../support/media.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'
import { until } from '../support/waiting.ts'

failOnLeaks()

const REFUSAL = new TypeError('Node takes no such thing')

/** Makes a function of Node's throw at once, until `restore` or the test's end. */
function throwing<T extends object>(t: TestContext, owner: T, name: keyof T & string): () => void {
  const original = owner[name] as (...args: unknown[]) => unknown
  const replacement = (): never => {
    throw REFUSAL
  }
  const put = (value: unknown): void => {
    Object.defineProperty(owner, name, { value, configurable: true, writable: true, enumerable: true })
    syncBuiltinESMExports()
  }
  const restore = (): void => put(original)
  put(replacement)
  t.after(restore)
  return restore
}

const media = { tcp, tls, unix, sctp, 'dtls-sctp': dtlsSctp } satisfies Record<string, Medium>

for (const [name, medium] of Object.entries(media)) {
  const isUdp = name.endsWith('sctp')

  test(`${name}: what Node throws while connecting is CONNECT_FAILED, with its cause`, async t => {
    const { address } = await openListener(t, medium)
    const restore = isUdp ? throwing(t, dgram.Socket.prototype, 'connect') : throwing(t, net, 'connect')
    const { signal } = new AbortController()
    const error = await failure(connect(address, { ...medium.connectOptions, signal }), 'CONNECT_FAILED')
    assert.equal(error.cause, REFUSAL)
    assert.ok(error.message.includes(address), error.message)
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    restore()
    await openClient(t, medium, address)
  })

  test(`${name}: what Node throws while listening is LISTEN_FAILED, with its cause`, async t => {
    const restore = isUdp
      ? throwing(t, dgram.Socket.prototype, 'bind')
      : throwing(t, net.Server.prototype, 'listen')
    const { signal } = new AbortController()
    const listening = listen(medium.freshAddress(), { ...medium.listenOptions, signal })
    assert.equal((await failure(listening, 'LISTEN_FAILED')).cause, REFUSAL)
    assert.equal(getEventListeners(signal, 'abort').length, 0)
    restore()
    await openListener(t, medium)
  })
}

test('what Node throws when a TLS handshake begins or ends at the client is HANDSHAKE_FAILED', async t => {
  const { address } = await openListener(t, tls)
  for (const [owner, name] of [
    [nodeTls, 'connect'],
    [nodeTls.TLSSocket.prototype, 'getCipher'],
  ] as const) {
    const restore = throwing(t, owner, name as never)
    assert.equal((await failure(connect(address, tls.connectOptions), 'HANDSHAKE_FAILED')).cause, REFUSAL)
    restore()
  }
})

test('what Node throws when a TLS handshake ends at the server is HANDSHAKE_FAILED', async t => {
  const rejected: ConnectError[] = []
  const { address } = await openListener(t, tls, { onRejected: error => void rejected.push(error) })
  throwing(t, nodeTls.TLSSocket.prototype, 'getCipher')
  const client = nodeTls.connect({
    host: '127.0.0.1',
    port: Number(new URL(address).port),
    ca: certificates.ca,
  })
  t.after(() => client.destroy())
  client.on('error', () => {})
  await until(() => rejected.length > 0, 'nothing was rejected')
  assert.deepEqual([rejected[0]?.code, rejected[0]?.cause], ['HANDSHAKE_FAILED', REFUSAL])
})

test('what Node throws over an accepted socket is told as a ConnectError, and the listener goes on', async t => {
  const rejected: ConnectError[] = []
  const listener = await openListener(t, tls, { onRejected: error => void rejected.push(error) })
  const restore = throwing(t, nodeTls.Server.prototype, 'emit')
  await failure(connect(listener.address, tls.connectOptions), 'HANDSHAKE_FAILED', 'CONNECT_FAILED')
  await until(() => rejected.length > 0, 'nothing was rejected')
  assert.deepEqual([rejected[0]?.code, rejected[0]?.cause], ['CONNECTION_FAILED', REFUSAL])
  restore()
  const accepted = acceptOne(t, listener)
  await openClient(t, tls, listener.address)
  await accepted
})

test('a system that does not tell its interfaces has links of the usual size', t => {
  throwing(t, os, 'networkInterfaces')
  assert.equal(largestPacketBytes('127.0.0.1'), 1500 - 28)
})
