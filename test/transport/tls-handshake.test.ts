import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as rawConnect, type Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { connect as tlsConnect } from 'node:tls'
import { type ConnectError, connect, listen } from '../../src/index.ts'
import { certificates } from '../support/certificates.ts'
import { receiveNumbered, sendNumbered } from '../support/data.ts'
import { BROKEN, connectError, failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { tls } from '../support/media.ts'
import { acceptOne, openClient, openListener, openPair } from '../support/pairs.ts'
import { drip, gone, rawClient, rawServer } from '../support/raw-peers.ts'
import { sleep, until, within } from '../support/waiting.ts'

failOnLeaks()

const { ca, localhost } = certificates

describe('ALPN', () => {
  test('agrees on the server’s first name that both have', async t => {
    const { client, server } = await openPair(t, tls, {
      server: { tls: { ...localhost, alpnProtocols: ['b/1', 'a/1'] } },
      client: { tls: { ca, alpnProtocols: ['a/1', 'b/1'] } },
    })
    assert.equal(client.tls?.alpnProtocol, server.tls?.alpnProtocol)
    assert.equal(client.tls?.alpnProtocol, 'b/1')
  })

  test('is absent when one end offers none', async t => {
    const { client, server } = await openPair(t, tls, {
      server: { tls: { ...localhost, alpnProtocols: ['a/1'] } },
    })
    assert.equal(client.tls?.alpnProtocol, undefined)
    assert.equal(server.tls?.alpnProtocol, undefined)
  })

  test('without a name in common fails the handshake at both ends', async t => {
    const rejected: ConnectError[] = []
    const listener = await openListener(t, tls, {
      tls: { ...localhost, alpnProtocols: ['a/1'] },
      onRejected: error => rejected.push(error),
    })
    await failure(connect(listener.address, { tls: { ca, alpnProtocols: ['b/1'] } }), 'HANDSHAKE_FAILED')
    await until(() => rejected.length > 0, 'onRejected is told')
    assert.equal(rejected[0]!.code, 'HANDSHAKE_FAILED')
  })
})

describe('minVersion', () => {
  test('TLS 1.2 is spoken with a peer that has nothing newer', async t => {
    const listener = await openListener(t, tls)
    const accepted = acceptOne(t, listener)
    const port = Number(new URL(listener.address).port)
    const peer = tlsConnect({ port, host: '127.0.0.1', ca, maxVersion: 'TLSv1.2' })
    t.after(() => peer.destroy())
    await within(once(peer, 'secureConnect'))
    assert.equal((await accepted).tls?.protocol, 'TLSv1.2')
  })

  for (const [least, offered] of [
    ['TLSv1.2', 'TLSv1.1'],
    ['TLSv1.3', 'TLSv1.2'],
  ] as const) {
    test(`a client that speaks only ${offered} is refused by a listener that wants ${least}`, async t => {
      const rejected: ConnectError[] = []
      const listener = await openListener(t, tls, {
        tls: { ...localhost, minVersion: least },
        onRejected: error => rejected.push(error),
      })
      const peer = tlsConnect({
        port: Number(new URL(listener.address).port),
        host: '127.0.0.1',
        ca,
        minVersion: offered,
        maxVersion: offered,
        // OpenSSL 3 lets TLS 1.1 speak only on this level.
        ciphers: 'DEFAULT@SECLEVEL=0',
      })
      t.after(() => peer.destroy())
      await within(assert.rejects(once(peer, 'secureConnect')))
      await until(() => rejected.length > 0, 'onRejected is told')
      assert.equal(rejected[0]!.code, 'HANDSHAKE_FAILED')
      await openClient(t, tls, listener.address)
    })
  }
})

describe('handshakeTimeoutMs', () => {
  test('bounds a client’s wait for a silent server', async t => {
    const { port } = await rawServer(t)
    const started = performance.now()
    const connecting = connect(`tls://127.0.0.1:${port}`, { tls: { ca }, handshakeTimeoutMs: 100 })
    assert.match((await failure(connecting, 'HANDSHAKE_TIMEOUT')).message, /100/)
    assert(performance.now() - started < 5000, 'it took far longer')
  })

  test('a signal ends the wait for a silent server', async t => {
    const { port } = await rawServer(t)
    const reason = new Error('no patience')
    const controller = new AbortController()
    const connecting = connect(`tls://127.0.0.1:${port}`, { tls: { ca }, signal: controller.signal })
    await sleep(50)
    controller.abort(reason)
    assert.equal((await failure(connecting, 'ABORTED')).cause, reason)
  })

  test('cuts a silent client and one that drips its first message', async t => {
    const rejected: ConnectError[] = []
    const listener = await openListener(t, tls, {
      handshakeTimeoutMs: 150,
      onRejected: error => rejected.push(error),
    })
    const silent = await rawClient(t, listener.address)
    const dripping = await rawClient(t, listener.address)
    const closed = Promise.all([gone(silent), gone(dripping)])
    void drip(dripping, Buffer.from('16030100c8010000c40303', 'hex'), 40)
    await within(closed)
    await until(() => rejected.length === 2, 'onRejected is told')
    for (const error of rejected) assert.equal(error.code, 'HANDSHAKE_TIMEOUT')
    assert.match(rejected[0]!.message, /150/)
  })

  test('fifty silent clients delay nobody else', async t => {
    const listener = await openListener(t, tls)
    for (let i = 0; i < 50; i++) await rawClient(t, listener.address)
    for (let i = 0; i < 5; i++) {
      const accepted = acceptOne(t, listener)
      const started = performance.now()
      const client = await openClient(t, tls, listener.address)
      await sendNumbered(client.writer, 1)
      await receiveNumbered((await accepted).reader, 1)
      assert(performance.now() - started < 5000, 'it had to wait for the silent ones')
    }
  })

  test('silent clients count for maxConnections until they are cut', async t => {
    const rejected: ConnectError[] = []
    const listener = await openListener(t, tls, {
      maxConnections: 1,
      handshakeTimeoutMs: 200,
      onRejected: error => rejected.push(error),
    })
    await rawClient(t, listener.address)
    await failure(connect(listener.address, tls.connectOptions), 'HANDSHAKE_FAILED', 'CONNECT_FAILED')
    await until(() => rejected.length === 2, 'both are turned away')
    assert.deepEqual(rejected.map(({ code }) => code).sort(), ['HANDSHAKE_TIMEOUT', 'LISTENER_FULL'])
    await openClient(t, tls, listener.address)
  })
})

describe('a handshake that fails', () => {
  test('does not stop the listener, whatever the client sends', async t => {
    const rejected: ConnectError[] = []
    const listener = await openListener(t, tls, { onRejected: error => rejected.push(error) })
    const nonsense = [
      'GET / HTTP/1.1\r\n\r\n',
      '\0\0\0\0\0\0\0\0\0\0',
      '\x16\x03\x01\xff\xff',
      '\x15\x03\x01\0\x02\x02\x28',
    ]
    for (const text of nonsense) {
      for (const how of ['end', 'reset'] as const) {
        const peer = await rawClient(t, listener.address)
        peer.resume()
        peer.write(Buffer.from(text, 'latin1'))
        await sleep(10)
        if (how === 'end') peer.end()
        else peer.resetAndDestroy()
      }
    }
    const silent = await rawClient(t, listener.address)
    silent.end()
    const cut = await rawClient(t, listener.address)
    cut.end(Buffer.from('16030100c8010000c40303', 'hex'))
    await until(() => rejected.length === nonsense.length * 2 + 2, 'onRejected is told of each')
    for (const error of rejected) connectError(error, 'HANDSHAKE_FAILED', 'CONNECTION_RESET')
    const accepted = acceptOne(t, listener)
    const client = await openClient(t, tls, listener.address)
    await sendNumbered(client.writer, 1)
    await receiveNumbered((await accepted).reader, 1)
  })

  test('at a server that hangs up or answers nonsense rejects with HANDSHAKE_FAILED', async t => {
    for (const answer of ['', 'HTTP/1.1 400 Bad Request\r\n\r\n']) {
      const { port } = await rawServer(t, socket => socket.resume().end(answer))
      await failure(connect(`tls://127.0.0.1:${port}`, { tls: { ca } }), 'HANDSHAKE_FAILED')
    }
    const { port } = await rawServer(t, socket => socket.resetAndDestroy())
    await failure(connect(`tls://127.0.0.1:${port}`, { tls: { ca } }), 'HANDSHAKE_FAILED', 'CONNECT_FAILED')
  })

  test('closing the listener breaks off the handshakes that are under way', async t => {
    const listener = await openListener(t, tls)
    const silent = await rawClient(t, listener.address)
    const closed = gone(silent)
    await sleep(30)
    await within(listener.close())
    await within(closed)
  })
})

/** A TCP relay to `port`; `stop` breaks both sides as told. */
async function relay(
  t: TestContext,
  port: number,
): Promise<{ address: string; stop: (how: 'end' | 'reset') => void }> {
  const sides: Socket[] = []
  const { port: own } = await rawServer(t, near => {
    const far = rawConnect({ port, host: '127.0.0.1', allowHalfOpen: true })
    far.on('error', () => {})
    sides.push(near, far)
    near.resume().on('data', chunk => far.write(chunk))
    far.on('data', chunk => near.write(chunk))
    t.after(() => far.destroy())
  })
  return {
    address: `tls://127.0.0.1:${own}`,
    stop: how => {
      for (const side of sides) {
        if (how === 'end') side.end()
        else side.resetAndDestroy()
      }
    },
  }
}

describe('an encrypted stream that breaks off between two datagrams', () => {
  for (const how of ['reset', 'end'] as const) {
    test(`with a TCP ${how} and no close_notify is no clean end at either end`, async t => {
      const listener = await openListener(t, tls)
      const { address, stop } = await relay(t, Number(new URL(listener.address).port))
      const accepted = acceptOne(t, listener)
      const client = await openClient(t, tls, address)
      const server = await accepted
      await sendNumbered(client.writer, 3)
      await sendNumbered(server.writer, 3)
      await receiveNumbered(server.reader, 3)
      await receiveNumbered(client.reader, 3)
      stop(how)
      await failure(server.reader.receive(), ...BROKEN)
      await failure(client.reader.receive(), ...BROKEN)
    })
  }
})

describe('TLS options', () => {
  test('are refused where there is no TLS', async () => {
    await failure(connect('tcp://127.0.0.1:1', { tls: { ca } }), 'INVALID_OPTION')
    await failure(listen('tcp://127.0.0.1:0', { tls: localhost }), 'INVALID_OPTION')
    await failure(listen('memory://tls-options', { tls: localhost }), 'INVALID_OPTION')
  })

  test('are required to listen on tls:', async () => {
    assert.match((await failure(listen('tls://127.0.0.1:0'), 'INVALID_OPTION')).message, /tls/)
    await failure(listen('tls://127.0.0.1:0', { tls: {} as never }), 'INVALID_OPTION')
    await failure(listen('tls://127.0.0.1:0', { tls: { cert: localhost.cert } as never }), 'INVALID_OPTION')
    await failure(listen('tls://127.0.0.1:0', { tls: { cert: 'x', key: 'y' } }), 'INVALID_OPTION')
  })

  test('that would turn verification off do not exist', async () => {
    for (const name of ['rejectUnauthorized', 'checkServerIdentity', 'insecure']) {
      const bad = { ca, [name]: false } as never
      assert.match(
        (await failure(connect('tls://127.0.0.1:1', { tls: bad }), 'INVALID_OPTION')).message,
        new RegExp(name),
      )
    }
  })
})
