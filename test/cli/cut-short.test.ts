import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileInput } from '../../src/cli/input.ts'
import { ConnectDatagram, type Connection, connect, listen } from '../../src/index.ts'
import { jsonLines, Program, runWith, ShellProgram, temporary } from './program.ts'

const serverFiles = [
  '--cert',
  'examples/certificates/localhost.pem',
  '--key',
  'examples/certificates/localhost.key',
]
const clientFiles = ['--ca', 'examples/certificates/ca.pem']

/** Addresses to listen on, and what the two ends need to know beside them. */
const schemes: readonly (readonly [string, () => string, string[], string[]])[] = [
  ['tcp', () => 'tcp://127.0.0.1:0', [], []],
  ['tls', () => 'tls://localhost:0', serverFiles, clientFiles],
  ['unix', () => `unix://${temporary(`cut-${++sockets}.sock`)}`, [], []],
  ['sctp', () => 'sctp://127.0.0.1:0?udp=0', [], []],
  ['dtls-sctp', () => 'dtls-sctp://localhost:0', serverFiles, clientFiles],
]
let sockets = 0

const signals = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const

/** Waits until the file has so many bytes. */
async function holds(path: string, bytes: number): Promise<void> {
  for (let waited = 0; waited < 180_000; waited += 10) {
    if (existsSync(path) && readFileSync(path).length === bytes) return
    await sleep(10)
  }
  throw new Error(`${path} never held ${bytes} bytes`)
}

/** Reads to the end, which must be none. */
async function assertBroken({ reader }: Connection): Promise<void> {
  await assert.rejects(
    async () => {
      for await (const _ of reader) {
        // nothing
      }
    },
    { name: /ConnectError|SessionLostError/ },
  )
}

describe('a sender that is stopped', { concurrency: 4 }, () => {
  for (const [i, [scheme, address, serverOptions, clientOptions]] of schemes.entries()) {
    for (const session of [[], ['--session']]) {
      const [signal, code] = signals[(i + session.length) % 3]!
      test(`between two datagrams on ${[scheme, ...session].join(' ')} by ${signal}: neither end says that all went well`, async () => {
        const copy = temporary(`copy-${scheme}${session}`)
        const listener = new Program(
          'listen',
          address(),
          '--once',
          '--output',
          copy,
          ...serverOptions,
          ...session,
        )
        const sender = new Program('send', await listener.address(), '--lines', ...clientOptions, ...session)
        sender.type('one\n')
        await holds(copy, 3)
        sender.signal(signal)
        const sent = await sender.result()
        assert.equal(sent.code, code, sent.stderr)
        assert.match(sent.stdout, /^stopped: at most 1 datagram, 3 bytes .* the receiver is told/)
        const received = await listener.result()
        assert.equal(received.code, 1, received.stderr)
        assert.match(received.stderr, /^connect-ts: (CONNECTION_RESET|STREAM_TRUNCATED|SESSION_LOST): /m)
        assert.ok(
          received.stderr.includes(`${copy} is incomplete: it holds 1 datagram, 3 bytes\n`),
          received.stderr,
        )
        assert.equal(readFileSync(copy, 'utf8'), 'one')
      })
    }
  }

  test('in the middle of a large --file: the receiver gets an error, and JSON tells that it is incomplete', async () => {
    await using server = await listen('tcp://127.0.0.1:0')
    const file = temporary('large')
    writeFileSync(file, '')
    truncateSync(file, 2 ** 32)
    const sender = new Program('send', server.address, '--file', file, '--json')
    const connection = (await server.accept())!
    assert.equal((await connection.reader.receive())?.byteLength, 65_536)
    sender.signal('SIGINT')
    await assertBroken(connection)
    const { code, stdout } = await sender.result()
    assert.equal(code, 130)
    assert.equal(jsonLines(stdout)[0]!['complete'], false)
  })

  test('when all is sent and the receiver has not ended yet: it does not say that all went well', async () => {
    await using server = await listen('tcp://127.0.0.1:0', { allowHalfOpen: true })
    const sender = new Program('send', server.address, 'text')
    const connection = (await server.accept())!
    assert.equal((await connection.reader.receive())?.text(), 'text')
    assert.equal(await connection.reader.receive(), undefined)
    sender.signal('SIGTERM')
    await assert.rejects(connection.closed)
    assert.equal((await sender.result()).code, 143)
  })
})

