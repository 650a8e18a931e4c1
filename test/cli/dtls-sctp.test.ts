import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { promisify } from 'node:util'
import { ConnectDatagram, connect } from '../../src/index.ts'
import { certificates } from '../support/certificates.ts'
import { jsonLines, Program, run, temporary } from './program.ts'

const execute = promisify(execFile)

const folder = 'examples/certificates'
const server = ['--cert', `${folder}/localhost.pem`, '--key', `${folder}/localhost.key`]
const ca = ['--ca', `${folder}/ca.pem`]
const anyPort = 'dtls-sctp://127.0.0.1:0'

describe('dtls-sctp', { concurrency: true }, () => {
  test('ping reaches an echo whose certificate its authority has signed', async () => {
    const echo = new Program('echo', anyPort, ...server, '--alpn', 'a', '--alpn', 'b')
    const address = await echo.address()
    assert.match(address, /^dtls-sctp:\/\/127\.0\.0\.1:[1-9]\d*$/)
    const options = [...ca, '--server-name', 'localhost', '--alpn', 'b', '--interval-ms', '1']
    const { code, stdout, stderr } = await run('ping', address, ...options)
    assert.equal(stderr, '')
    assert.equal(code, 0)
    for (const seq of [1, 2, 3, 4])
      assert.match(stdout, new RegExp(`^64 bytes from dtls-sctp:.*: seq=${seq} time=`, 'm'))
    assert.match(stdout, /^4 round trips with dtls-sctp:.*, 64 bytes each way$/m)
    await echo.says(/connection 1 closed: 4 datagrams, 256 bytes/)
  })

  test('with --json and over IPv6, echo and ping write JSON, and Ctrl-C ends echo', async () => {
    const echo = new Program('echo', 'dtls-sctp://[::1]:0?sctp=7', '--json', ...server)
    const address = await echo.address()
    assert.match(address, /^dtls-sctp:\/\/\[::1\]:[1-9]\d*\?sctp=7$/)
    const options = ['--json', '--count', '20', '--interval-ms', '0', '--bytes', '70000']
    const ping = await run('ping', address, ...options, ...ca, '--server-name', 'localhost')
    assert.equal(ping.code, 0)
    assert.equal(jsonLines(ping.stdout)[0]?.['roundTrips'], 20)
    await echo.says(/"closed"/)
    echo.signal('SIGINT')
    const { code, stderr } = await echo.result()
    assert.equal(code, 0)
    assert.deepEqual(
      jsonLines(stderr).map(({ event }) => event),
      ['opened', 'closed'],
    )
  })

  test('a text arrives on a line with its recipient and length', async () => {
    const listener = new Program('listen', anyPort, '--once', ...server)
    const sent = await run('send', await listener.address(), 'Grüße!', '--recipient', '7', ...ca)
    assert.equal(sent.stderr, '')
    assert.equal(sent.code, 0)
    assert.match(sent.stdout, /^sent 1 datagram, 8 bytes \(8 B\) in /)
    const { code, stdout } = await listener.result()
    assert.equal(code, 0)
    assert.match(stdout, /^listening on dtls-sctp:.*\nrecipient 7, 8 bytes: Grüße!\n$/)
  })

  test('a file arrives byte for byte', async () => {
    const file = temporary('file')
    const copy = temporary('copy')
    const content = randomBytes(3_000_123)
    writeFileSync(file, content)
    const listener = new Program('listen', anyPort, '--once', '--output', copy, ...server)
    const sent = await run('send', await listener.address(), '--file', file, '--json', ...ca)
    assert.equal((await listener.result()).code, 0)
    assert.ok(readFileSync(copy).equals(content))
    const { datagrams, bytes, complete } = jsonLines(sent.stdout)[0]!
    assert.deepEqual({ datagrams, bytes, complete }, { datagrams: 46, bytes: 3_000_123, complete: true })
  })

  test('a connection that breaks off does not stop echo', async () => {
    const echo = new Program('echo', anyPort, ...server)
    const address = await echo.address()
    const tls = { ca: certificates.ca }
    const bad = await connect(address, { tls })
    await echo.says(/connection 1 opened: dtls-sctp:/)
    bad.abort()
    await echo.says(/connection 1 failed: CONNECTION_RESET: /)
    await using good = await connect(address, { tls })
    await good.writer.send(new ConnectDatagram(9, 'still there?'))
    assert.equal((await good.reader.receive())?.text(), 'still there?')
  })

  test('send refuses a server of an unknown authority, of another one, and of another name', async () => {
    const listener = new Program('listen', anyPort, ...server)
    const address = await listener.address()
    const wrong = [[], ['--ca', 'test/certificates/other-ca.pem'], [...ca, '--server-name', 'other']]
    for (const options of wrong) {
      const { code, stdout, stderr } = await run('send', address, 'a', ...options)
      assert.equal(code, 1)
      assert.equal(stdout, '')
      assert.match(stderr, /^connect-ts: CERTIFICATE_REJECTED: /)
    }
    await listener.says(/^turned away: CERTIFICATE_REJECTED: /m)
  })

  test('with --ca, listen takes only clients that have a certificate', async () => {
    const listener = new Program('listen', anyPort, ...server, ...ca, '--count', '1')
    const address = await listener.address()
    const without = await run('send', address, 'without', ...ca)
    assert.equal(without.code, 1)
    assert.match(without.stderr, /^connect-ts: CERTIFICATE_REJECTED: /)
    const own = ['--cert', `${folder}/client.pem`, '--key', `${folder}/client.key`]
    assert.equal((await run('send', address, 'with', ...ca, ...own)).code, 0)
    const { code, stdout } = await listener.result()
    assert.equal(code, 0)
    assert.match(stdout, /^listening on .*\nrecipient 0, 4 bytes: with\n$/)
  })

  test('a UDP port that another program listens on is a failure of listen', async () => {
    const first = new Program('echo', anyPort, ...server)
    const { code, stderr } = await run('listen', await first.address(), ...server)
    assert.equal(code, 1)
    assert.match(stderr, /^connect-ts: LISTEN_FAILED: .*UDP port \d+ is in use/)
  })

  test('without koffi, the message tells how to install it', async () => {
    const node = ['--import', 'tsx', '--import', './test/cli/without-koffi.ts', 'src/cli/main.ts']
    const ping = execute(process.execPath, [...node, 'ping', 'dtls-sctp://127.0.0.1:1'], { timeout: 180_000 })
    await assert.rejects(ping, ({ code, stdout, stderr }) => {
      assert.equal(code, 1)
      assert.equal(stdout, '')
      assert.match(
        stderr,
        /^connect-ts: TRANSPORT_UNAVAILABLE: .*koffi is not installed.*npm install koffi@3$/m,
      )
      return true
    })
  })
})
