import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as rawConnect, type Socket } from 'node:net'
import { describe, type TestContext, test } from 'node:test'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import { ConnectDatagram, type ConnectError, connect, listen } from '../../src/index.ts'
import { certificates } from '../support/certificates.ts'
import { assertCleanEnd, receiveNumbered, sendNumbered } from '../support/data.ts'
import { connectError, failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { tls } from '../support/media.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'
import { rawServer } from '../support/raw-peers.ts'
import { sleep, turn, until, within } from '../support/waiting.ts'

failOnLeaks()

const { ca, localhost, client: clientIdentity, renewed, otherCa } = certificates

/** A relay to the listener; `toClient` is given what comes from the server and passes it on. */
async function relay(
  t: TestContext,
  listenerAddress: string,
  toClient: (chunk: Buffer, client: Socket) => void,
): Promise<string> {
  const { port } = await rawServer(t, near => {
    const far = rawConnect({ port: Number(new URL(listenerAddress).port), host: '127.0.0.1' })
    t.after(() => far.destroy())
    far.on('error', () => {})
    near.resume().on('data', chunk => far.write(chunk))
    far.on('data', chunk => toClient(chunk, near))
  })
  return `tls://127.0.0.1:${port}`
}

test('a garbage record in the segment with the server’s Finished breaks the connection with a ConnectError', async t => {
  const uncaught: unknown[] = []
  const onUncaught = (error: unknown): void => {
    uncaught.push(error)
  }
  process.on('uncaughtException', onUncaught)
  t.after(() => process.off('uncaughtException', onUncaught))
  const listener = await openListener(t, tls)
  const garbage = Buffer.concat([Buffer.from('1703030037', 'hex'), Buffer.alloc(55, 7)])
  const flight: Buffer[] = []
  const address = await relay(t, listener.address, (chunk, client) => {
    flight.push(chunk)
    if (flight.length > 1) return
    // The server has then said all that it can say before the client answers.
    setTimeout(() => client.write(Buffer.concat([...flight, garbage])), 50)
  })
  try {
    const connection = await within(connect(address, tls.connectOptions))
    await within(connection.closed)
    assert.fail('the connection ended cleanly')
  } catch (error) {
    connectError(error)
  }
  await turn()
  assert.deepEqual(uncaught, [], 'an error was thrown past the promises')
})

for (const count of [90, 96, 100]) {
  test(`a stream that is cut inside a record behind a reader that paused before ${count} datagrams is told as truncated`, async t => {
    const listener = await openListener(t, tls)
    const held: Buffer[] = []
    let holding = false
    let down: Socket | undefined
    const address = await relay(t, listener.address, (chunk, client) => {
      down = client
      if (holding) {
        held.push(chunk)
        return
      }
      client.write(chunk)
    })
    const accepted = acceptOne(t, listener)
    const client = await openClient(t, tls, address, { frameTimeoutMs: 0 })
    const server = await accepted
    // More than the receive queue holds, so that some of it waits in the TLS layer.
    for (let i = 0; i < count; i++) {
      await within(server.writer.send(new ConnectDatagram(i, new Uint8Array(12_000).fill(i))))
      await within(server.writer.flush())
      // Each comes in a chunk of its own.
      await sleep(3)
    }
    holding = true
    await within(server.writer.send(new ConnectDatagram(count, new Uint8Array(100))))
    await until(() => held.length > 0, 'the last record has come to the relay')
    assert(down !== undefined, 'the relay has no client')
    down.write(held[0]!.subarray(0, 20))
    await sleep(50)
    down.end()
    await sleep(100)
    let whole = 0
    const reading = (async () => {
      for await (const _ of client.reader) whole++
    })()
    await failure(reading, 'STREAM_TRUNCATED')
    assert.equal(whole, count, 'the number of datagrams that came whole')
  })
}

describe('TLS options', () => {
  test('serverName may not be empty', async t => {
    const listener = await openListener(t, tls)
    const error = await failure(connect(listener.address, { tls: { ca, serverName: '' } }), 'INVALID_OPTION')
    assert.match(error.message, /serverName/)
  })

  test('an ALPN name is limited to 255 bytes, not characters', async t => {
    const fits = `${'é'.repeat(127)}x`
    const tooLong = 'é'.repeat(128)
    await failure(connect('tls://127.0.0.1:1', { tls: { ca, alpnProtocols: [tooLong] } }), 'INVALID_OPTION')
    await failure(
      listen('tls://127.0.0.1:0', { tls: { ...localhost, alpnProtocols: [tooLong] } }),
      'INVALID_OPTION',
    )
    const listener = await openListener(t, tls, { tls: { ...localhost, alpnProtocols: [fits] } })
    await openClient(t, tls, listener.address, { tls: { ca, alpnProtocols: [fits] } })
  })

  test('a key that does not belong to the certificate is refused before anything is dialled', async t => {
    const { server, port } = await rawServer(t)
    let dialled = 0
    server.on('connection', () => dialled++)
    const bad = { tls: { ca, cert: clientIdentity.cert, key: renewed.key } }
    await failure(connect(`tls://127.0.0.1:${port}`, bad), 'INVALID_OPTION')
    await sleep(30)
    assert.equal(dialled, 0, 'the server was dialled')
    await new Promise(resolve => server.close(resolve))
    await failure(connect(`tls://127.0.0.1:${port}`, bad), 'INVALID_OPTION')
  })

  test('updateTls keeps the listener’s minVersion', async t => {
    const rejected: ConnectError[] = []
    const listener = await openListener(t, tls, {
      tls: { ...localhost, minVersion: 'TLSv1.3' },
      onRejected: error => rejected.push(error),
    })
    for (let round = 1; round <= 2; round++) {
      const peer = rawTlsClient(t, listener.address, { ca, maxVersion: 'TLSv1.2' })
      await within(assert.rejects(once(peer, 'secureConnect')))
      await until(() => rejected.length === round, 'onRejected is told')
      assert.equal(rejected[round - 1]!.code, 'HANDSHAKE_FAILED')
      listener.updateTls(renewed)
    }
    const client = await openClient(t, tls, listener.address)
    assert.equal(client.tls?.peerCertificate?.subject['CN'], 'renewed')
  })

  for (const [what, cert] of [
    ['a list', [localhost.cert, ca]],
    ['joined', localhost.cert + ca],
  ] as const) {
    test(`a certificate and its authority’s, given as ${what}, are both sent`, async t => {
      const options = { cert: typeof cert === 'string' ? cert : [...cert], key: localhost.key }
      const listener = await openListener(t, tls, { tls: options })
      const accepted = acceptOne(t, listener)
      const client = await openClient(t, tls, listener.address)
      await sendNumbered(client.writer, 1)
      await receiveNumbered((await accepted).reader, 1)
      assert.equal(client.tls?.peerCertificate?.subject['CN'], 'localhost')

      // A client that does not know the authority has its certificate only if it was sent.
      const peer = rawTlsClient(t, listener.address, { ca: otherCa, rejectUnauthorized: false })
      await within(once(peer, 'secureConnect'))
      const leaf = peer.getPeerCertificate(true)
      assert.equal(leaf.subject.CN, 'localhost')
      assert.deepEqual(leaf.issuerCertificate?.subject, leaf.issuer)
    })
  }
})

function rawTlsClient(
  t: TestContext,
  address: string,
  options: { ca: string; maxVersion?: 'TLSv1.2'; rejectUnauthorized?: boolean },
): TLSSocket {
  const peer = tlsConnect({ port: Number(new URL(address).port), host: '127.0.0.1', ...options })
  t.after(() => peer.destroy())
  return peer
}

test('a client that has ended its direction and reads slowly gets all of a long answer', async t => {
  const listener = await openListener(t, tls, { allowHalfOpen: true, keepAliveDelayMs: 20 })
  const socket = rawConnect({
    port: Number(new URL(listener.address).port),
    host: '127.0.0.1',
    allowHalfOpen: true,
  })
  await once(socket, 'connect')
  const client = tlsConnect({ socket, servername: 'localhost', ca })
  t.after(() => client.destroy())
  const ended = once(client, 'end')
  let received = 0
  client.on('data', chunk => {
    received += chunk.length
    client.pause()
    setTimeout(() => client.resume(), 2)
  })
  client.once('secureConnect', () => client.end())
  const server = await acceptOne(t, listener)
  while ((await within(server.reader.receive())) !== undefined) {}
  // Probes of the half-open connection are due all the while.
  for (let i = 0; i < 8; i++)
    await server.writer.send(new ConnectDatagram(i, new Uint8Array(1_000_000).fill(i)))
  const closed = server.writer.close()
  await within(ended)
  await within(closed)
  assert.equal(received, 8 * 1_000_008)
})

test('an abort in the turn in which the direction is ended leaves no connection behind', async t => {
  const listener = await openListener(t, tls, { maxConnections: 3 })
  for (let i = 0; i < 8; i++) {
    const client = await openClient(t, tls, listener.address)
    const server = await acceptOne(t, listener)
    void server.writer.close()
    await new Promise(resolve => process.nextTick(resolve))
    server.abort()
    await within(client.close().catch(() => {}))
  }
})

for (const kilobytes of [20, 40, 70, 100, 115, 130, 150]) {
  test(`a clean end that comes in one go with ${kilobytes} KB that nobody reads yet stays clean`, async t => {
    const listener = await openListener(t, tls, { receiveQueueBytes: 1 })
    let hold = false
    const { port } = await rawServer(t, near => {
      const held: Buffer[] = []
      const far = rawConnect({ port: Number(new URL(listener.address).port), host: '127.0.0.1' })
      t.after(() => far.destroy())
      far.on('error', () => {}).on('data', chunk => near.write(chunk))
      near.resume().on('data', chunk => (hold ? held.push(chunk) : far.write(chunk)))
      near.on('end', () => far.end(Buffer.concat(held)))
    })
    const accepted = acceptOne(t, listener)
    const client = await openClient(t, tls, `tls://127.0.0.1:${port}`)
    const server = await accepted
    hold = true
    await sendNumbered(client.writer, kilobytes, 1000)
    void client.writer.close()
    await sleep(50)
    await receiveNumbered(server.reader, kilobytes, 1000)
    await assertCleanEnd(server.reader)
  })
}