describe('a sender whose receiver ends before all was sent', { concurrency: 4 }, () => {
  for (const options of [{}, { session: true }] as const) {
    test(`breaks off, so that one that still reads knows: ${JSON.stringify(options)}`, async () => {
      await using server = await listen('tcp://127.0.0.1:0', { ...options, allowHalfOpen: true })
      const sender = new Program(
        'send',
        server.address,
        '--lines',
        ...Object.keys(options).map(name => `--${name}`),
      )
      sender.type('one\n')
      const connection = (await server.accept())!
      assert.equal((await connection.reader.receive())?.text(), 'one')
      await connection.writer.close()
      await assertBroken(connection)
      const { code, stderr } = await sender.result()
      assert.equal(code, 1)
      assert.match(stderr, /^connect-ts: PEER_ENDED: /m)
    })
  }

  test('has done its work if nothing was left to send', async () => {
    await using server = await listen('tcp://127.0.0.1:0')
    const sender = new Program('send', server.address, 'text')
    const connection = (await server.accept())!
    assert.equal((await connection.reader.receive())?.text(), 'text')
    await connection.close()
    assert.equal((await sender.result()).code, 0)
  })
})

describe('an input that breaks', { concurrency: 4 }, () => {
  test('a file that becomes shorter while it is read: both ends fail', async () => {
    await using server = await listen('tcp://127.0.0.1:0')
    const file = temporary('shrinking')
    writeFileSync(file, '')
    truncateSync(file, 2 ** 30)
    const sender = new Program('send', server.address, '--file', file)
    const connection = (await server.accept())!
    await connection.reader.receive()
    truncateSync(file, 1000)
    await assertBroken(connection)
    const { code, stderr } = await sender.result()
    assert.equal(code, 1)
    assert.match(
      stderr,
      /^connect-ts: FILE_FAILED: .*shrinking became shorter while it was read: it had 1073741824 bytes, \d+ were read$/m,
    )
  })

  // Reading it from the start is an input/output error, as long as the process lives whose memory it is.
  const unreadable = '/proc/self/mem'
  const skip = existsSync(unreadable) ? false : `NOT RUN: there is no ${unreadable}`

  test('a file that cannot be read to its end: both ends fail', { skip }, async () => {
    await using server = await listen('tcp://127.0.0.1:0')
    const sender = new Program('send', server.address, '--file', unreadable)
    const connection = (await server.accept())!
    await assertBroken(connection)
    const { code, stderr } = await sender.result()
    assert.equal(code, 1)
    assert.match(stderr, /^connect-ts: FILE_FAILED: cannot read \/proc\/self\/mem: EIO/m)
  })

  test('standard input that cannot be read to its end: both ends fail', { skip }, async () => {
    await using server = await listen('tcp://127.0.0.1:0')
    const sender = new ShellProgram(`exec 3< ${unreadable}; "$@" <&3; exit $?`, 'send', server.address)
    const connection = (await server.accept())!
    await assertBroken(connection)
    const { code, stderr } = await sender.result()
    assert.equal(code, 1)
    assert.match(stderr, /^connect-ts: FILE_FAILED: cannot read standard input: EIO/m)
  })

  test('a file of the kernel, which holds less than it says, is whole', { skip }, async () => {
    const path = '/sys/kernel/profiling'
    if (!existsSync(path)) return
    await using server = await listen('tcp://127.0.0.1:0')
    const sender = new Program('send', server.address, '--file', path)
    const connection = (await server.accept())!
    assert.equal((await connection.reader.receive())?.text(), readFileSync(path, 'utf8'))
    assert.equal(await connection.reader.receive(), undefined)
    assert.equal((await sender.result()).code, 0)
  })

  test('a named pipe is read as it comes, and can be left while nothing comes', async () => {
    await using server = await listen('tcp://127.0.0.1:0')
    const pipe = temporary('pipe')
    execFileSync('mkfifo', [pipe])
    // Open for both: so it neither waits for a reader nor ends.
    const writer = openSync(pipe, 'r+')
    writeSync(writer, 'one\n')
    const sender = new Program('send', server.address, '--lines', '--file', pipe)
    const connection = (await server.accept())!
    assert.equal((await connection.reader.receive())?.text(), 'one')
    sender.signal('SIGINT')
    await assertBroken(connection)
    assert.equal((await sender.result()).code, 130)
    closeSync(writer)
  })
})

