import { constants, X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContextOptions } from 'node:tls'
import { optionError } from '../option-rules.ts'
import type { Pem, TlsConnectOptions, TlsIdentity, TlsListenOptions } from '../options.ts'
import { SUITES_1_2, SUITES_1_3 } from './cipher-suites.ts'
import { reasonOf } from './node-errors.ts'

/** Each certificate in PEM, whole or not. */
const CERTIFICATES = /-----BEGIN (?:X509 )?CERTIFICATE-----[^-]*(?:-----END (?:X509 )?CERTIFICATE-----)?/g

/** TLS options in Node's words. */
export interface NodeTlsOptions extends SecureContextOptions {
  ALPNProtocols?: string[]
}

/** What no option changes (RFC 9325, sections 3.5 and 4.2). */
const policy = {
  ciphers: [...SUITES_1_3, ...SUITES_1_2].join(':'),
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
}

/**
 * Puts the options into Node's words.
 *
 * @throws ConnectError `INVALID_OPTION` if OpenSSL cannot read a certificate or a key, or they do not belong together
 */
export function nodeTlsOptions(tls: TlsConnectOptions | TlsListenOptions): NodeTlsOptions {
  const options: NodeTlsOptions = { ...policy, minVersion: tls.minVersion ?? 'TLSv1.2' }
  if (tls.ca !== undefined) options.ca = nodePem(tls.ca)
  // One text: Node would take a list for several certificates, each with a key of its own.
  if (tls.cert !== undefined) options.cert = nodePem(tls.cert).join('\n')
  if (tls.key !== undefined) options.key = nodePem(tls.key)
  if (tls.passphrase !== undefined) options.passphrase = tls.passphrase
  try {
    if (options.ca !== undefined) checkAuthorities(options.ca as string[])
    createSecureContext(options)
  } catch (cause) {
    throw optionError(culprit(options), `cannot be used: ${reasonOf(cause as Error)}`, cause)
  }
  if (tls.alpnProtocols !== undefined) options.ALPNProtocols = [...tls.alpnProtocols]
  return options
}

/** Which option it is that OpenSSL does not take. */
function culprit({ ca, cert, key, passphrase }: SecureContextOptions): string {
  if (!usable({ ca })) return 'tls.ca'
  if (!usable({ cert })) return 'tls.cert'
  return usable({ key, passphrase }) ? 'tls.key (it does not belong to tls.cert)' : 'tls.key'
}

/** Node passes over authorities that it cannot read, and so would trust fewer than it was told to. */
function checkAuthorities(pem: readonly string[]): void {
  const certificates = pem.join('\n').match(CERTIFICATES) ?? []
  if (certificates.length === 0) throw new Error('it has no certificate')
  for (const certificate of certificates) new X509Certificate(certificate)
}

function usable(options: SecureContextOptions): boolean {
  try {
    if (options.ca !== undefined) checkAuthorities(options.ca as string[])
    createSecureContext(options)
    return true
  } catch {
    return false
  }
}

function nodePem(pem: Pem): string[] {
  const parts = typeof pem === 'string' || ArrayBuffer.isView(pem) ? [pem] : pem
  return parts.map(part => (typeof part === 'string' ? part : new TextDecoder().decode(part)))
}

/**
 * @throws ConnectError `INVALID_OPTION` if a listener's new certificates would change whether its clients need one
 */
export function keepMutual(before: Pick<TlsIdentity, 'ca'>, after: TlsIdentity): void {
  if ((before.ca === undefined) === (after.ca === undefined)) return
  throw optionError(
    'tls.ca',
    'cannot be added or dropped while listening: it decides whether clients need a certificate',
  )
}
