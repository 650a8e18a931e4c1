import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { aborted, ConnectError, ConnectErrorCode } from '../src/errors.ts'

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
