import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import promises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { connect, type Listener, listen } from '../../src/index.ts'
import { boundSocket } from '../support/bound-socket.ts'
import { receiveNumbered, sendNumbered } from '../support/data.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { freshPath, unix } from '../support/media.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'
import { runProgram } from '../support/programs/run.ts'
import { sleep, within } from '../support/waiting.ts'

failOnLeaks()

/** A path in a folder of its own, so that all that lies beside it is seen. */
function lonelyPath(name = 'socket'): string {
  const folder = freshPath('folder')
  mkdirSync(folder)
  return join(folder, name)
}

function listenAt(t: TestContext, path: string, options = {}): Promise<Listener> {
  return openListener(t, { ...unix, freshAddress: () => `unix://${path}` }, options)
}

async function assertReached(t: TestContext, listener: Listener, path: string): Promise<void> {
  const accepted = acceptOne(t, listener)
  const client = await openClient(t, unix, `unix://${path}`)
  await sendNumbered(client.writer, 1)
  await receiveNumbered((await accepted).reader, 1)
}

async function staleFile(path: string): Promise<void> {
  const source = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  const child = spawn(process.execPath, ['-e', source], { stdio: 'ignore' })
  await within(new Promise(resolve => child.on('close', resolve)))
  assert(existsSync(path), 'the dead listener left no file')
}

/** Replaces a function of `node:fs/promises` until the test's end. */
function replace<K extends 'link' | 'chmod' | 'readFile'>(
  t: TestContext,
  name: K,
  make: (original: (typeof promises)[K]) => unknown,
): void {
  const original = promises[name]
  const put = (value: unknown): void => {
    Object.assign(promises, { [name]: value })
    syncBuiltinESMExports()
  }
  t.after(() => put(original))
  put(make(original))
}

function withoutListOfSockets(t: TestContext): void {
  replace(t, 'readFile', original => (path: string, ...rest: [BufferEncoding]) => {
    if (path === '/proc/net/unix') return Promise.reject(new Error('no such list here'))
    return original(path, ...rest)
  })
}

const refusedLink = (code: string) => () => () =>
  Promise.reject(Object.assign(new Error(`${code}: no links`), { code }))

describe('close() of a listener on a Unix socket', () => {
  test('leaves the socket of a successor that has taken the path', async t => {
    const path = lonelyPath()
    const first = await listenAt(t, path)
    unlinkSync(path)
    const second = await listenAt(t, path)
    const { ino } = statSync(path)
    await within(first.close())
    assert.equal(statSync(path).ino, ino)
    await assertReached(t, second, path)
    await within(second.close())
    assert.deepEqual(readdirSync(dirname(path)), [])
  })

  test('leaves a file that lies at the path instead', async t => {
    const path = lonelyPath()
    const listener = await listenAt(t, path)
    unlinkSync(path)
    writeFileSync(path, 'precious')
    await within(listener.close())
    assert.equal(readFileSync(path, 'utf8'), 'precious')
  })

  test('removes nothing when it is called again, though a successor has the same inode', async t => {
    const path = lonelyPath()
    const first = await listenAt(t, path)
    await within(first.close())
    const second = await listenAt(t, path)
    await within(first.close())
    await assertReached(t, second, path)
  })

  test('does not mind that the file is gone', async t => {
    const path = lonelyPath()
    const listener = await listenAt(t, path)
    unlinkSync(path)
    await within(listener.close())
  })
})

describe('listening on a Unix socket', () => {
  test('leaves nothing beside its file, when it succeeds and when it fails', async t => {
    const path = lonelyPath()
    const listener = await listenAt(t, path)
    assert.deepEqual(readdirSync(dirname(path)), [basename(path)])
    await failure(listen(`unix://${path}`), 'LISTEN_FAILED')
    assert.deepEqual(readdirSync(dirname(path)), [basename(path)])
    await within(listener.close())
    await staleFile(path)
    await listenAt(t, path)
    assert.deepEqual(readdirSync(dirname(path)), [basename(path)])
  })

  test('fails with words about its path, and the code of its cause', async t => {
    const path = lonelyPath()
    await listenAt(t, path)
    const inUse = await failure(listen(`unix://${path}`), 'LISTEN_FAILED')
    assert.match(inUse.message, /EADDRINUSE/)
    assert.equal((inUse.cause as NodeJS.ErrnoException).code, 'EADDRINUSE')
    const missing = join(freshPath('missing'), 'socket')
    const noFolder = await failure(listen(`unix://${missing}`), 'LISTEN_FAILED')
    assert.match(noFolder.message, /failed: the folder .+ does not exist$/)
    assert.equal((noFolder.cause as NodeJS.ErrnoException).code, 'ENOENT')
  })

  test('takes a path of the greatest length, with a name of four bytes or more', async t => {
    const longest = process.platform === 'linux' ? 107 : 103
    for (const nameBytes of [4, 12, 40]) {
      const base = dirname(lonelyPath())
      const folder = join(base, 'x'.repeat(longest - nameBytes - 2 - base.length))
      mkdirSync(folder)
      const path = join(folder, 'y'.repeat(nameBytes))
      assert.equal(path.length, longest)
      await staleFile(path)
      const listener = await listenAt(t, path)
      await assertReached(t, listener, path)
      await within(listener.close())
      assert.deepEqual(readdirSync(folder), [])
    }
  })

  test('works where the file system has no hard links, and still replaces nobody', async t => {
    for (const code of ['EPERM', 'ENOTSUP']) {
      const path = lonelyPath()
      replace(t, 'link', refusedLink(code))
      const listener = await listenAt(t, path)
      await assertReached(t, listener, path)
      await failure(listen(`unix://${path}`), 'LISTEN_FAILED')
      await within(listener.close())
      assert.deepEqual(readdirSync(dirname(path)), [])
    }
  })

  test('fails where the name cannot be given for another reason, and keeps no socket open', async t => {
    const path = lonelyPath()
    replace(t, 'link', refusedLink('EIO'))
    await failure(listen(`unix://${path}`), 'LISTEN_FAILED')
    assert.deepEqual(readdirSync(dirname(path)), [])
  })

  test('is given up by its signal at each step, and leaves no file', async t => {
    const path = lonelyPath()
    const abort = new AbortController()
    replace(t, 'chmod', original => async (...given: Parameters<typeof original>) => {
      await original(...given)
      abort.abort()
    })
    await failure(listen(`unix://${path}`, { socketMode: 0o600, signal: abort.signal }), 'ABORTED')
    assert.deepEqual(readdirSync(dirname(path)), [])
  })

  test('is shared by the workers of a cluster', async () => {
    const env = { ADDRESS: `unix://${lonelyPath()}` }
    assert.equal(await runProgram('cluster-on-unix', { env }), 2)
  })
})

