import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { ConnectDatagram, connect, listen } from '../../src/index.ts'
import { jsonLines, Program, run, runWith, temporary } from './program.ts'

describe('send and listen', { concurrency: true }, () => {
  test('a text arrives on a line with its recipient and length', async () => {
    const listener = new Program('listen', 'tcp://127.0.0.1:0', '--once')
    const sent = await run('send', await listener.address(), 'Grüße!', '--recipient', '7')
    const { code, stdout } = await listener.result()
    assert.equal(sent.code, 0)
    assert.match(sent.stdout, /^sent 1 datagram, 8 bytes \(8 B\) in /)
    assert.equal(code, 0)
    assert.match(stdout, /^listening on tcp:.*\nrecipient 7, 8 bytes: Grüße!\n$/)
  })

  test('a file arrives byte for byte, in datagrams of --chunk-bytes', async () => {
    const file = temporary('file')
    const copy = temporary('copy')
    const content = randomBytes(10_000_123)
    writeFileSync(file, content)
    const listener = new Program('listen', `unix://${temporary('file.sock')}`, '--once', '--output', copy)
    const address = await listener.address()
    const sent = await run('send', address, '--file', file, '--chunk-bytes', '1000', '--json')
    assert.equal((await listener.result()).code, 0)
    assert.ok(readFileSync(copy).equals(content))
    const { datagrams, bytes, complete } = jsonLines(sent.stdout)[0]!
    assert.deepEqual({ datagrams, bytes, complete }, { datagrams: 10_001, bytes: 10_000_123, complete: true })
    assert.equal(sent.stderr, '', 'no progress bar in a pipe')
  })

  test('standard input arrives byte for byte on standard output with --output -', async () => {
    const listener = new Program('listen', 'tcp://127.0.0.1:0', '--once', '--output', '-')
    const content = randomBytes(3_000_001)
    const sent = await runWith(content, 'send', await listener.address())
    assert.equal((await listener.result()).code, 0)
    assert.ok(listener.bytes.equals(content))
    assert.match(sent.stdout, /^sent 46 datagrams, 3000001 bytes \(3\.00 MB\)/)
    assert.equal(sent.stderr, '', 'no progress bar in a pipe')
  })

  test('--lines sends each line as it comes; --json tells text from other data', async () => {
    const listener = new Program('listen', 'tcp://127.0.0.1:0', '--json', '--count', '3')
    const sender = new Program('send', await listener.address(), '--lines')
    sender.type('one\n\n')
    await listener.says(/"text":"one"/)
    sender.endInput(Buffer.from('two\n\xff', 'latin1'))
    const { code, stderr } = await sender.result()
    assert.equal(code, 0)
    assert.match(stderr, /skipped 1 empty line/)
    const [, ...datagrams] = jsonLines((await listener.result()).stdout)
    const common = { event: 'datagram', connection: 1, recipient: 0 }
    assert.deepEqual(datagrams, [
      { ...common, byteLength: 3, text: 'one' },
      { ...common, byteLength: 3, text: 'two' },
      { ...common, byteLength: 1, data: '/w==' },
    ])
  })

  test('an empty input sends nothing and says so', async () => {
    const listener = new Program('listen', 'tcp://127.0.0.1:0', '--once')
    const { code, stdout } = await run('send', await listener.address(), '-')
    assert.equal(code, 0)
    assert.equal(stdout, 'sent nothing: standard input is empty\n')
    assert.match((await listener.result()).stderr, /connection 1 closed: 0 datagrams, 0 bytes/)
  })

  test('a sender of more than --count takes is told that it failed', async () => {
    const listener = new Program('listen', 'tcp://127.0.0.1:0', '--count', '2')
    const sent = await runWith('1\n2\n3\n', 'send', await listener.address(), '--lines')
    assert.equal(sent.code, 1)
    const { code, stdout, stderr } = await listener.result()
    assert.equal(code, 0)
    assert.match(stdout, /: 1\nrecipient 0, 1 byte: 2\n$/)
    assert.match(stderr, /connection 1 failed: NOT_TAKEN: more came than --count 2 takes/)
  })

  test('--once fails when its connection failed', async () => {
    const listener = new Program('listen', 'tcp://127.0.0.1:0', '--once')
    const connection = await connect(await listener.address())
    await listener.says(/opened/)
    connection.abort()
    const { code, stderr } = await listener.result()
    assert.equal(code, 1)
    assert.match(stderr, /^connect-ts: CONNECTION_RESET: /m)
  })

  test('send waits for a receiver that reads late and takes what comes back', async () => {
    await using server = await listen('tcp://127.0.0.1:0')
    const sent = runWith(Buffer.alloc(20_000_000, 1), 'send', server.address)
    const connection = await server.accept()
    let bytes = 0
    for await (const datagram of connection!.reader) {
      bytes += datagram.byteLength
      await connection!.writer.send(new ConnectDatagram(1, datagram.data))
    }
    assert.equal((await sent).code, 0)
    assert.equal(bytes, 20_000_000)
  })

  test('send fails when the receiver ends before everything was sent', async () => {
    await using server = await listen('tcp://127.0.0.1:0')
    const sender = new Program('send', server.address, '--lines')
    sender.type('one\n')
    const connection = await server.accept()
    assert.equal((await connection!.reader.receive())?.text(), 'one')
    await assert.rejects(connection!.close())
    const { code, stderr } = await sender.result()
    assert.equal(code, 1)
    assert.match(stderr, /^connect-ts: PEER_ENDED: .* 1 datagram \(3 bytes\) went out before\n$/)
  })

  test('listen ends quietly when nobody reads its output any more', async () => {
    const listener = new Program('listen', 'tcp://127.0.0.1:0')
    const address = await listener.address()
    listener.closeOutput()
    const sender = new Program('send', address, '--lines')
    sender.type('one\n')
    assert.equal((await sender.result()).code, 1)
    const { code, stderr } = await listener.result()
    assert.equal(code, 0)
    assert.match(stderr, /^connection 1 opened: .*\n(connection 1 failed: ABORTED: .*\n)?$/)
  })
})
