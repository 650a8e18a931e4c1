import assert from 'node:assert/strict'
import { it } from 'node:test'
import { type ConnectErrorCode, connect } from '../../src/index.ts'
import { certificates } from '../support/certificates.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { openListener } from '../support/pairs.ts'
import { until } from '../support/waiting.ts'
import { overDtls } from './support/kinds.ts'
import type { PeerOptions } from './support/peer.ts'
import { describeWith } from './support/tools.ts'

const { ca, client, expired, localhost, otherCa, otherLocalhost, wrongName } = certificates

/** What is said of it at this end and at the peer's. */
interface Refusal {
  readonly ours?: Readonly<Record<string, string | undefined>>
  readonly peer?: PeerOptions
  readonly code: ConnectErrorCode
  readonly message: RegExp
  readonly line: RegExp
}

const REJECTED = 'CERTIFICATE_REJECTED'
const NOBODY = { cert: undefined, key: undefined }

const byOurClient: Readonly<Record<string, Refusal>> = {
  'a server of another authority': {
    ours: { ca: otherCa },
    code: REJECTED,
    message: /self-signed certificate in certificate chain/,
    line: /^alert unknown CA$/,
  },
  'a server with a certificate for the same name by another authority': {
    peer: otherLocalhost,
    code: REJECTED,
    message: /issuer certificate/,
    line: /^alert unknown CA$/,
  },
  'a server of another name': {
    peer: wrongName,
    code: REJECTED,
    message: /mismatch: the certificate is not for 127\.0\.0\.1/,
    line: /^alert bad certificate$/,
  },
  'a server without the name that is asked for': {
    ours: { serverName: 'elsewhere.example' },
    code: REJECTED,
    message: /mismatch: the certificate is not for elsewhere\.example/,
    line: /^alert bad certificate$/,
  },
  'an expired server': {
    peer: expired,
    code: REJECTED,
    message: /expired/,
    line: /^alert certificate expired$/,
  },
}

const byTheirServer: Readonly<Record<string, Refusal>> = {
  'a client of another authority': {
    ours: otherLocalhost,
    code: REJECTED,
    message: /unknown ca/,
    line: /^dtls-failed .*issuer certificate$/,
  },
  'an expired client': {
    ours: expired,
    code: REJECTED,
    message: /certificate expired/,
    line: /^dtls-failed .*expired$/,
  },
  'a client without a certificate': {
    ours: NOBODY,
    code: REJECTED,
    message: /the server asks for a certificate, and tls\.cert is not set/,
    line: /^dtls-failed .*did not return a certificate$/,
  },
  'a client with none of its suites': {
    peer: { suites: 'ECDHE-RSA-AES128-SHA256' },
    code: 'HANDSHAKE_FAILED',
    message: /handshake failure/,
    line: /^dtls-failed no shared cipher$/,
  },
}

const byOurListener: Readonly<Record<string, Refusal>> = {
  'a client of another authority': {
    peer: otherLocalhost,
    code: REJECTED,
    message: /issuer certificate/,
    line: /^alert unknown CA$/,
  },
  'a client by an authority that is none of its own': {
    ours: { ca: otherCa },
    code: REJECTED,
    message: /self-signed certificate in certificate chain/,
    line: /^alert unknown CA$/,
  },
  'an expired client': {
    peer: expired,
    code: REJECTED,
    message: /expired/,
    line: /^alert certificate expired$/,
  },
  'a client without a certificate': {
    peer: NOBODY,
    code: REJECTED,
    message: /did not return a certificate/,
    line: /^alert handshake failure$/,
  },
  'a client with none of its suites': {
    peer: { suites: 'ECDHE-RSA-AES128-SHA256' },
    code: 'HANDSHAKE_FAILED',
    message: /no shared cipher/,
    line: /^alert handshake failure$/,
  },
}

const byTheirClient: Readonly<Record<string, Refusal>> = {
  'a server of another authority': {
    ours: otherLocalhost,
    code: REJECTED,
    message: /unknown ca/,
    line: /^dtls-failed .*issuer certificate$/,
  },
  'a server of another name': {
    ours: wrongName,
    code: REJECTED,
    message: /bad certificate/,
    line: /^dtls-failed hostname mismatch$/,
  },
  'a server of another IP address': {
    peer: { name: '127.0.0.2' },
    code: REJECTED,
    message: /bad certificate/,
    line: /^dtls-failed IP address mismatch$/,
  },
  'an expired server': {
    ours: expired,
    code: REJECTED,
    message: /certificate expired/,
    line: /^dtls-failed .*expired$/,
  },
}

describeWith(overDtls.needs, 'a refusal is seen at both ends where', () => {
  failOnLeaks()

  const clients = { 'this end': byOurClient, 'the peer': byTheirServer }
  for (const [who, refusals] of Object.entries(clients)) {
    for (const [whom, { ours, peer: options, code, message, line }] of Object.entries(refusals)) {
      it(`${who} refuses ${whom}, and this end connects`, async t => {
        const { peer, address } = await overDtls.server(t, 'sink', options)
        const error = await failure(connect(address, { tls: { ...client, ca, ...ours } }), code)
        assert.match(error.message, message)
        await peer.line(line)
        assert.equal(await peer.ended(), 1)
      })
    }
  }

  const listeners = { 'this end': byOurListener, 'the peer': byTheirClient }
  for (const [who, refusals] of Object.entries(listeners)) {
    for (const [whom, { ours, peer: options, code, message, line }] of Object.entries(refusals)) {
      it(`${who} refuses ${whom}, and the peer connects`, async t => {
        const rejected: Error[] = []
        const tls = { ...localhost, ca, ...ours }
        const listener = await openListener(t, overDtls.medium, { tls, onRejected: e => rejected.push(e) })
        const peer = overDtls.client(t, 'sink', listener.address, options)
        await until(() => rejected.length > 0, 'onRejected is told')
        const error = await failure(Promise.reject(rejected[0]), code)
        assert.match(error.message, message)
        await peer.line(line)
        assert.equal(await peer.ended(), 1)
        assert.equal(rejected.length, 1)
      })
    }
  }
})
