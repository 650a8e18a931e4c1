import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ConnectDatagram, connect, listen } from '../../src/index.ts'
import { jsonLines, Program, run, temporary } from './program.ts'

describe('echo and ping', { concurrency: true }, () => {
  test('ping prints each round trip and the statistics', async () => {
    const echo = new Program('echo', 'tcp://127.0.0.1:0')
    const { code, stdout, stderr } = await run('ping', await echo.address(), '--interval-ms', '1')
    assert.equal(stderr, '')
    assert.equal(code, 0)
    for (const seq of [1, 2, 3, 4])
      assert.match(stdout, new RegExp(`^64 bytes from .*: seq=${seq} time=`, 'm'))
    assert.match(stdout, /^4 round trips with tcp:.*, 64 bytes each way$/m)
    assert.match(stdout, /^min [\d.]+ ms, avg [\d.]+ ms, p50 [\d.]+ ms, p99 [\d.]+ ms, max [\d.]+ ms$/m)
    await echo.says(/connection 1 closed: 4 datagrams, 256 bytes/)
  })

  test('with --json, echo and ping write JSON and nothing else', async () => {
    const echo = new Program('echo', `unix://${temporary('echo.sock')}`, '--json')
    const options = ['--json', '--count', '100', '--interval-ms', '0', '--bytes', '70000']
    const ping = await run('ping', await echo.address(), ...options)
    await echo.says(/"closed"/)
    echo.signal('SIGINT')
    const { code, stdout, stderr } = await echo.result()
    assert.equal(code, 0)
    assert.deepEqual(
      jsonLines(stdout).map(({ event }) => event),
      ['listening'],
    )
    assert.deepEqual(
      jsonLines(stderr).map(({ event }) => event),
      ['opened', 'closed'],
    )
    const [summary, ...more] = jsonLines(ping.stdout)
    assert.deepEqual(more, [])
    assert.equal(summary?.['roundTrips'], 100)
    assert.equal(summary?.['bytes'], 70_000)
    const { minMs, p50Ms, p99Ms, maxMs } = summary as Record<string, number>
    assert.ok(0 < minMs! && minMs! <= p50Ms! && p50Ms! <= p99Ms! && p99Ms! <= maxMs!)
  })

  test('a connection that breaks off does not stop echo', async () => {
    const echo = new Program('echo', 'tcp://127.0.0.1:0')
    const address = await echo.address()
    const bad = await connect(address)
    await echo.says(/connection 1 opened: tcp:/)
    bad.abort()
    await echo.says(/connection 1 failed: CONNECTION_RESET: /)
    await using good = await connect(address)
    await good.writer.send(new ConnectDatagram(9, 'still there?'))
    const answer = await good.reader.receive()
    assert.equal(answer?.recipient, 9)
    assert.equal(answer?.text(), 'still there?')
  })

  test('ping fails when an answer differs from what was sent', async () => {
    await using server = await listen('tcp://127.0.0.1:0')
    const ping = run('ping', server.address, '--json')
    const connection = await server.accept()
    const asked = await connection!.reader.receive()
    const wrong = asked!.data.slice()
    wrong[7] = 2
    await connection!.writer.send(new ConnectDatagram(0, wrong))
    const { code, stderr } = await ping
    assert.equal(code, 1)
    assert.deepEqual(jsonLines(stderr), [
      { error: { code: 'WRONG_ANSWER', message: 'round trip 1: sequence number 2 came back' } },
    ])
  })

  test('ping fails when nothing comes back in time', async () => {
    await using server = await listen('tcp://127.0.0.1:0')
    const { code, stdout, stderr } = await run('ping', server.address, '--timeout-ms', '50')
    assert.equal(code, 1)
    assert.match(stdout, /^0 round trips/)
    assert.match(stderr, /^connect-ts: NO_ANSWER: round trip 1: no answer within 50 ms/)
  })
})
