import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, test } from 'node:test'
import * as tls from 'node:tls'
import { fileURLToPath } from 'node:url'
import { defaultTrust } from '../../src/transport/dtls-sctp/peer/default-trust.ts'
import { noOpenssl } from '../dtls-sctp/hostile/support/openssl.ts'
import { certificates } from '../support/certificates.ts'
import { failOnLeaks } from '../support/leaks.ts'
import { scratchDirectory } from '../support/media.ts'
import { runProgram } from '../support/programs/run.ts'

failOnLeaks()

const CA = fileURLToPath(new URL('../../examples/certificates/ca.pem', import.meta.url))
const OTHER = fileURLToPath(new URL('../certificates/other-ca.pem', import.meta.url))
const directory = scratchDirectory()
const file = (name: string, content: string): string => {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

const BROKEN = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
const { ca, otherCa } = certificates

/** A folder in which OpenSSL finds the authority by the hash of its name. */
function hashedFolder(): string {
  const folder = join(directory, 'hashed')
  mkdirSync(folder, { recursive: true })
  const hash = execFileSync('openssl', ['x509', '-noout', '-subject_hash', '-in', CA], { encoding: 'utf8' })
  copyFileSync(CA, join(folder, `${hash.trim()}.0`))
  return folder
}

/** In the environment: which authorities a program trusts that names none. */
const settings: readonly {
  readonly what: string
  readonly env: () => Record<string, string>
  readonly args?: readonly string[]
  readonly trusted: boolean
  readonly skip?: string | false
}[] = [
  { what: 'nothing', env: () => ({}), trusted: false },
  { what: 'NODE_EXTRA_CA_CERTS', env: () => ({ NODE_EXTRA_CA_CERTS: CA }), trusted: true },
  {
    what: 'NODE_EXTRA_CA_CERTS with others before and text between',
    env: () => ({ NODE_EXTRA_CA_CERTS: file('several.pem', `some text\n${otherCa}\n# more\n${ca}`) }),
    trusted: true,
  },
  {
    what: 'NODE_EXTRA_CA_CERTS with another authority',
    env: () => ({ NODE_EXTRA_CA_CERTS: OTHER }),
    trusted: false,
  },
  {
    what: 'NODE_EXTRA_CA_CERTS that is not there',
    env: () => ({ NODE_EXTRA_CA_CERTS: join(directory, 'none.pem') }),
    trusted: false,
  },
  {
    what: 'NODE_EXTRA_CA_CERTS in which what follows the authority cannot be read',
    env: () => ({ NODE_EXTRA_CA_CERTS: file('behind.pem', ca + BROKEN) }),
    trusted: true,
  },
  { what: 'SSL_CERT_FILE alone', env: () => ({ SSL_CERT_FILE: CA }), trusted: false },
  {
    what: '--use-openssl-ca and SSL_CERT_FILE',
    env: () => ({ SSL_CERT_FILE: CA, SSL_CERT_DIR: directory }),
    args: ['--use-openssl-ca'],
    trusted: true,
  },
  {
    what: '--use-openssl-ca in NODE_OPTIONS, and SSL_CERT_FILE',
    env: () => ({
      SSL_CERT_FILE: CA,
      SSL_CERT_DIR: directory,
      NODE_OPTIONS: '--no-warnings --use-openssl-ca',
    }),
    trusted: true,
  },
  {
    what: '--use-openssl-ca and SSL_CERT_DIR',
    env: () => ({ SSL_CERT_DIR: hashedFolder(), SSL_CERT_FILE: OTHER }),
    args: ['--use-openssl-ca'],
    trusted: true,
    skip: noOpenssl,
  },
  {
    what: '--use-openssl-ca and NODE_EXTRA_CA_CERTS',
    env: () => ({ SSL_CERT_FILE: OTHER, SSL_CERT_DIR: directory, NODE_EXTRA_CA_CERTS: CA }),
    args: ['--use-openssl-ca'],
    trusted: true,
  },
  {
    what: '--use-openssl-ca with another authority',
    env: () => ({ SSL_CERT_FILE: OTHER, SSL_CERT_DIR: directory }),
    args: ['--use-openssl-ca'],
    trusted: false,
  },
  {
    what: '--use-bundled-ca and SSL_CERT_FILE',
    env: () => ({ SSL_CERT_FILE: CA }),
    args: ['--use-bundled-ca'],
    trusted: false,
  },
  {
    what: '--use-system-ca and SSL_CERT_FILE',
    env: () => ({ SSL_CERT_FILE: CA, SSL_CERT_DIR: directory }),
    args: ['--use-system-ca'],
    trusted: true,
    skip: !process.allowedNodeEnvironmentFlags.has('--use-system-ca') && 'this Node has no --use-system-ca',
  },
  {
    what: 'tls.setDefaultCACertificates with none',
    env: () => ({ NODE_EXTRA_CA_CERTS: CA, SET_NONE: '1' }),
    trusted: false,
    skip: !('setDefaultCACertificates' in tls) && 'this Node cannot change the authorities',
  },
]

describe('without ca, dtls-sctp: trusts what tls: trusts:', () => {
  for (const { what, env, args = [], trusted, skip = false } of settings) {
    test(what, { skip }, async () => {
      const outcome = trusted ? 'trusted' : 'CERTIFICATE_REJECTED'
      const clean = { NODE_EXTRA_CA_CERTS: '', NODE_OPTIONS: '', SSL_CERT_FILE: '', SSL_CERT_DIR: '' }
      assert.deepEqual(await runProgram('trusted-by-default', { env: { ...clean, ...env() }, args }), {
        tls: outcome,
        'dtls-sctp': outcome,
      })
    })
  }
})

describe('the authorities that are trusted by default', () => {
  const { NODE_OPTIONS, NODE_EXTRA_CA_CERTS } = process.env
  const listed = 'getCACertificates' in tls
  afterEach(() => {
    process.env['NODE_OPTIONS'] = NODE_OPTIONS ?? ''
    process.env['NODE_EXTRA_CA_CERTS'] = NODE_EXTRA_CA_CERTS ?? ''
  })

  for (const flag of ['--use-openssl-ca', '--use_openssl_ca']) {
    test(`are those of OpenSSL in place of Node’s with ${flag}`, { skip: listed }, () => {
      process.env['NODE_OPTIONS'] = `--no-warnings ${flag}`
      process.env['NODE_EXTRA_CA_CERTS'] = ''
      assert.deepEqual(defaultTrust(), { ca: [], usesOpenSslCa: true })
      process.env['NODE_EXTRA_CA_CERTS'] = CA
      assert.deepEqual(defaultTrust(), { ca: [ca.trim()], usesOpenSslCa: true })
    })
  }

  test('are the same list each time, where nothing is added', { skip: listed }, () => {
    process.env['NODE_OPTIONS'] = ''
    process.env['NODE_EXTRA_CA_CERTS'] = ''
    assert.equal(defaultTrust().ca, tls.rootCertificates)
    assert.equal(defaultTrust().usesOpenSslCa, false)
  })
})
