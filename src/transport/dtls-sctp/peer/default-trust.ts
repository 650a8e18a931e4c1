import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as tls from 'node:tls'

/** Newer Nodes tell which authorities they trust by default; older ones, only which they bring. */
type WithDefaults = { readonly getCACertificates?: (type: 'default') => string[] }

/** Whom a client trusts that names no `ca`. */
export interface DefaultTrust {
  /** Authorities, PEM. */
  readonly ca: readonly string[]
  /** Whether those are trusted as well that OpenSSL finds by itself: where it was built to look, or by `SSL_CERT_FILE` and `SSL_CERT_DIR`. */
  readonly usesOpenSslCa: boolean
}

const ONE_CERTIFICATE = /-----BEGIN (X509 )?CERTIFICATE-----[^-]+-----END \1?CERTIFICATE-----/g

/**
 * What Node's own TLS trusts: a program may change it, by `tls.setDefaultCACertificates`. Nodes without
 * `tls.getCACertificates` trust what they bring, or with `--use-openssl-ca` what OpenSSL finds, and `NODE_EXTRA_CA_CERTS`.
 * Newer ones do not list what OpenSSL finds.
 */
export function defaultTrust(): DefaultTrust {
  const usesOpenSslCa = isOpenSslCaUsed()
  const listed = (tls as WithDefaults).getCACertificates?.('default')
  if (listed !== undefined) return { ca: listed, usesOpenSslCa }
  const brought = usesOpenSslCa ? [] : tls.rootCertificates
  const extra = extraCertificates(process.env['NODE_EXTRA_CA_CERTS'])
  return { ca: extra.length === 0 ? brought : [...brought, ...extra], usesOpenSslCa }
}

/** The flag, in either place, or what Node was built to do without one. */
function isOpenSslCaUsed(): boolean {
  const given = [...(process.env['NODE_OPTIONS'] ?? '').split(/[\s"]+/), ...process.execArgv]
  const flags = given.map(each => each.replaceAll('_', '-'))
  if (flags.includes('--use-openssl-ca')) return true
  return isBuiltForOpenSslCa() && !flags.includes('--use-bundled-ca')
}

function isBuiltForOpenSslCa(): boolean {
  const { defines } = process.config.target_defaults as { readonly defines?: readonly unknown[] }
  return defines?.includes('NODE_OPENSSL_CERT_STORE') === true
}

/** As Node does: up to the first that cannot be read. It has warned of that already. */
function extraCertificates(file: string | undefined): string[] {
  if (file === undefined || file === '') return []
  const certificates: string[] = []
  try {
    for (const [pem] of readFileSync(file, 'latin1').matchAll(ONE_CERTIFICATE)) {
      new X509Certificate(pem)
      certificates.push(pem)
    }
  } catch {
    // What comes before counts.
  }
  return certificates
}