describe('a socket that is bound and does not listen yet', () => {
  test('is not taken over, and listens afterwards', async t => {
    const path = lonelyPath()
    const bound = boundSocket(t, path)
    const { ino } = statSync(path)
    for (let i = 0; i < 3; i++) await failure(listen(`unix://${path}`), 'LISTEN_FAILED')
    assert.equal(statSync(path).ino, ino)
    assert.deepEqual(readdirSync(dirname(path)), [basename(path)])
    assert.equal(bound.listen(5), 0)
    const client = await within(connect(`unix://${path}`))
    client.abort()
  })

  test('is not taken over where it was bound by a relative path or through a link', async t => {
    const path = lonelyPath()
    boundSocket(t, relative(process.cwd(), path))
    await failure(listen(`unix://${path}`), 'LISTEN_FAILED')

    const other = lonelyPath()
    const alias = freshPath('alias')
    symlinkSync(dirname(other), alias)
    boundSocket(t, join(alias, 'socket'))
    await failure(listen(`unix://${other}`), 'LISTEN_FAILED')
  })

  test('of the same name in another folder keeps nobody from taking a dead one over', async t => {
    boundSocket(t, lonelyPath())
    const path = lonelyPath()
    await staleFile(path)
    await listenAt(t, path)
  })

  test('has two seconds to listen where the system does not tell of it', async t => {
    withoutListOfSockets(t)
    const path = lonelyPath()
    const bound = boundSocket(t, path)
    const listening = failure(listen(`unix://${path}`), 'LISTEN_FAILED')
    await sleep(100)
    assert.equal(bound.listen(5), 0)
    await listening
  })
})

test('a dead socket is taken over where the system lists none, once it is two seconds old', async t => {
  withoutListOfSockets(t)
  const path = lonelyPath()
  await staleFile(path)
  const { mtimeMs } = statSync(path)
  await listenAt(t, path)
  assert.ok(Date.now() - mtimeMs >= 1990, 'it was taken over at once')
})

describe('socketMode', () => {
  test('is the mode of the file, whatever the umask', async t => {
    const before = process.umask()
    t.after(() => process.umask(before))
    for (const umask of [0, 0o022, 0o777]) {
      process.umask(umask)
      for (const socketMode of [0o600, 0o660, 0o777, 0]) {
        const path = lonelyPathUnder(before)
        const listener = await listenAt(t, path, { socketMode })
        process.umask(umask)
        assert.equal(statSync(path).mode & 0o777, socketMode)
        await within(listener.close())
      }
    }
  })

  test('without it, the umask decides', async t => {
    const before = process.umask()
    t.after(() => process.umask(before))
    const path = lonelyPath()
    process.umask(0o027)
    await listenAt(t, path)
    assert.equal(statSync(path).mode & 0o777, 0o750)
  })

  test('is set before anybody else can reach the socket', async t => {
    const path = lonelyPath()
    const seen: unknown[] = []
    replace(t, 'chmod', original => async (file: string, mode: number) => {
      seen.push(existsSync(path), statSync(dirname(file)).mode & 0o777, statSync(file).isSocket())
      await original(file, mode)
    })
    await listenAt(t, path, { socketMode: 0o600 })
    assert.deepEqual(seen, [false, 0o700, true])
  })

  test('is refused where it is no mode, and on every other scheme', async () => {
    for (const socketMode of [600, -1, 0o1000, 1.5, '600', null]) {
      const refused = await failure(
        listen('unix:///tmp/never', { socketMode: socketMode as number }),
        'INVALID_OPTION',
      )
      assert.match(refused.message, /socketMode .*0o777/)
    }
    for (const address of ['tcp://127.0.0.1:0', 'memory://never', 'sctp://127.0.0.1:0?udp=0']) {
      await failure(listen(address, { socketMode: 0o600 }), 'INVALID_OPTION')
    }
  })
})

/** {@link lonelyPath}, made under an umask that lets this process in. */
function lonelyPathUnder(umask: number): string {
  const strict = process.umask(umask)
  const path = lonelyPath()
  process.umask(strict)
  return path
}
