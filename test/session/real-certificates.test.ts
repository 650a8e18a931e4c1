import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type ConnectError, SessionLostError, type TlsConnectOptions } from '../../src/index.ts'
import { certificates } from '../support/certificates.ts'
import { assertNumbered, receiveNumbered, sendNumbered } from '../support/data.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { dtlsSctp, type Medium, tls } from '../support/media.ts'
import { until, within } from '../support/waiting.ts'
import { cutAndResume, openCutPair } from './cut-pair.ts'

const { ca, client: own, localhost, renewed } = certificates

/** Both ends show certificates. */
const mutual = (medium: Medium): Medium => ({
  ...medium,
  listenOptions: { tls: { ...localhost, ca } },
  connectOptions: { tls: { ca, ...own } },
})

const retryWith = (tls: TlsConnectOptions) => ({ client: { beforeRetry: () => ({ tls }) } })

describe('a session whose client shows a certificate', () => {
  failOnLeaks(8000)

  for (const [scheme, medium] of Object.entries({ tls: mutual(tls), 'dtls-sctp': mutual(dtlsSctp) })) {
    it(`is refused on ${scheme} to another certificate of the same authority, and lost`, async t => {
      const rejected: ConnectError[] = []
      const watched = { ...medium, listenOptions: { ...medium.listenOptions, onRejected: push } }
      function push(error: ConnectError): void {
        rejected.push(error)
      }
      const options = { ...retryWith({ ca, ...renewed }), server: { retentionMs: 500 } }
      const { client, server, path } = await openCutPair(t, watched, options)
      await sendNumbered(client.writer, 3)
      path.cutAll()
      const error = await failure(client.closed, 'SESSION_LOST')
      assert(error instanceof SessionLostError)
      assert.equal((error.cause as ConnectError).code, 'SESSION_REFUSED')
      assert.equal(error.unconfirmed.length, 3)
      for (const [i, datagram] of error.unconfirmed.entries()) assertNumbered(datagram, i)
      await until(() => rejected.length > 0, 'onRejected is told')
      assert.deepEqual(
        rejected.map(({ code }) => code),
        ['SESSION_REFUSED'],
      )
      assert.equal(server.session!.state, 'detached')
      await failure(server.closed, 'SESSION_LOST')
    })

    it(`goes on over ${scheme} with the certificate with which it began`, async t => {
      const pair = await openCutPair(t, medium, retryWith({ ca, ...own }))
      const { client, server } = pair
      await cutAndResume(pair)
      await sendNumbered(client.writer, 3)
      await receiveNumbered(server.reader, 3)
      await within(Promise.all([client.close(), server.close()]))
    })

    it(`goes on over ${scheme} when the listener has another certificate by then`, async t => {
      const pair = await openCutPair(t, medium)
      const { client, server, listener } = pair
      const before = client.tls!.peerCertificate!.fingerprint256
      listener.updateTls({ ...renewed, ca })
      await sendNumbered(server.writer, 3)
      await cutAndResume(pair)
      assert.notEqual(client.tls!.peerCertificate!.fingerprint256, before)
      await receiveNumbered(client.reader, 3)
      await within(Promise.all([client.close(), server.close()]))
    })
  }
})
