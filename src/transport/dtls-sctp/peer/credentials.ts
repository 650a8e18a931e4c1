import { optionError } from '../../../option-rules.ts'
import type { TlsConnectOptions, TlsListenOptions } from '../../../options.ts'
import { reasonOf } from '../../node-errors.ts'
import { nodeTlsOptions } from '../../tls-credentials.ts'
import {
  type DtlsClient,
  type DtlsCredentials,
  type DtlsEngine,
  type DtlsServer,
  UnusableCredentials,
} from '../engine/dtls-engine.ts'
import { defaultTrust } from './default-trust.ts'

/** @throws ConnectError `INVALID_OPTION` if a certificate or a key cannot be used */
export function clientOf(engine: DtlsEngine, options: TlsConnectOptions): DtlsClient {
  return made(options, () => {
    if (options.ca !== undefined) return engine.client(credentialsOf(options))
    const { ca, usesOpenSslCa } = defaultTrust()
    return engine.client(credentialsOf(options), ca, usesOpenSslCa)
  })
}

/** @throws ConnectError `INVALID_OPTION` if a certificate or a key cannot be used */
export function serverOf(engine: DtlsEngine, options: TlsListenOptions): DtlsServer {
  return made(options, () => engine.server(credentialsOf(options)))
}

/** Node looks at them first, for the same errors as with TLS. */
function made<T>(options: TlsConnectOptions | TlsListenOptions, make: () => T): T {
  if (options.minVersion === 'TLSv1.3') {
    throw optionError('tls.minVersion', 'cannot be TLSv1.3 on dtls-sctp: it has DTLS 1.2 and nothing later')
  }
  nodeTlsOptions(options)
  try {
    return make()
  } catch (cause) {
    const name = cause instanceof UnusableCredentials ? `tls.${cause.what}` : 'tls'
    throw optionError(name, `cannot be used: ${reasonOf(cause as Error)}`, cause)
  }
}

function credentialsOf(options: TlsConnectOptions | TlsListenOptions): DtlsCredentials {
  const { ca, cert, key, passphrase, alpnProtocols } = options
  return { ca, cert, key, passphrase, alpnProtocols }
}
