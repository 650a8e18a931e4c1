import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, type TestContext, test } from 'node:test'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import type { Listener } from '../../src/index.ts'
import { certificates } from '../support/certificates.ts'
import { numbered, receiveNumbered } from '../support/data.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { tls } from '../support/media.ts'
import { acceptOne, openListener } from '../support/pairs.ts'
import { gone } from '../support/raw-peers.ts'
import { sleep, turn, within } from '../support/waiting.ts'

failOnLeaks()

const { ca, client, localhost, otherCa } = certificates
const mutual = { ...localhost, ca }

type Version = 'TLSv1.2' | 'TLSv1.3'

/** A client that keeps sessions, as ours do not but others may. */
function dial(t: TestContext, listener: Listener, maxVersion: Version, session?: Buffer): TLSSocket {
  const port = Number(new URL(listener.address).port)
  const socket = tlsConnect({
    port,
    host: '127.0.0.1',
    ca,
    ...client,
    maxVersion,
    ...(session === undefined ? {} : { session }),
  })
  socket.on('error', () => {})
  t.after(() => socket.destroy())
  return socket
}

/** A session that the server would resume. */
async function sessionOf(t: TestContext, listener: Listener, version: Version): Promise<Buffer> {
  const accepted = acceptOne(t, listener)
  const socket = dial(t, listener, version)
  const [session] = (await within(once(socket.resume(), 'session'))) as [Buffer]
  const connection = await accepted
  // Inside the event, OpenSSL is still at work on the session and would end without a close_notify.
  await turn()
  socket.end()
  await within(connection.close())
  return session
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  describe(`a session of ${version}`, () => {
    test('that is resumed still shows the client’s certificate', async t => {
      const listener = await openListener(t, { ...tls, listenOptions: { tls: mutual } })
      const session = await sessionOf(t, listener, version)
      const accepted = acceptOne(t, listener)
      const socket = dial(t, listener, version, session)
      const connection = await accepted
      assert.equal(connection.tls?.peerCertificate?.subject['CN'], 'client')
      socket.write(numbered(0).encode())
      await receiveNumbered(connection.reader, 1)
    })

    test('is worth nothing once updateTls has dropped the client’s authority', async t => {
      const listener = await openListener(t, { ...tls, listenOptions: { tls: mutual } })
      const session = await sessionOf(t, listener, version)
      listener.updateTls({ ...localhost, ca: otherCa })
      let served = false
      void listener.accept().then(connection => {
        served = connection !== undefined
        connection?.abort()
      })
      const socket = dial(t, listener, version, session)
      await within(gone(socket))
      await sleep(20)
      assert(!served, 'the client was served with the session of before')
    })
  })
}
