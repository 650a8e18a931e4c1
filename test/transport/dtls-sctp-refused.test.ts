import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { test } from 'node:test'
import { connect } from '../../src/index.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { dtlsSctp } from '../support/media.ts'

failOnLeaks()

/** A record in the clear (RFC 6347, section 4.1). */
function record(type: number, sequence: number, ...fragment: number[]): Uint8Array {
  return Uint8Array.of(type, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, sequence, 0, fragment.length, ...fragment)
}

/** With a cookie of one byte (section 4.2.1). */
const helloVerifyRequest = record(22, 0, 3, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 4, 0xfe, 0xfd, 1, 7)
const handshakeFailure = record(21, 1, 2, 40)

// What answers the request finds the port closed, and so the system has an error to tell before it gives the alert.
test('a server that is gone when its alert is read is heard nevertheless', async () => {
  const server = createSocket('udp4').bind(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.once('message', (_, client) => {
    server.send(helloVerifyRequest, client.port, client.address)
    server.send(handshakeFailure, client.port, client.address, () => server.close())
  })
  const connecting = connect(`dtls-sctp://127.0.0.1:${port}`, dtlsSctp.connectOptions)
  const { message } = await failure(connecting, 'HANDSHAKE_FAILED')
  assert.match(message, /alert handshake failure/)
})
