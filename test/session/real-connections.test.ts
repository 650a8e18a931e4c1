import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConnectDatagram, connect, listen, SessionLostError } from '../../src/index.ts'
import { assertNumbered, receiveNumbered, sendNumbered } from '../support/data.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { inSession, memory, sctp, tcp, tls, unix } from '../support/media.ts'
import { openPair } from '../support/pairs.ts'
import { pends, until, within } from '../support/waiting.ts'
import { CuttingProxy } from './cutting-proxy.ts'

describe('a session over real connections', () => {
  failOnLeaks()

  it('is lost when the server is another one, with exactly what it has not consumed', async t => {
    const first = await listen('tcp://127.0.0.1:0', { session: true })
    const proxy = await CuttingProxy.to(first.address)
    t.after(() => proxy.close())
    const client = await connect(proxy.address, { session: true })
    const server = (await within(first.accept()))!
    await sendNumbered(client.writer, 4)
    await receiveNumbered(server.reader, 4)
    const fifth = server.reader.receive()
    await within(client.writer.flush())
    await sendNumbered(client.writer, 11, 16, 4)
    // Taken and not consumed: nobody asks for the sixth.
    assertNumbered(await within(fifth), 4)
    await first.close()
    const second = await listen(first.address, { session: true })
    t.after(() => second.close())
    proxy.cutAll()
    const error = await failure(client.closed, 'SESSION_LOST')
    assert(error instanceof SessionLostError)
    assert.equal(error.unconfirmed.length, 11)
    for (const [i, datagram] of error.unconfirmed.entries()) assertNumbered(datagram, i + 4)
    assert.equal(client.session!.state, 'lost')
    server.abort()
  })

  it('shows each state to whoever watches', async t => {
    const listener = await listen('tcp://127.0.0.1:0', { session: true })
    t.after(() => listener.close())
    const proxy = await CuttingProxy.to(listener.address)
    t.after(() => proxy.close())
    const client = await connect(proxy.address, { session: true })
    const server = (await within(listener.accept()))!
    assert.equal(client.session!.id, server.session!.id)
    assert.match(client.session!.id, /^[0-9a-f]{32}$/)
    const seen: string[] = []
    const watching = (async () => {
      for await (const state of client.session!.states()) seen.push(state)
    })()
    await sendNumbered(client.writer, 1)
    await receiveNumbered(server.reader, 1)
    proxy.cutAll()
    await until(() => seen.length >= 3, 'it is attached again')
    await sendNumbered(client.writer, 1)
    await receiveNumbered(server.reader, 1)
    await within(Promise.all([client.close(), server.close()]))
    await within(watching)
    assert.deepEqual(seen, ['attached', 'detached', 'attached', 'closed'])
  })

  it('goes to another address that beforeRetry gives', async t => {
    const listener = await listen('tcp://127.0.0.1:0', { session: true })
    t.after(() => listener.close())
    const [one, other] = [await CuttingProxy.to(listener.address), await CuttingProxy.to(listener.address)]
    t.after(() => other.close())
    const attempts: number[] = []
    const beforeRetry = ({ attempt }: { attempt: number }) => {
      attempts.push(attempt)
      return { address: other.address }
    }
    const client = await connect(one.address, { session: { beforeRetry } })
    const server = (await within(listener.accept()))!
    one.close()
    await sendNumbered(client.writer, 1)
    await receiveNumbered(server.reader, 1)
    assert.deepEqual(attempts, [1])
    assert.equal(client.remoteAddress, other.address)
    await within(Promise.all([client.close(), server.close()]))
  })

  it('is lost when nobody answers within retryForMs', async t => {
    const listener = await listen('tcp://127.0.0.1:0', { session: { retentionMs: 50 } })
    t.after(() => listener.close())
    const proxy = await CuttingProxy.to(listener.address)
    const client = await connect(proxy.address, { session: { retryForMs: 50 } })
    const server = (await within(listener.accept()))!
    proxy.close()
    for (const { closed } of [client, server]) await failure(closed, 'SESSION_LOST')
  })

  for (const [name, medium] of Object.entries({ tcp, tls, unix, sctp, memory })) {
    it(`flush on ${name}: fulfils when the peer's application has consumed all, not before`, async t => {
      const { client, server } = await openPair(t, inSession(medium))
      await sendNumbered(client.writer, 3)
      const flushed = client.writer.flush()
      await receiveNumbered(server.reader, 3)
      assert(await pends(flushed, 50), 'flush did not wait for the reader to ask again')
      void server.reader.receive()
      await within(flushed)
    })
  }

  for (const [name, medium] of Object.entries({ tcp, tls, memory })) {
    it(`refuses a plain client on ${name}, with VERSION_UNSUPPORTED or a broken connection`, async t => {
      const rejected: string[] = []
      const listener = await listen(medium.freshAddress(), {
        ...inSession(medium).listenOptions,
        onRejected: ({ code }) => rejected.push(code),
      })
      t.after(() => listener.close())
      const client = await connect(listener.address, medium.connectOptions)
      t.after(() => client.abort())
      void client.writer.send(new ConnectDatagram(1, 'hello'))
      await failure(client.reader.receive(), 'VERSION_UNSUPPORTED', 'CONNECTION_RESET', 'STREAM_TRUNCATED')
      await until(() => rejected.length > 0, 'onRejected is told')
      assert.deepEqual(rejected, ['VERSION_UNSUPPORTED'])
    })

    it(`is refused by a plain listener on ${name}`, async t => {
      const listener = await listen(medium.freshAddress(), medium.listenOptions)
      t.after(() => listener.close())
      await failure(
        connect(listener.address, inSession(medium).connectOptions),
        'CONNECT_FAILED',
        'VERSION_UNSUPPORTED',
      )
    })
  }

  it('has no session without the option', async t => {
    const { client, server } = await openPair(t, memory)
    assert.deepEqual([client.session, server.session], [undefined, undefined])
  })
})
