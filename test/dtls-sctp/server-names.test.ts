import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { connect, listen } from '../../src/index.ts'
import { certificates } from '../support/certificates.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'

describe('a server name that can be no name, on dtls-sctp', () => {
  failOnLeaks()

  for (const serverName of ['x'.repeat(300), 'one\0two', '.']) {
    it(`fails at once and leaves no socket: ${JSON.stringify(serverName.slice(0, 20))}`, async test => {
      const listener = await listen('dtls-sctp://127.0.0.1:0', { tls: certificates.localhost })
      test.after(() => listener.close())
      const tls = { ca: certificates.ca, serverName }
      const error = await failure(connect(listener.address, { tls }), 'INVALID_OPTION')
      assert.match(error.message, /tls\.serverName/)
    })
  }
})
