import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { CuttingProxy } from '../session/cutting-proxy.ts'
import { Program, run, temporary } from './program.ts'

describe('session', { concurrency: true }, () => {
  test('a file arrives byte for byte through a network that breaks again and again', async t => {
    const file = temporary('session-file')
    const copy = temporary('session-copy')
    const content = randomBytes(5_000_123)
    writeFileSync(file, content)
    const listener = new Program('listen', 'tcp://127.0.0.1:0', '--session', '--once', '--output', copy)
    const mishap = { kind: 'both are reset', afterBytes: 400_000, ms: 0 } as const
    const proxy = await CuttingProxy.to(await listener.address(), () => mishap)
    t.after(() => proxy.close())
    const sent = await run('send', proxy.address, '--session', '--file', file)
    assert.equal(sent.code, 0, sent.stderr)
    assert.equal((await listener.result()).code, 0, listener.stderr)
    assert(proxy.cuts >= 10, `only ${proxy.cuts} cuts`)
    assert(readFileSync(copy).equals(content))
  })

  test('ping and echo take it, and one end alone says what is wrong', async () => {
    const echo = new Program('echo', 'tcp://127.0.0.1:0', '--session')
    const address = await echo.address()
    const both = await run('ping', address, '--session', '--count', '2', '--interval-ms', '1')
    assert.equal(both.code, 0, both.stderr)
    assert.match(both.stdout, /^2 round trips/m)
    const alone = await run('ping', address, '--count', '1')
    assert.equal(alone.code, 1)
    await echo.says(/turned away: VERSION_UNSUPPORTED: .*set session at both ends, or at neither/)
  })
})
