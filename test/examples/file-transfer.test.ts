import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Run, runToEnd, startServer, WAIT_MS } from './run-example.ts'

const MAIN = 'file-transfer/main.ts'

const folder = mkdtempSync(join(tmpdir(), 'connect-ts-'))
after(() => rmSync(folder, { recursive: true }))

function file(name: string, content: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

let endlessFiles = 0

/** So large that it is never carried to its end; it takes no room on the disk. */
function endlessFile(): string {
  const path = file(`endless-${++endlessFiles}`, new Uint8Array())
  truncateSync(path, 1e12)
  return path
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function assertCarried(run: Run & { code: unknown }, content: Uint8Array): void {
  assert.equal(run.stderr, '')
  assert.equal(run.code, 0)
  const messages = Math.ceil(content.length / 65_536)
  const size = `${content.length.toLocaleString('en')} bytes in ${messages} message${messages === 1 ? '' : 's'}, `
  const [first = ''] = run.stdout.split('\n')
  assert.match(first, /, in datagrams of 64 KiB$/)
  // The first line holds a path, which may have any length.
  assert.deepEqual(
    run.stdout.split('\n').filter(line => line !== first && line.length > 80),
    [],
  )
  const legs = run.stdout.split(/^(?=t\w+:\/\/)/m).slice(1)
  assert.deepEqual(
    legs.map(leg => leg.slice(0, 6)),
    ['tcp://', 'tls://'],
  )
  for (const leg of legs) {
    assert.ok(leg.includes(size), leg)
    assert.match(leg, / m?s\n {2}[\d,]+\.\d\d MB\/s of file bytes each way, [\d,]+ messages\/s\n/)
    assert.ok(leg.includes(`SHA-256 ${sha256(content)}\n`), leg)
    assert.match(leg, /at the server and back at the client: order ok, SHA-256 ok\n$/)
  }
}

/** The processes that a run has started, by their ids: the server and, once it is there, the client. */
function childrenOf(run: Run): number[] {
  return execFileSync('pgrep', ['-P', String(run.pid)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number)
}

/** A process that has ended counts as gone even while nobody has asked for its exit code. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout !== '' && !stdout.startsWith('Z')
}

async function assertGone(pids: readonly number[]): Promise<void> {
  const end = Date.now() + WAIT_MS
  while (pids.some(isAlive) && Date.now() < end) await sleep(10)
  assert.deepEqual(pids.filter(isAlive), [])
}

describe('the file transfer', { concurrency: 4 }, () => {
  test('carries the sample when none is named', async () => {
    const run = await runToEnd(MAIN)
    assertCarried(run, readFileSync(new URL('../../examples/file-transfer/sample.txt', import.meta.url)))
  })

  test('carries a file of 5 MB', async () => {
    const content = randomBytes(5_000_000)
    assertCarried(await runToEnd(MAIN, file('5MB', content)), content)
  })

  test('carries an empty file as no datagram', async () => {
    assertCarried(await runToEnd(MAIN, file('empty', new Uint8Array())), new Uint8Array())
  })

  test('refuses a path that is no file', async () => {
    const missing = await runToEnd(MAIN, join(folder, 'no-such-file'))
    assert.match(missing.stderr, /^cannot read .*no-such-file: ENOENT/)
    assert.equal(missing.code, 2)
    const directory = await runToEnd(MAIN, folder)
    assert.match(directory.stderr, /^cannot send .*: it is not a file\n$/)
    assert.equal(directory.code, 2)
  })

  test('takes a relative path from where npm was called', async () => {
    const content = randomBytes(2 * 65_536)
    file('relative', content)
    const run = new Run(MAIN, ['relative'], { INIT_CWD: folder })
    assertCarried(Object.assign(run, { code: await run.exit() }), content)
  })
})

describe('the processes of the file transfer', { concurrency: 4 }, () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGKILL', 'SIGKILL'],
  ] as const) {
    test(`end with the program on ${signal}`, async () => {
      const run = new Run(MAIN, [endlessFile()])
      await run.printed(/^tcp:/m)
      const children = childrenOf(run)
      assert.equal(children.length, 2)
      run.kill(signal)
      assert.equal(await run.exit(), code)
      await assertGone(children)
    })
  }

  test('end when the client dies', async () => {
    const run = new Run(MAIN, [endlessFile()])
    await run.printed(/^tcp:/m)
    const children = childrenOf(run)
    process.kill(children.at(-1)!, 'SIGKILL')
    assert.equal(await run.exit(), 1)
    assert.match(run.stderr, /^the client was ended by signal 9\n/m)
    await assertGone(children)
  })

  test('end when the server dies', async () => {
    const run = new Run(MAIN, [endlessFile()])
    await run.printed(/^tcp:/m)
    const children = childrenOf(run)
    process.kill(children[0]!, 'SIGKILL')
    assert.equal(await run.exit(), 1)
    // Where the stream happens to be cut: in unread data, in a frame, or between two.
    assert.match(run.stderr, /^(CONNECTION_RESET: |STREAM_TRUNCATED: |the server ended .* missing .*\n)/)
    await assertGone(children)
  })

  test('show at most one line of progress a second in a pipe', async () => {
    const start = performance.now()
    const run = new Run(MAIN, [endlessFile()])
    await run.printed(/^ +0% {2}[\d,]+ of 1,000,000 MB back {2}[\d,]+ MB\/s {2}[\d,]+ (?:s|min|h) left\n/m)
    const lines = run.stdout.match(/MB\/s/g)!.length
    assert.ok(lines <= (performance.now() - start) / 1000, `${lines} lines`)
    run.kill('SIGTERM')
    await run.exit()
  })
})

describe('the programs of the file transfer by hand', { concurrency: 4 }, () => {
  test('carry a file to a server that goes on', async () => {
    const { server, address } = await startServer('file-transfer/server.ts', 'tcp://127.0.0.1:0')
    const path = file('by-hand', randomBytes(100_000))
    for (let i = 0; i < 2; i++) {
      const client = await runToEnd('file-transfer/client.ts', path, address)
      assert.equal(client.stderr, '')
      assert.match(client.stdout, /order ok, SHA-256 ok\n$/)
    }
    assert.equal(server.stderr, '')
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    test(`a client that ${signal} stops in the middle: both ends say that it failed`, async () => {
      const { server, address } = await startServer('file-transfer/server.ts', 'tcp://127.0.0.1:0')
      const client = new Run('file-transfer/client.ts', [endlessFile(), address])
      await client.printed(/MB back/)
      client.kill(signal)
      assert.equal(await client.exit(), 1)
      assert.match(client.stderr, new RegExp(`^ABORTED: .*stopped by ${signal}\n$`))
      await server.printed(
        /^connection from tcp:\S+ failed: (CONNECTION_RESET|STREAM_TRUNCATED): /m,
        'stderr',
      )
    })
  }

  test('a server that is stopped in the middle: both ends say that it failed', async () => {
    const { server, address } = await startServer('file-transfer/server.ts', 'tcp://127.0.0.1:0')
    const client = new Run('file-transfer/client.ts', [endlessFile(), address])
    await client.printed(/MB back/)
    server.kill('SIGTERM')
    assert.equal(await server.exit(), 1)
    assert.equal(await client.exit(), 1)
    assert.match(server.stderr, /failed: ABORTED: .*stopped by SIGTERM/)
  })

  test('say what is missing', async () => {
    assert.equal((await runToEnd('file-transfer/server.ts')).code, 2)
    const client = await runToEnd('file-transfer/client.ts', 'file')
    assert.match(client.stderr, /^ADDRESS is missing/)
    assert.equal(client.code, 2)
  })
})
