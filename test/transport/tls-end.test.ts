import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer, Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { connect, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { checkThatEndsAreTold, hasEnded } from '../../src/transport/tls-end.ts'
import { TlsReads } from '../../src/transport/tls-reads.ts'
import { coded } from '../frame/support.ts'
import { certificates } from '../support/certificates.ts'

/** A TLS connection over sockets of Node's own; the server's socket and what it is made over. */
async function tlsPair(
  t: TestContext,
): Promise<{ client: TLSSocket; raw: Socket; server: TLSSocket; carrier: Socket }> {
  const tlsServer = createTlsServer(certificates.localhost)
  const listener = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const raw = connectTcp((listener.address() as AddressInfo).port, '127.0.0.1')
  const [carrier] = (await once(listener, 'connection')) as [Socket]
  const secured = once(tlsServer, 'secureConnection')
  tlsServer.emit('connection', carrier)
  const client = connect({ socket: raw, ca: certificates.ca, servername: 'localhost' })
  const [[server]] = (await Promise.all([secured, once(client, 'secureConnect')])) as [[TLSSocket], unknown]
  for (const socket of [client, raw, server, carrier]) socket.on('error', () => {})
  t.after(() => {
    listener.close()
    for (const socket of [client, raw, server, carrier]) socket.destroy()
  })
  return { client, raw, server, carrier }
}

/** What `hasEnded` says in the moment in which the server's socket is told of an end. */
function verdict(server: TLSSocket, carrier: Socket): Promise<boolean> {
  return new Promise(resolve => {
    const { push } = server
    server.push = chunk => {
      if (chunk === null) resolve(hasEnded(carrier, server, true))
      return push.call(server, chunk)
    }
  })
}

describe('the end of the TCP stream under a TLS socket', () => {
  it('has not come when the TLS stream ends by its alert, with or without data before it', async t => {
    for (const bytes of [0, 1, 200_000]) {
      const { client, server, carrier } = await tlsPair(t)
      const ended = verdict(server, carrier)
      server.resume()
      client.end(Buffer.alloc(bytes))
      assert.equal(await ended, false, `${bytes} bytes`)
    }
  })

  it('has come when the TLS stream ends without the alert', async t => {
    for (const bytes of [0, 1, 200_000]) {
      const { client, raw, server, carrier } = await tlsPair(t)
      const ended = verdict(server, carrier)
      server.resume()
      if (bytes > 0) await new Promise(resolve => client.write(Buffer.alloc(bytes), resolve))
      raw.end()
      assert.equal(await ended, true, `${bytes} bytes`)
    }
  })
})

type Handle = Record<string, unknown>

const handleOf = (socket: Socket): Handle => Reflect.get(socket, '_handle') as Handle

/** How a runtime can be other than Node 20 to 26: what it changes of a server's TLS socket and of what that is over. */
const runtimes: Readonly<Record<string, (server: TLSSocket, carrier: Socket) => void>> = {
  'does not call a push that was replaced': server => Reflect.deleteProperty(server, 'push'),
  'never says that it reads': server =>
    Object.defineProperty(handleOf(server), 'reading', { get: () => false, set() {} }),
  'knows no reading': server =>
    Object.defineProperty(handleOf(server), 'reading', { get: () => undefined, set() {} }),
  'answers every order to read by 0': (_, carrier) => {
    handleOf(carrier)['readStart'] = () => 0
  },
  'answers every order to read by another error': (_, carrier) => {
    handleOf(carrier)['readStart'] = () => -22
  },
  'has no readStart': (_, carrier) => {
    handleOf(carrier)['readStart'] = undefined
  },
}

/** What is said of the end of a stream that the client ends by its alert, or cuts. */
async function truncated(
  t: TestContext,
  how: 'ended' | 'cut',
  change: (server: TLSSocket, carrier: Socket) => void,
  before: 'change first' | 'read first' = 'read first',
): Promise<boolean> {
  const { client, raw, server, carrier } = await tlsPair(t)
  if (before === 'change first') change(server, carrier)
  const reads = new TlsReads(server, carrier)
  if (before === 'read first') change(server, carrier)
  const ended = once(server, 'end')
  reads.start({ onData() {}, room: () => undefined })
  client.write('data')
  if (how === 'ended') client.end()
  else client.write('more', () => raw.end())
  await ended
  return reads.truncated
}

describe('the end of a TLS stream', () => {
  it('is clean by the alert and truncated without it', async t => {
    assert.equal(await truncated(t, 'ended', () => {}), false)
    assert.equal(await truncated(t, 'cut', () => {}), true)
  })

  for (const [what, change] of Object.entries(runtimes)) {
    it(`is truncated where the stream was cut and the runtime ${what}`, async t => {
      assert.equal(await truncated(t, 'cut', change, 'change first'), true)
      assert.equal(await truncated(t, 'cut', change, 'read first'), true)
    })
  }

  it('is truncated where a runtime does not tell how it came, though it was clean', async t => {
    for (const [what, change] of Object.entries(runtimes)) {
      const told = /reads|reading/.test(what)
      assert.equal(await truncated(t, 'ended', change), !told, what)
    }
  })

  it('is clean in any case where no alert is asked for', async t => {
    const { client, raw, server } = await tlsPair(t)
    const reads = new TlsReads(server, undefined)
    const ended = once(server, 'end')
    reads.start({ onData() {}, room: () => undefined })
    client.write('data', () => raw.end())
    await ended
    assert.equal(reads.truncated, false)
  })
})

describe('checking whether ends are told', () => {
  it('passes on a socket of this runtime, and reads nothing', async t => {
    const { raw } = await tlsPair(t)
    const server = createServer().listen(0, '127.0.0.1')
    t.after(() => server.close())
    await once(server, 'listening')
    const socket = connectTcp((server.address() as AddressInfo).port, '127.0.0.1').pause()
    t.after(() => socket.destroy())
    await once(socket, 'connect')
    checkThatEndsAreTold({ socket, requireCloseNotify: true })
    assert.equal(socket.bytesRead, 0)
    assert.ok(raw.bytesRead > 0)
  })

  it('fails where sockets have no such handle, and names the option that does without', () => {
    assert.throws(
      () => checkThatEndsAreTold({ socket: new Socket(), requireCloseNotify: true }),
      coded('HANDSHAKE_FAILED', /tls\.requireCloseNotify/),
    )
  })

  it('fails where a second order to read is not answered by EALREADY', () => {
    const socket = new Socket()
    Reflect.set(socket, '_handle', { readStart: () => 0, readStop: () => 0, close() {} })
    assert.throws(() => checkThatEndsAreTold({ socket, requireCloseNotify: true }), coded('HANDSHAKE_FAILED'))
    checkThatEndsAreTold({ socket, requireCloseNotify: false })
    Reflect.set(socket, '_handle', null)
  })

  it('fails where the first order is not told from the second, or an order to stop changes nothing', () => {
    const answers = [
      [-114, -114],
      [0, -22],
      [0, -114, -114, -114],
      [-22, -114],
    ]
    for (const answered of answers) {
      const socket = new Socket()
      const readStart = (): number => answered.shift() ?? 0
      Reflect.set(socket, '_handle', { readStart, readStop: () => 0, close() {} })
      const check = (): void => checkThatEndsAreTold({ socket, requireCloseNotify: true })
      assert.throws(check, coded('HANDSHAKE_FAILED'))
      Reflect.set(socket, '_handle', null)
    }
  })
})
