import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { type ConnectError, type ConnectErrorCode, connect, listen } from '../../src/index.ts'
import { receiveNumbered, sendNumbered } from '../support/data.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { freshPath, unix } from '../support/media.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'
import { within } from '../support/waiting.ts'

failOnLeaks()

/** A socket file whose listener has died without removing it. */
async function staleFile(path: string): Promise<void> {
  const source = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  const child = spawn(process.execPath, ['-e', source], { stdio: 'ignore' })
  await within(new Promise(resolve => child.on('close', resolve)))
  assert(existsSync(path), 'the dead listener left no file')
}

/** Listening must fail; where it does not, the listener is closed so that only this test fails. */
async function assertNoListener(address: string, ...codes: ConnectErrorCode[]): Promise<ConnectError> {
  const listening = listen(address)
  try {
    return await failure(listening, ...codes)
  } finally {
    await listening.then(
      listener => listener.close(),
      () => {},
    )
  }
}

test('a socket file that is left over is taken over', async t => {
  const path = freshPath('stale')
  await staleFile(path)
  await failure(connect(`unix://${path}`), 'CONNECT_FAILED')
  const listener = await openListener(t, { ...unix, freshAddress: () => `unix://${path}` })
  const accepted = acceptOne(t, listener)
  await openClient(t, unix, listener.address)
  await accepted
})

test('a socket file that is in use is left alone', async t => {
  const listener = await openListener(t, unix)
  for (let i = 0; i < 3; i++) await failure(listen(listener.address), 'LISTEN_FAILED')
  const client = await openClient(t, unix, listener.address)
  await sendNumbered(client.writer, 1)
  // The probes of those who came too late may have been accepted before.
  for (let i = 0; i < 4; i++) {
    const connection = await acceptOne(t, listener)
    const datagram = await within(connection.reader.receive())
    if (datagram !== undefined) return
  }
  assert.fail('the good client was never accepted')
})

test('a file that is no socket is never removed', async () => {
  const path = freshPath('plain')
  writeFileSync(path, 'precious')
  await assertNoListener(`unix://${path}`, 'LISTEN_FAILED')
  assert.equal(statSync(path).size, 8)
  const directory = freshPath('directory')
  mkdirSync(directory)
  await assertNoListener(`unix://${directory}`, 'LISTEN_FAILED')
  assert(existsSync(directory), 'the directory was removed')
})

test('the file is there while it is listened on and gone after close', async t => {
  const path = freshPath('file')
  const listener = await openListener(t, { ...unix, freshAddress: () => `unix://${path}` })
  assert(statSync(path).isSocket(), 'it is no socket')
  await within(listener.close())
  assert(!existsSync(path), 'the file is still there')
})

for (const name of [
  'with space',
  'per%cent',
  '100%25',
  'Grüße-世界',
  'a#b?c',
  "quote'and&",
  '[::1]',
  'semi;colon:1',
]) {
  test(`a path with '${name}' is found by its address`, async t => {
    const path = freshPath(name)
    const address = `unix://${path.split('/').map(encodeURIComponent).join('/')}`
    const listener = await openListener(t, { ...unix, freshAddress: () => address })
    assert(statSync(path).isSocket(), 'the file has another name')
    assert.equal(listener.address, address)
    const accepted = acceptOne(t, listener)
    const client = await openClient(t, unix, listener.address)
    await sendNumbered(client.writer, 1)
    await receiveNumbered((await accepted).reader, 1)
  })
}

test('a path with a space or non-ASCII characters may also be written plainly', async t => {
  const path = freshPath('plain Grüße')
  await openListener(t, { ...unix, freshAddress: () => `unix://${path}` })
  assert(statSync(path).isSocket(), 'the file has another name')
})

test('an address without a usable path is refused', async () => {
  for (const bad of ['unix://', 'unix:///', 'unix://host/path', 'unix://host:1/path', 'unix:///a%zz']) {
    await failure(connect(bad), 'INVALID_ADDRESS')
    await failure(listen(bad), 'INVALID_ADDRESS')
  }
})

test('a path that cannot be bound or reached is told with its cause', async () => {
  const missing = join(freshPath('missing'), 'socket')
  assert((await assertNoListener(`unix://${missing}`, 'LISTEN_FAILED')).cause instanceof Error, 'no cause')
  assert((await failure(connect(`unix://${missing}`), 'CONNECT_FAILED')).cause instanceof Error, 'no cause')
  const long = freshPath('x'.repeat(120))
  await assertNoListener(`unix://${long}`, 'LISTEN_FAILED', 'INVALID_ADDRESS')
  await failure(connect(`unix://${long}`), 'CONNECT_FAILED', 'INVALID_ADDRESS')
})

test('an error names the folder that is missing, and a socket that is', async () => {
  const folder = freshPath('folders')
  mkdirSync(folder)
  const file = join(folder, 'file')
  writeFileSync(file, '')
  const missing = join(folder, 'missing')
  for (const attempt of [listen, connect]) {
    const code = attempt === listen ? 'LISTEN_FAILED' : 'CONNECT_FAILED'
    const absent = await failure(attempt(`unix://${missing}/deeper/a.sock`), code)
    assert.ok(absent.message.endsWith(` failed: the folder ${missing} does not exist`), absent.message)
    const none = await failure(attempt(`unix://${file}/a.sock`), code)
    assert.ok(none.message.endsWith(` failed: ${file} is not a folder`), none.message)
  }
  const socket = join(folder, 'a.sock')
  const nobody = await failure(connect(`unix://${socket}`), 'CONNECT_FAILED')
  assert.ok(nobody.message.endsWith(` failed: there is no socket ${socket}`), nobody.message)
  assert.equal((nobody.cause as { code: string }).code, 'ENOENT')
  const refused = await failure(connect(`unix://${file}`), 'CONNECT_FAILED')
  assert.match(refused.message, /ECONNREFUSED/)
})

test('listening that is aborted when a client is in breaks that off', async () => {
  for (const session of [undefined, {}]) {
    const controller = new AbortController()
    const path = freshPath('aborted')
    const listening = listen(`unix://${path}`, {
      signal: controller.signal,
      ...(session === undefined ? {} : { session }),
    })
    const failed = failure(listening, 'ABORTED')
    // The path is there some turns before listen() returns.
    while (!existsSync(path)) await new Promise(resolve => setImmediate(resolve))
    const socket = createConnection(path).on('error', () => {})
    const closed = new Promise(resolve => socket.resume().on('close', resolve))
    controller.abort()
    await within(failed)
    await within(closed)
  }
})