describe('a full disk', { concurrency: 4 }, () => {
  const full = '/dev/full'
  const skip = existsSync(full) ? false : `NOT RUN: there is no ${full}`

  test('is a failure of listen --output, even where only the last byte did not fit', { skip }, async () => {
    const listener = new Program('listen', 'tcp://127.0.0.1:0', '--once', '--output', full)
    await runWith('x', 'send', await listener.address())
    const { code, stderr } = await listener.result()
    assert.equal(code, 1)
    assert.match(stderr, /^connect-ts: FILE_FAILED: cannot write to \/dev\/full: ENOSPC/m)
    assert.doesNotMatch(stderr, /Unhandled|at .*\.ts:/)
  })

  for (const args of [
    ['send', 'ADDRESS', 'text'],
    ['send', 'ADDRESS', 'text', '--json'],
    ['--help'],
    ['--version'],
  ]) {
    test(`under standard output is a failure of ${args.join(' ')}`, { skip }, async () => {
      await using server = await listen('tcp://127.0.0.1:0')
      void server.accept().then(connection => connection?.reader.receive().then(() => connection.close()))
      const program = new ShellProgram(
        `exec "$@" > ${full}`,
        ...args.map(arg => (arg === 'ADDRESS' ? server.address : arg)),
      )
      const { code, stderr } = await program.result()
      assert.equal(code, 1)
      assert.match(stderr, /FILE_FAILED.*cannot write to standard output: ENOSPC/)
    })
  }
})

describe('other commands that are cut short', { concurrency: 4 }, () => {
  test('ping before --count was reached breaks off', async () => {
    await using server = await listen('tcp://127.0.0.1:0')
    const ping = new Program('ping', server.address, '--count', '2', '--interval-ms', '600000')
    const connection = (await server.accept())!
    await connection.writer.send((await connection.reader.receive())!)
    await ping.says(/seq=1 /)
    ping.signal('SIGINT')
    await assertBroken(connection)
    assert.equal((await ping.result()).code, 130)
  })

  test('echo breaks off a client that sends more than it sends back', async () => {
    const echo = new Program('echo', 'tcp://127.0.0.1:0')
    const connection = await connect(await echo.address(), { allowHalfOpen: true })
    await connection.writer.send(new ConnectDatagram(1, 'one'))
    assert.equal((await connection.reader.receive())?.text(), 'one')
    echo.signal('SIGTERM')
    assert.equal(await connection.reader.receive(), undefined)
    await assert.rejects(async () => {
      for (let i = 0; i < 6000; i++) {
        await connection.writer.send(new ConnectDatagram(1, 'two'))
        await sleep(10)
      }
    })
    const { code, stderr } = await echo.result()
    assert.equal(code, 0)
    assert.match(stderr, /connection 1 failed: NOT_TAKEN: /)
  })

  for (const scheme of ['tcp', 'sctp']) {
    test(`echo on ${scheme} that is stopped at once, in the middle of its echoes, breaks off`, async () => {
      const echo = new Program('echo', `${scheme}://127.0.0.1:0${scheme === 'sctp' ? '?udp=0' : ''}`)
      // It does not read, so that the echoes are stuck.
      const connection = await connect(await echo.address(), { receiveQueueBytes: 1 })
      const data = new Uint8Array(1_000_000)
      const sending = (async () => {
        for (let i = 0; i < 100; i++) await connection.writer.send(new ConnectDatagram(1, data))
      })().catch(() => {})
      await echo.says(/opened/)
      await sleep(500)
      echo.signal('SIGINT')
      await echo.says(/once more stops at once/)
      echo.signal('SIGINT')
      assert.equal((await echo.result()).code, 130)
      await assertBroken(connection)
      await sending
    })
  }
})

test('a file that says it is empty, as those of /proc do, counts as sent only when its end was read', async () => {
  const path = temporary('says-empty')
  writeFileSync(path, '')
  const input = await fileInput(path)
  try {
    assert.equal(input.totalBytes, undefined)
    assert.equal(input.exhausted, false)
    for await (const _ of input.chunks(new AbortController().signal)) assert.fail('it has bytes')
    assert.equal(input.exhausted, true)
  } finally {
    input.dispose()
  }
})
