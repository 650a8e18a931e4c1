import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { runInNewContext } from 'node:vm'
import { aborted, asConnectError } from '../src/errors.ts'
import { ConnectDatagram, connect, listen } from '../src/index.ts'
import { resolveConnectOptions, resolveListenOptions } from '../src/options.ts'
import { parseAddress } from '../src/transport/address.ts'
import { certificates } from './support/certificates.ts'
import { failure, thrown } from './support/errors.ts'
import { within } from './support/waiting.ts'

/** Bytes as code in another realm, such as a test runner's sandbox, makes them. */
function foreign(bytes: Uint8Array | string): Uint8Array {
  return runInNewContext(`Uint8Array.from([${[...Buffer.from(bytes as string)]}])`)
}

/** A URL that is no instance of this realm's class. */
function foreignUrl(href: string): URL {
  return { href, toString: () => href, [Symbol.toStringTag]: 'URL' } as unknown as URL
}

describe('what another realm has made', () => {
  for (const scheme of ['tls', 'dtls-sctp']) {
    it(`is taken as certificates and keys on ${scheme}:`, async t => {
      const { localhost, client, ca } = certificates
      const tls = { cert: foreign(localhost.cert), key: foreign(localhost.key), ca: [foreign(ca)] }
      const listener = await listen(`${scheme}://127.0.0.1:0`, { tls })
      t.after(() => listener.close())
      listener.updateTls(tls)
      const own = { cert: foreign(client.cert), key: foreign(client.key), ca: foreign(ca) }
      const accepted = listener.accept()
      const dialled = await within(connect(foreignUrl(listener.address), { tls: own }))
      t.after(() => dialled.abort())
      const server = (await within(accepted))!
      t.after(() => server.abort())
      await dialled.writer.send(new ConnectDatagram(1, foreign('hello')))
      assert.equal((await within(server.reader.receive()))!.text(), 'hello')
    })
  }

  it('is an address if it is a URL, and not if it only calls itself so', () => {
    assert.deepEqual(parseAddress(foreignUrl('tcp://127.0.0.1:5')), parseAddress('tcp://127.0.0.1:5'))
    for (const bad of [{ [Symbol.toStringTag]: 'URL' }, { href: 'tcp://127.0.0.1:5' }]) {
      thrown(() => parseAddress(bad as never), 'INVALID_ADDRESS')
    }
  })

  it('is an error whose words are shown', () => {
    const error: unknown = runInNewContext(`new RangeError('too much')`)
    assert.equal(aborted('send', error).message, 'send was aborted: too much')
    assert.equal(asConnectError(error, 'CONNECT_FAILED', 'beginning').message, 'beginning failed: too much')
  })

  it('is an object of options', () => {
    assert.equal(resolveConnectOptions(runInNewContext('({ noDelay: false })')).noDelay, false)
  })
})

describe('a datagram of another copy of the package', () => {
  it('is refused in words that say so', async t => {
    const url = new URL('../src/frame/datagram.ts?another-copy', import.meta.url)
    const { ConnectDatagram: Other } = (await import(url.href)) as { ConnectDatagram: typeof ConnectDatagram }
    assert.notEqual(Other, ConnectDatagram)
    const listener = await listen('memory://copies')
    t.after(() => listener.close())
    const connection = await connect(listener.address)
    t.after(() => connection.abort())
    const error = await failure(connection.writer.send(new Other(1, 'x')), 'INVALID_ARGUMENT')
    assert.match(error.message, /^datagram\b.*another copy of connect-ts/)
    const plain = thrown(() => connection.writer.trySend({ recipient: 1 } as never), 'INVALID_ARGUMENT')
    assert.doesNotMatch(plain.message, /copy/)
  })
})

describe('session: false', () => {
  it('is the same as no session, at both ends', async t => {
    assert.deepEqual(resolveConnectOptions({ session: false }), resolveConnectOptions({}))
    assert.deepEqual(resolveListenOptions({ session: false }), resolveListenOptions({}))
    const listener = await listen('memory://false', { session: false })
    t.after(() => listener.close())
    const [client, server] = await Promise.all([
      connect(listener.address, { session: false }),
      within(listener.accept()),
    ])
    assert.equal(client.session, undefined)
    assert.equal(server!.session, undefined)
    client.abort()
    server!.abort()
  })
})

describe('a passphrase of a wrong type', () => {
  it('is not shown', () => {
    const tls = { cert: '-----BEGIN', key: '-----BEGIN', passphrase: 12_345_678 as never }
    assert.doesNotMatch(thrown(() => resolveConnectOptions({ tls }), 'INVALID_OPTION').message, /1234/)
  })
})
