import assert from 'node:assert/strict'
import { it } from 'node:test'
import { inspect } from 'node:util'
import { ConnectDatagram, connect, listen } from '../src/index.ts'
import { certificates } from './support/certificates.ts'
import { within } from './support/waiting.ts'

const PATIENT = { depth: 10, showHidden: true } as const

it('a connection, its ends, its session and its listener show addresses and state, and no secret', async t => {
  const { localhost, ca } = certificates
  const tls = { ...localhost, passphrase: undefined }
  const listener = await listen('tls://127.0.0.1:0', { tls, session: true })
  t.after(() => listener.close())
  const accepted = listener.accept()
  const client = await connect(listener.address, { tls: { ca }, session: true })
  t.after(() => client.abort())
  const server = (await within(accepted))!
  t.after(() => server.abort())
  const { localAddress, remoteAddress, session } = client
  assert.equal(
    inspect(client, { breakLength: Number.POSITIVE_INFINITY }),
    `Connection { localAddress: '${localAddress}', remoteAddress: '${remoteAddress}', state: 'open', session: Session { id: '${session!.id}', state: 'attached' } }`,
  )
  await client.writer.send(new ConnectDatagram(1, 'secret words'))
  assert.equal(inspect(client.writer), `ConnectionWriter { state: 'open', queuedBytes: 20 }`)
  assert.equal(inspect(server.reader), `ConnectionReader { state: 'open', queuedBytes: 0 }`)
  assert.equal(inspect(listener), `Listener { address: '${listener.address}', state: 'listening' }`)
  for (const each of [client, server, listener, client.session, client.writer, server.reader]) {
    const shown = inspect(each, PATIENT)
    assert.doesNotMatch(shown, /BEGIN|secret|#|Symbol/)
    assert.ok(shown.length < 500, shown)
    assert.doesNotMatch(JSON.stringify(each), /BEGIN|secret/)
  }
})

it('a connection without a session shows how it has ended', async t => {
  const listener = await listen('memory://inspected')
  t.after(() => listener.close())
  const [client, server] = await Promise.all([connect(listener.address), listener.accept()])
  assert.match(inspect(client), /^Connection \{.*state: 'open'\s\}$/s)
  client.abort()
  assert.match(inspect(client), /state: 'failed: ABORTED'/)
  assert.match(inspect(client.reader), /state: 'failed'/)
  await server!.closed.catch(() => {})
  assert.match(inspect(server), /state: 'failed: CONNECTION_RESET'/)
  await listener.close()
  assert.match(inspect(listener), /state: 'closed'/)
})

it('what is nested too deep is an object, as everywhere', async t => {
  const listener = await listen('memory://deep')
  t.after(() => listener.close())
  assert.doesNotMatch(inspect({ a: { b: { c: { d: listener } } } }), /memory/)
})
