import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ConnectError, type Connection, connect } from '../../src/index.ts'
import { connectError } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { media } from '../support/media.ts'
import { openListener } from '../support/pairs.ts'
import { until, within } from '../support/waiting.ts'

// A SCTP socket stays for three seconds to answer a peer that has missed the farewell.
failOnLeaks(10_000)

for (const [scheme, bound] of [
  ['tcp', 'tcp://[::]:0'],
  ['tls', 'tls://[::]:0'],
  ['sctp', 'sctp://[::]:0?udp=0'],
  ['dtls-sctp', 'dtls-sctp://[::]:0'],
] as const) {
  const medium = media[scheme]!

  describe(`maxConnectionsPerAddress, on ${scheme}`, () => {
    test('turns away whoever has as many, and no other', async t => {
      const rejected: ConnectError[] = []
      const listener = await openListener(
        t,
        { ...medium, freshAddress: () => bound },
        { maxConnectionsPerAddress: 2, onRejected: error => rejected.push(error) },
      )
      const from = async (host: string): Promise<Connection> => {
        const address = listener.address.replace('[::]', host)
        const client = await within(connect(address, medium.connectOptions))
        t.after(() => client.abort())
        return client
      }
      const accepted = async (host: string): Promise<[client: Connection, server: Connection]> => {
        const server = listener.accept()
        const client = await from(host)
        const connection = await within(server)
        assert(connection !== undefined, 'the listener was closed')
        t.after(() => connection.abort())
        return [client, connection]
      }
      const [client, server] = await accepted('127.0.0.1')
      await accepted('127.0.0.1')

      // On TLS, who connects may believe for a moment that it is connected; on TCP it is.
      await assert.rejects(async () => (await from('127.0.0.1')).reader.receive())
      await until(() => rejected.length === 1, 'onRejected is told')
      const { message } = connectError(rejected[0], 'LISTENER_FULL')
      assert.match(message, /maxConnectionsPerAddress is 2, for 127\.0\.0\.1$/)
      assert.match(message, /turned [a-z-]+:\/\/\[::ffff:127\.0\.0\.1\]:\d+\S* away/)

      // Another address is not concerned.
      await accepted('[::1]')

      await Promise.all([client.close(), server.close()])
      await accepted('127.0.0.1')
    })
  })
}

for (const scheme of ['unix', 'memory'] as const) {
  test(`maxConnectionsPerAddress has no meaning on ${scheme}, whose peers have no address`, async t => {
    const medium = media[scheme]!
    const listener = await openListener(t, medium, { maxConnectionsPerAddress: 1 })
    for (let i = 0; i < 3; i++) {
      const accepted = listener.accept()
      const client = await within(connect(listener.address))
      const server = await within(accepted)
      t.after(() => client.abort())
      t.after(() => server?.abort())
    }
  })
}
