import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect as connectSocket, createServer, type Server, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { ConnectDatagram, connect } from 'connect-ts'
import { certificates } from '../support/certificates.ts'
import { bounded, runToEnd, startServer } from './run-example.ts'

const CERTIFICATES = 'examples/certificates'
const CA_FILE = `${CERTIFICATES}/ca.pem`
const SERVER_FILES = [`${CERTIFICATES}/localhost.pem`, `${CERTIFICATES}/localhost.key`]

/** What a user types: the crate's addresses have no scheme. */
function withoutScheme(address: string): string {
  return address.replace(/^[\w-]+:\/\//, '')
}

/** Sends bytes that are no frame, and waits until the server has hung up. */
function sendGarbage(address: string): Promise<void> {
  const { hostname, port } = new URL(address)
  const hungUp = new Promise<void>(resolve => {
    const socket = connectSocket(Number(port), hostname, () => socket.write('GET / HTTP/1.1\r\n\r\n'))
    socket.resume()
    socket.on('error', () => {})
    socket.on('close', () => resolve())
  })
  return bounded(hungUp, () => 'the server did not hang up')
}

/** A relay whose connection to the server can be ended without a word of TLS. */
async function layRelay(
  port: number,
): Promise<{ relay: Server; relayed: string; upstream: Promise<Socket> }> {
  let onUp = (_: Socket): void => {}
  const upstream = new Promise<Socket>(resolve => {
    onUp = resolve
  })
  const relay = createServer(down => {
    const up = connectSocket({ port, host: 'localhost' })
    for (const socket of [up, down]) socket.on('error', () => {})
    down.on('data', chunk => up.write(chunk))
    up.on('data', chunk => down.write(chunk))
    down.on('close', () => up.destroy())
    onUp(up)
  })
  await once(relay.listen(0, 'localhost'), 'listening')
  const relayed = `tls://localhost:${(relay.address() as AddressInfo).port}`
  return { relay, relayed, upstream }
}

describe('tcp-echo-server', { concurrency: 4 }, () => {
  test('answers tcp-client and logs what it does', async () => {
    const { server, address } = await startServer('tcp-echo-server.ts', 'localhost:0')
    assert.match(address, /^tcp:\/\/localhost:[1-9]\d*$/)
    const client = await runToEnd('tcp-client.ts', withoutScheme(address))
    assert.equal(client.stderr, '')
    assert.equal(client.stdout, 'Received message: Hello world\n')
    assert.equal(client.code, 0)
    await server.printed(/Sent message back to original sender\n/)
    assert.match(server.stdout, /^Handling connection from tcp:\/\/\S+:\d+$/m)
    assert.match(server.stdout, /^Received a message "Hello world" from tcp:\/\/\S+:\d+$/m)
    assert.equal(server.stderr, '')
  })

  test('echoes all that tcp-client-blaster sends', async () => {
    const { server, address } = await startServer('tcp-echo-server.ts', '127.0.0.1:0')
    const client = await runToEnd('tcp-client-blaster.ts', withoutScheme(address))
    assert.equal(client.stderr, '')
    assert.equal(client.stdout, 'Received all 10000 messages in order\n')
    assert.equal(client.code, 0)
    assert.equal(server.stderr, '')
  })

  test('logs a connection that fails and goes on', async () => {
    const { server, address } = await startServer('tcp-echo-server.ts', '127.0.0.1:0')
    await sendGarbage(address)
    await server.printed(/^Connection from tcp:\S+ failed: FRAME_SIZE_INVALID: .*\n$/m, 'stderr')
    const client = await runToEnd('tcp-client.ts', address)
    assert.equal(client.code, 0)
  })

  test('shows no control character of a message', async () => {
    const { server, address } = await startServer('tcp-echo-server.ts', '127.0.0.1:0')
    await using connection = await connect(address)
    await connection.writer.send(new ConnectDatagram(65535, '\x1b[2J\n'))
    await server.printed(/Received a message "\\u001b\[2J\\n" from /)
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    test(`stops on ${signal} and ends its connections cleanly`, async () => {
      const { server, address } = await startServer('tcp-echo-server.ts', '127.0.0.1:0')
      await using connection = await connect(address)
      await connection.writer.send(new ConnectDatagram(1, 'one'))
      assert.equal((await connection.reader.receive())?.text(), 'one')
      server.kill(signal)
      assert.equal(await connection.reader.receive(), undefined)
      assert.equal(await server.exit(), 0)
      assert.equal(server.stderr, '')
    })
  }

  test('says that its address is in use', async () => {
    const { address } = await startServer('tcp-echo-server.ts', '127.0.0.1:0')
    const second = await runToEnd('tcp-echo-server.ts', address)
    assert.match(second.stderr, /^LISTEN_FAILED: .*EADDRINUSE/)
    assert.equal(second.code, 1)
  })
})

describe('tls-echo-server', { concurrency: 4 }, () => {
  test('answers tls-client and logs what it does', async () => {
    const { server, address } = await startServer('tls-echo-server.ts', 'localhost:0', ...SERVER_FILES)
    assert.match(address, /^tls:/)
    const plain = withoutScheme(address)
    const client = await runToEnd('tls-client.ts', plain, 'localhost', CA_FILE)
    assert.equal(client.stderr, '')
    assert.equal(client.stdout, 'Received message: Hello world\n')
    assert.equal(client.code, 0)
    await server.printed(/Sent message back to original sender\n/)
    assert.match(server.stdout, /^Received a message "Hello world" from tls:/m)
  })

  test('takes a client that drops its connection without close_notify for one that has ended', async () => {
    const { server, address } = await startServer('tls-echo-server.ts', 'localhost:0', ...SERVER_FILES)
    const { relay, relayed, upstream } = await layRelay(Number(new URL(address).port))
    const connection = await connect(relayed, { tls: { ca: certificates.ca } })
    await connection.writer.send(new ConnectDatagram(2, 'two'))
    assert.equal((await connection.reader.receive())?.text(), 'two')
    const socket = await upstream
    const ended = once(socket, 'end')
    socket.end()
    await bounded(ended, () => 'the server did not end its direction')
    connection.abort()
    relay.close()
    server.kill('SIGINT')
    assert.equal(await server.exit(), 0)
    assert.equal(server.stderr, '')
  })

  test('logs handshakes that fail and goes on', async () => {
    const { server, address } = await startServer('tls-echo-server.ts', '127.0.0.1:0', ...SERVER_FILES)
    const refused = await runToEnd('tls-client.ts', address, 'elsewhere.example', CA_FILE)
    assert.match(refused.stderr, /^CERTIFICATE_REJECTED: /)
    assert.equal(refused.code, 1)
    await sendGarbage(address)
    await server.printed(/^Turned a peer away: HANDSHAKE_FAILED: /m, 'stderr')

    await using connection = await connect(address, { tls: { ca: certificates.ca } })
    await connection.writer.send(new ConnectDatagram(2, 'two'))
    assert.equal((await connection.reader.receive())?.text(), 'two')
    server.kill('SIGINT')
    assert.equal(await connection.reader.receive(), undefined)
    assert.equal(await server.exit(), 0)
  })
})

describe('sctp-echo-server', { concurrency: 4 }, () => {
  test('answers sctp-client and logs what it does', async () => {
    const { server, address } = await startServer('sctp-echo-server.ts', 'localhost:0?udp=0')
    assert.match(address, /^sctp:\/\/localhost:[1-9]\d*\?udp=[1-9]\d*$/)
    const client = await runToEnd('sctp-client.ts', withoutScheme(address))
    assert.equal(client.stderr, '')
    assert.equal(client.stdout, 'Received message: Hello world\n')
    assert.equal(client.code, 0)
    await server.printed(/Sent message back to original sender\n/)
    assert.match(server.stdout, /^Handling connection from sctp:\/\/\S+:\d+\?udp=\d+$/m)
    assert.match(server.stdout, /^Received a message "Hello world" from sctp:\/\/\S+:\d+\?udp=\d+$/m)
    assert.equal(server.stderr, '')
  })

  test('echoes all that tcp-client-blaster sends', async () => {
    const { server, address } = await startServer('sctp-echo-server.ts', 'sctp://127.0.0.1:0?udp=0')
    const client = await runToEnd('tcp-client-blaster.ts', address)
    assert.equal(client.stderr, '')
    assert.equal(client.stdout, 'Received all 10000 messages in order\n')
    assert.equal(client.code, 0)
    assert.equal(server.stderr, '')
  })

  test('logs a connection that fails, goes on, and stops on SIGINT', async () => {
    const { server, address } = await startServer('sctp-echo-server.ts', '[::1]:0?udp=0')
    const bad = await connect(address)
    bad.abort()
    await server.printed(/^Connection from sctp:\S+ failed: CONNECTION_RESET: .*\n$/m, 'stderr')
    await using connection = await connect(address)
    await connection.writer.send(new ConnectDatagram(2, 'two'))
    assert.equal((await connection.reader.receive())?.text(), 'two')
    server.kill('SIGINT')
    assert.equal(await connection.reader.receive(), undefined)
    assert.equal(await server.exit(), 0)
  })

  test('says that its UDP port is in use', async () => {
    const { address } = await startServer('sctp-echo-server.ts', '127.0.0.1:0?udp=0')
    const second = await runToEnd('sctp-echo-server.ts', address)
    assert.match(second.stderr, /^LISTEN_FAILED: .*UDP port \d+ is in use/)
    assert.equal(second.code, 1)
  })
})

describe('dtls-sctp-echo-server', { concurrency: 4 }, () => {
  test('answers dtls-sctp-client and logs what it does', async () => {
    const { server, address } = await startServer('dtls-sctp-echo-server.ts', 'localhost:0', ...SERVER_FILES)
    assert.match(address, /^dtls-sctp:\/\/localhost:[1-9]\d*$/)
    const client = await runToEnd('dtls-sctp-client.ts', withoutScheme(address), 'localhost', CA_FILE)
    assert.equal(client.stderr, '')
    assert.equal(client.stdout, 'Received message: Hello world\n')
    assert.equal(client.code, 0)
    await server.printed(/Sent message back to original sender\n/)
    assert.match(server.stdout, /^Handling connection from dtls-sctp:\/\/\S+:\d+$/m)
    assert.match(server.stdout, /^Received a message "Hello world" from dtls-sctp:\/\/\S+:\d+$/m)
    assert.equal(server.stderr, '')
  })

  test('logs a handshake and a connection that fail, goes on, and stops on SIGINT', async () => {
    const { server, address } = await startServer('dtls-sctp-echo-server.ts', '[::1]:0', ...SERVER_FILES)
    const refused = await runToEnd('dtls-sctp-client.ts', address, 'elsewhere.example', CA_FILE)
    assert.match(refused.stderr, /^CERTIFICATE_REJECTED: /)
    assert.equal(refused.code, 1)
    await server.printed(/^Turned a peer away: CERTIFICATE_REJECTED: .*\n$/m, 'stderr')

    const tls = { ca: certificates.ca, serverName: 'localhost' }
    const bad = await connect(address, { tls })
    bad.abort()
    await server.printed(/^Connection from dtls-sctp:\S+ failed: CONNECTION_RESET: .*\n$/m, 'stderr')
    await using connection = await connect(address, { tls })
    await connection.writer.send(new ConnectDatagram(2, 'two'))
    assert.equal((await connection.reader.receive())?.text(), 'two')
    server.kill('SIGINT')
    assert.equal(await connection.reader.receive(), undefined)
    assert.equal(await server.exit(), 0)
  })

  test('says that its UDP port is in use', async () => {
    const { address } = await startServer('dtls-sctp-echo-server.ts', '127.0.0.1:0', ...SERVER_FILES)
    const second = await runToEnd('dtls-sctp-echo-server.ts', address, ...SERVER_FILES)
    assert.match(second.stderr, /^LISTEN_FAILED: .*UDP port \d+ is in use/)
    assert.equal(second.code, 1)
  })
})

describe('a wrong call', { concurrency: 4 }, () => {
  const cases: [string, string[], number, RegExp][] = [
    ['tcp-echo-server.ts', [], 2, /^ADDRESS is missing; usage: /],
    ['tcp-client.ts', [], 2, /^ADDRESS is missing; usage: /],
    ['tcp-client-blaster.ts', [], 2, /^ADDRESS is missing; usage: /],
    ['tls-echo-server.ts', ['localhost:0'], 2, /^missing: CERT KEY; usage: /],
    ['tls-client.ts', ['localhost:1', 'localhost'], 2, /^missing: CAFILE; usage: /],
    ['sctp-echo-server.ts', [], 2, /^ADDRESS is missing; usage: /],
    ['sctp-client.ts', [], 2, /^ADDRESS is missing; usage: /],
    ['sctp-client.ts', ['localhost:5678?tcp=1'], 1, /^INVALID_ADDRESS: .*udp=/],
    ['sctp-client.ts', ['127.0.0.1:1?udp=1'], 1, /^CONNECT_FAILED: /],
    ['dtls-sctp-echo-server.ts', ['localhost:0'], 2, /^missing: CERT KEY; usage: /],
    ['dtls-sctp-client.ts', ['localhost:1', 'localhost'], 2, /^missing: CAFILE; usage: /],
    ['dtls-sctp-client.ts', ['localhost:1?udp=1', 'localhost', CA_FILE], 1, /^INVALID_ADDRESS: .*sctp=/],
    ['dtls-sctp-client.ts', ['127.0.0.1:1', 'localhost', CA_FILE], 1, /^CONNECT_FAILED: /],
    ['dtls-sctp-client.ts', ['localhost:1', 'localhost', 'no-such-file'], 1, /ENOENT.*no-such-file/],
    ['dtls-sctp-echo-server.ts', ['localhost:0', ...SERVER_FILES.toReversed()], 1, /^INVALID_OPTION: .*tls/],
    ['tcp-client.ts', ['localhost'], 1, /^INVALID_ADDRESS: .*port/],
    ['tcp-client-blaster.ts', ['127.0.0.1:1'], 1, /^CONNECT_FAILED: /],
    ['tls-client.ts', ['localhost:1', 'localhost', 'no-such-file'], 1, /ENOENT.*no-such-file/],
    ['tls-echo-server.ts', ['localhost:0', ...SERVER_FILES.toReversed()], 1, /^INVALID_OPTION: .*tls/],
  ]
  for (const [file, args, code, message] of cases) {
    test(`ends ${[file, ...args].join(' ')} with exit code ${code}`, async () => {
      const run = await runToEnd(file, ...args)
      assert.match(run.stderr, message)
      assert.equal(run.stdout, '')
      assert.equal(run.code, code)
    })
  }
})
