import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect as connectTcp, createServer, Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { connect, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import { checkThatEndsAreTold, hasEnded } from '../../src/transport/tls-end.ts'
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
      if (chunk === null) resolve(hasEnded(carrier, server))
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
})
