import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { ConnectDatagram, connect } from '../../src/index.ts'
import { jsonLines, Program, run, temporary } from './program.ts'

const anyPort = 'sctp://127.0.0.1:0?udp=0'

describe('sctp', { concurrency: true }, () => {
  test('ping reaches echo and prints each round trip and the statistics', async () => {
    const echo = new Program('echo', anyPort)
    const address = await echo.address()
    assert.match(address, /^sctp:\/\/127\.0\.0\.1:[1-9]\d*\?udp=[1-9]\d*$/)
    const { code, stdout, stderr } = await run('ping', address, '--interval-ms', '1')
    assert.equal(stderr, '')
    assert.equal(code, 0)
    for (const seq of [1, 2, 3, 4])
      assert.match(stdout, new RegExp(`^64 bytes from sctp:.*: seq=${seq} time=`, 'm'))
    assert.match(stdout, /^4 round trips with sctp:.*, 64 bytes each way$/m)
    await echo.says(/connection 1 closed: 4 datagrams, 256 bytes/)
  })

  test('with --json and over IPv6, echo and ping write JSON, and Ctrl-C ends echo', async () => {
    const echo = new Program('echo', 'sctp://[::1]:0?udp=0', '--json')
    const options = ['--json', '--count', '20', '--interval-ms', '0', '--bytes', '70000']
    const ping = await run('ping', await echo.address(), ...options)
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
    const listener = new Program('listen', anyPort, '--once')
    const sent = await run('send', await listener.address(), 'Grüße!', '--recipient', '7')
    assert.equal(sent.code, 0)
    assert.match(sent.stdout, /^sent 1 datagram, 8 bytes \(8 B\) in /)
    const { code, stdout } = await listener.result()
    assert.equal(code, 0)
    assert.match(stdout, /^listening on sctp:.*\nrecipient 7, 8 bytes: Grüße!\n$/)
  })

  test('a file arrives byte for byte', async () => {
    const file = temporary('file')
    const copy = temporary('copy')
    const content = randomBytes(3_000_123)
    writeFileSync(file, content)
    const listener = new Program('listen', anyPort, '--once', '--output', copy)
    const sent = await run('send', await listener.address(), '--file', file, '--json')
    assert.equal((await listener.result()).code, 0)
    assert.ok(readFileSync(copy).equals(content))
    const { datagrams, bytes, complete } = jsonLines(sent.stdout)[0]!
    assert.deepEqual({ datagrams, bytes, complete }, { datagrams: 46, bytes: 3_000_123, complete: true })
  })

  test('a connection that breaks off does not stop echo', async () => {
    const echo = new Program('echo', anyPort)
    const address = await echo.address()
    const bad = await connect(address)
    await echo.says(/connection 1 opened: sctp:/)
    bad.abort()
    await echo.says(/connection 1 failed: CONNECTION_RESET: /)
    await using good = await connect(address)
    await good.writer.send(new ConnectDatagram(9, 'still there?'))
    assert.equal((await good.reader.receive())?.text(), 'still there?')
  })

  test('a UDP port that another program listens on is a failure that tells what to do', async () => {
    const first = new Program('echo', anyPort)
    const { code, stderr } = await run('listen', await first.address())
    assert.equal(code, 1)
    assert.match(stderr, /^connect-ts: LISTEN_FAILED: .*UDP port \d+ is in use; \?udp=N /)
  })

  test('send fails where nobody listens on the SCTP port', async () => {
    const listener = new Program('listen', anyPort)
    const address = new URL(await listener.address())
    const { code, stderr } = await run('send', `sctp://127.0.0.1:1${address.search}`, 'a')
    assert.equal(code, 1)
    assert.match(stderr, /^connect-ts: CONNECT_FAILED: .*nobody listens/)
  })
})
