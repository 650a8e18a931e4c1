import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { AGAIN, aborted, ConnectError, ConnectErrorCode, counted } from '../src/errors.ts'
import { connect, listen } from '../src/index.ts'
import { SessionLostError } from '../src/session/session-lost-error.ts'
import { Unconfirmed } from '../src/session/unconfirmed.ts'

/** The codes that the table of docs/errors.md explains: its rows begin with a code. */
function documentedCodes(): string[] {
  const text = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8')
  return [...text.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(match => match[1]!)
}

describe('the codes', () => {
  it('are each called what they are', () => {
    for (const [name, code] of Object.entries(ConnectErrorCode)) assert.equal(code, name)
  })

  it('are each documented once in docs/errors.md, and no others', () => {
    assert.deepEqual(documentedCodes().sort(), Object.keys(ConnectErrorCode).sort())
  })

  it('have a comment each', () => {
    const source = readFileSync(new URL('../src/errors.ts', import.meta.url), 'utf8')
    for (const code of Object.keys(ConnectErrorCode)) {
      assert.match(source, new RegExp(`\\*/\\n  ${code}: '${code}',\\n`), code)
    }
  })
})

describe('a ConnectError', () => {
  const cause = new Error('below')
  const error = new ConnectError('CONNECTION_RESET', 'it broke', { cause })

  it('is an Error with name, code, message, cause and a stack that begins here', () => {
    assert.ok(error instanceof Error)
    assert.ok(error instanceof ConnectError)
    assert.equal(error.name, 'ConnectError')
    assert.equal(error.code, 'CONNECTION_RESET')
    assert.equal(error.message, 'it broke')
    assert.equal(error.cause, cause)
    assert.match(error.stack!, /^ConnectError: it broke\n.*errors\.test\.ts/)
  })

  it('has no cause when none was given', () => {
    assert.equal('cause' in new ConnectError('ABORTED', 'x'), false)
  })

  it('keeps its name off the instance, so that printing it shows the code and little else', () => {
    assert.deepEqual(Object.keys(error), ['code'])
  })
})

describe('the error of an abort', () => {
  it('says what was aborted and why, and keeps the reason as its cause', () => {
    const reason = new Error('had enough')
    const error = aborted('send', reason)
    assert.equal(error.code, 'ABORTED')
    assert.equal(error.message, 'send was aborted: had enough')
    assert.equal(error.cause, reason)
  })

  it('keeps a reason of any kind', () => {
    for (const reason of ['text', 7, undefined, null]) {
      const error = aborted('receive', reason)
      assert.equal(error.message, 'receive was aborted')
      assert.equal(error.cause, reason)
    }
  })
})

describe('an error with the code ABORTED', () => {
  it('has the name AbortError, in its stack as well, and is a ConnectError', () => {
    const error = aborted('send', new Error('had enough'))
    assert.equal(error.name, 'AbortError')
    assert.equal(error.code, 'ABORTED')
    assert.ok(error instanceof ConnectError)
    assert.match(error.stack!, /^AbortError: send was aborted: had enough\n/)
    assert.deepEqual(Object.keys(error), ['code'])
  })

  it('keeps its name, cause and what was added when it is made again for another caller', () => {
    const reason = new Error('had enough')
    const error = Object.assign(aborted('send', reason), { extra: 1 })
    const again = error[AGAIN](Error) as typeof error
    assert.notEqual(again, error)
    assert.deepEqual(
      [again.name, again.code, again.message, again.cause, again.extra],
      ['AbortError', 'ABORTED', error.message, reason, 1],
    )
    assert.equal(new ConnectError('CLOSE_TIMEOUT', 'x')[AGAIN](Error).name, 'ConnectError')
  })

  it('is what a signal makes of receive, and abort() of everything', async t => {
    const listener = await listen('memory://aborted')
    t.after(() => listener.close())
    const connection = await connect(listener.address)
    const receiving = connection.reader.receive({ signal: AbortSignal.abort() })
    await assert.rejects(receiving, { name: 'AbortError', code: 'ABORTED' })
    connection.abort()
    await assert.rejects(connection.closed, { name: 'AbortError', code: 'ABORTED' })
    await assert.rejects(connection.writer.flush(), { name: 'AbortError', code: 'ABORTED' })
  })
})

describe('numbers in messages', () => {
  it('have a noun that goes with them', () => {
    assert.equal(counted(0, 'byte'), '0 bytes')
    assert.equal(counted(1, 'byte'), '1 byte')
    assert.equal(counted(2, 'byte'), '2 bytes')
    const cause = new ConnectError('CONNECTION_RESET', 'it broke')
    const [one, two] = [1, 2].map(frames => {
      return new SessionLostError(new Unconfirmed({ frames, datagrams: () => [] }), true, cause)
    })
    assert.match(one!.message, /, 1 datagram is not confirmed:/)
    assert.match(two!.message, /, 2 datagrams are not confirmed:/)
  })
})

describe('the package as it is built', () => {
  it('has classes with the names that are exported', async () => {
    const entry = fileURLToPath(new URL('../src/index.ts', import.meta.url))
    const { outputFiles } = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      external: ['koffi'],
    })
    const built = await import(
      `data:text/javascript;base64,${Buffer.from(outputFiles[0]!.contents).toString('base64')}`
    )
    const classes = Object.entries(built).filter(([, value]) => /^class\b/.test(String(value))) as [
      string,
      { name: string },
    ][]
    assert.ok(classes.length >= 3, `${classes.length} classes`)
    for (const [name, { name: own }] of classes) assert.equal(own, name)
  })
})
