import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as tls from 'node:tls'
import { connect } from '../../src/index.ts'
import { OpenSslEngine } from '../../src/transport/dtls-sctp/engine/openssl/openssl-engine.ts'
import { clientOf } from '../../src/transport/dtls-sctp/peer/credentials.ts'
import { FaultyLibrary } from '../dtls-sctp/support/faulty-library.ts'
import { nativeLibraries } from '../dtls-sctp/support/native-libraries.ts'
import { certificates } from '../support/certificates.ts'
import { failure } from '../support/errors.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { dtlsSctp } from '../support/media.ts'
import { acceptOne, openClient, openListener } from '../support/pairs.ts'
import { runProgram } from '../support/programs/run.ts'

failOnLeaks()

const { ca, localhost } = certificates

/** What newer Nodes have. */
const { getCACertificates, setDefaultCACertificates } = tls as {
  readonly getCACertificates?: (type: 'default') => string[]
  readonly setDefaultCACertificates?: (certificates: readonly string[]) => void
}
const skip = setDefaultCACertificates === undefined && 'this Node cannot change the authorities'

// Where Node does not list the authorities, the environment is asked for more: for this test, it has none.
delete process.env['NODE_EXTRA_CA_CERTS']

for (const [name, library] of nativeLibraries) {
  test(`the runtime’s authorities are read once for clients without ca, through ${name}`, () => {
    const counting = new FaultyLibrary(library)
    const engine = new OpenSslEngine(counting)
    const clients = [clientOf(engine, {})]
    const read = counting.calls('X509_STORE_add_cert')
    assert.equal(read, (getCACertificates?.('default') ?? tls.rootCertificates).length)
    for (let i = 0; i < 5; i++) clients.push(clientOf(engine, { alpnProtocols: [`${i}`] }))
    assert.equal(counting.calls('X509_STORE_add_cert'), read)
    for (const client of clients) client.free()
    engine.forget()
    assert.equal(engine.alive, 0)
  })
}

test('without ca, a server of an unknown authority is refused, by every client with the same code', async t => {
  const listener = await openListener(t, dtlsSctp, { tls: localhost, onRejected: () => {} })
  const codes = new Set<string>()
  for (let i = 0; i < 3; i++) {
    const { cause } = await failure(connect(listener.address), 'CERTIFICATE_REJECTED')
    codes.add((cause as NodeJS.ErrnoException).code ?? 'none')
  }
  assert.match([...codes].join(), /^UNABLE_TO_(GET_ISSUER_CERT_LOCALLY|VERIFY_LEAF_SIGNATURE)$/)
})

test('without ca, the authorities count that the program has set last', { skip }, async t => {
  const atStart = getCACertificates?.('default') ?? []
  t.after(() => setDefaultCACertificates?.(atStart))
  const listener = await openListener(t, dtlsSctp, { tls: localhost, onRejected: () => {} })
  for (let i = 0; i < 2; i++) {
    setDefaultCACertificates?.(atStart)
    await failure(connect(listener.address), 'CERTIFICATE_REJECTED')
    setDefaultCACertificates?.([ca])
    const accepted = acceptOne(t, listener)
    await openClient(t, dtlsSctp, listener.address, { tls: {} })
    await accepted
  }
})

test('when a thread ends, its engine forgets the authorities', async () => {
  assert.deepEqual(await runProgram('default-ca-at-exit'), { kept: 1, atExit: 0 })
})
