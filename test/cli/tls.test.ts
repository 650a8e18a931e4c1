import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Program, run } from './program.ts'

const folder = 'examples/certificates'
const server = ['--cert', `${folder}/localhost.pem`, '--key', `${folder}/localhost.key`]
const ca = ['--ca', `${folder}/ca.pem`]

describe('tls', { concurrency: true }, () => {
  test('ping reaches an echo whose certificate its authority has signed', async () => {
    const echo = new Program('echo', 'tls://127.0.0.1:0', ...server, '--alpn', 'a', '--alpn', 'b')
    const options = [...ca, '--server-name', 'localhost', '--alpn', 'b', '--count', '2', '--interval-ms', '1']
    const { code, stdout } = await run('ping', await echo.address(), ...options)
    assert.equal(code, 0)
    assert.match(stdout, /^2 round trips with tls:/m)
  })

  test('send refuses a server whose authority is unknown', async () => {
    const listener = new Program('listen', 'tls://127.0.0.1:0', ...server)
    const { code, stderr } = await run('send', await listener.address(), 'a')
    assert.equal(code, 1)
    assert.match(stderr, /^connect-ts: CERTIFICATE_REJECTED: /)
  })

  test('send refuses a server of another name', async () => {
    const listener = new Program('listen', 'tls://127.0.0.1:0', ...server)
    const { code, stderr } = await run('send', await listener.address(), 'a', ...ca, '--server-name', 'other')
    assert.equal(code, 1)
    assert.match(stderr, /^connect-ts: CERTIFICATE_REJECTED: /)
  })

  test('with --ca, listen takes only clients that have a certificate', async () => {
    const listener = new Program('listen', 'tls://127.0.0.1:0', ...server, ...ca, '--count', '1')
    const address = await listener.address()
    assert.equal((await run('send', address, 'without', ...ca)).code, 1)
    const own = ['--cert', `${folder}/client.pem`, '--key', `${folder}/client.key`]
    assert.equal((await run('send', address, 'with', ...ca, ...own)).code, 0)
    const { code, stdout } = await listener.result()
    assert.equal(code, 0)
    assert.match(stdout, /^listening on .*\nrecipient 0, 4 bytes: with\n$/)
  })

  test('a file that cannot be read and a key that is missing are named', async () => {
    const missing = await run('send', 'tls://127.0.0.1:1', 'a', '--ca', 'no-such.pem')
    assert.equal(missing.code, 1)
    assert.match(missing.stderr, /FILE_FAILED: cannot read --ca .*no-such\.pem/)
    const alone = await run('send', 'tls://127.0.0.1:1', 'a', '--cert', `${folder}/client.pem`)
    assert.equal(alone.code, 2)
    assert.match(alone.stderr, /INVALID_OPTION: option tls\.key is missing/)
  })
})
