import { isIP } from 'node:net'
import type { DtlsClient, DtlsConnection } from '../dtls-engine.ts'
import { CheckFlag, Ctrl } from './constants.ts'
import { takeError } from './failures.ts'
import type { NativeObject } from './native-objects.ts'
import type { OpenSsl } from './openssl.ts'
import { OpenSslConnection } from './openssl-connection.ts'

/** `*` stands for a whole label, and the common name for nothing. */
const NAMES = CheckFlag.NO_PARTIAL_WILDCARDS | CheckFlag.NEVER_CHECK_SUBJECT

export class OpenSslClient implements DtlsClient {
  readonly #openssl: OpenSsl
  readonly #context: NativeObject

  constructor(openssl: OpenSsl, context: NativeObject) {
    this.#openssl = openssl
    this.#context = context
  }

  connect(name: string): DtlsConnection {
    const connection = OpenSslConnection.client(this.#openssl, this.#context)
    try {
      this.#expect(connection, name)
      connection.goOn()
      return connection
    } catch (error) {
      connection.free()
      throw error
    }
  }

  free(): void {
    this.#context.free()
  }

  /** OpenSSL then refuses, in the handshake, a certificate that is for another name (RFC 9525). */
  #expect(connection: OpenSslConnection, name: string): void {
    const { ssl } = this.#openssl
    const { pointer } = connection
    const parameters = ssl.SSL_get0_param(pointer)
    ssl.X509_VERIFY_PARAM_set_hostflags(parameters, NAMES)
    if (isIP(name) !== 0) {
      if (ssl.X509_VERIFY_PARAM_set1_ip_asc(parameters, name) !== 1) throw takeError(ssl)
      return
    }
    const host = name.replace(/\.$/, '')
    const isSet =
      ssl.X509_VERIFY_PARAM_set1_host(parameters, host, Buffer.byteLength(host)) === 1 &&
      ssl.SSL_ctrl(pointer, Ctrl.SET_TLSEXT_HOSTNAME, 0, Buffer.from(`${host}\0`)) === 1
    if (!isSet) throw takeError(ssl)
  }
}
