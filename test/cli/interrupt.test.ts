import assert from 'node:assert/strict'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { ConnectDatagram, connect } from '../../src/index.ts'
import { jsonLines, Program, temporary } from './program.ts'

/** Feeds standard input as long as the program takes it. */
async function feed(program: Program): Promise<void> {
  for (let i = 0; i < 1000; i++) {
    program.type(`${'x'.repeat(999)}\n`.repeat(100))
    await sleep(5)
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 18_000 && !condition(); i++) await sleep(10)
}

describe('interrupt', { concurrency: true }, () => {
  test('send that is stopped says how much went out at most, and the receiver has no more', async () => {
    const copy = temporary('copy')
    const listener = new Program('listen', 'tcp://127.0.0.1:0', '--once', '--output', copy)
    const sender = new Program('send', await listener.address(), '--lines', '--json')
    void feed(sender)
    await until(() => existsSync(copy) && statSync(copy).size > 0)
    sender.signal('SIGINT')
    const { code, stdout } = await sender.result()
    assert.equal(code, 130)
    assert.equal((await listener.result()).code, 1)
    const { bytes, complete } = jsonLines(stdout)[0]!
    assert.equal(complete, false)
    assert.ok((bytes as number) > 0)
    const stored = readFileSync(copy).length
    assert.ok(stored <= (bytes as number), `${stored} of ${bytes}`)
  })

  test('listen that is stopped stores no more than its sender says, and exits with 0', async () => {
    const copy = temporary('stored')
    const listener = new Program('listen', `unix://${temporary('l.sock')}`, '--output', copy)
    const sender = new Program('send', await listener.address(), '--lines', '--json')
    void feed(sender)
    await until(() => existsSync(copy) && statSync(copy).size > 0)
    listener.signal('SIGINT')
    const received = await listener.result()
    assert.equal(received.code, 0)
    assert.match(received.stderr, /^connection 1 failed: /m)
    const { code, stdout, stderr } = await sender.result()
    assert.equal(code, 1)
    assert.equal((jsonLines(stderr)[0]!['error'] as { code: string }).code, 'PEER_ENDED')
    assert.ok(readFileSync(copy).length <= (jsonLines(stdout)[0]!['bytes'] as number))
  })

  test('listen that is stopped before --count was reached exits with 130', async () => {
    const listener = new Program('listen', 'tcp://127.0.0.1:0', '--count', '2')
    await listener.address()
    listener.signal('SIGINT')
    assert.equal((await listener.result()).code, 130)
  })

  test('echo sends back what has arrived, ends its connections and exits with 0', async () => {
    const echo = new Program('echo', 'tcp://127.0.0.1:0')
    const connection = await connect(await echo.address())
    for (let i = 0; i < 1000; i++) await connection.writer.send(new ConnectDatagram(1, `${i}`))
    await connection.writer.flush()
    const answers = [(await connection.reader.receive())?.text()]
    echo.signal('SIGINT')
    for await (const answer of connection.reader) answers.push(answer.text())
    await connection.close()
    assert.deepEqual(
      answers,
      Array.from({ length: 1000 }, (_, i) => `${i}`),
    )
    const { code, stderr } = await echo.result()
    assert.equal(code, 0)
    assert.match(stderr, /connection 1 closed: 1000 datagrams/)
  })

  test('ping prints the statistics so far and exits with 130', async () => {
    const echo = new Program('echo', 'tcp://127.0.0.1:0')
    const ping = new Program('ping', await echo.address(), '--count', '1000', '--interval-ms', '60000')
    await ping.says(/seq=1 /)
    ping.signal('SIGINT')
    const { code, stdout } = await ping.result()
    assert.equal(code, 130)
    assert.match(stdout, /^1 round trip with .*\nmin .*\n$/m)
  })

  test('ping that shall go on until it is interrupted has then done its work', async () => {
    const echo = new Program('echo', 'tcp://127.0.0.1:0')
    const ping = new Program('ping', await echo.address(), '--count', '0', '--interval-ms', '60000')
    await ping.says(/seq=1 /)
    ping.signal('SIGINT')
    assert.equal((await ping.result()).code, 0)
  })

  test('a second SIGINT ends a stop that hangs', async () => {
    const listener = new Program('listen', 'tcp://127.0.0.1:0')
    // Half-open, so that it does not follow the end of the listener that stops.
    const connection = await connect(await listener.address(), { allowHalfOpen: true })
    await listener.says(/opened/)
    listener.signal('SIGINT')
    await listener.says(/once more stops at once/)
    listener.signal('SIGINT')
    assert.equal((await listener.result()).code, 130)
    connection.abort()
  })

  test('a SIGINT that comes twice at once, as from npm, counts as one', async () => {
    const echo = new Program('echo', 'tcp://127.0.0.1:0')
    const connection = await connect(await echo.address(), { allowHalfOpen: true })
    await echo.says(/opened/)
    echo.signal('SIGINT')
    echo.signal('SIGINT')
    assert.equal(await connection.reader.receive(), undefined)
    await connection.close()
    assert.equal((await echo.result()).code, 0)
  })
})
