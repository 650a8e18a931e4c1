import { SUITES_1_2 } from '../../../cipher-suites.ts'
import type { DtlsClient, DtlsCredentials, DtlsEngine, DtlsServer } from '../dtls-engine.ts'
import type { NativeLibrary, Pointer } from '../native-library.ts'
import { Callbacks, protocolNameList } from './callbacks.ts'
import { Ctrl, DTLS1_2_VERSION, Option, VerifyMode } from './constants.ts'
import { CredentialsLoader } from './credentials.ts'
import { DefaultAuthorities } from './default-authorities.ts'
import { takeError } from './failures.ts'
import { loadFunctions } from './functions.ts'
import { type NativeObject, NativeObjects } from './native-objects.ts'
import type { OpenSsl } from './openssl.ts'
import { OpenSslClient } from './openssl-client.ts'
import { OpenSslServer } from './openssl-server.ts'
import { PemReader } from './pem-reader.ts'

const CIPHERS = SUITES_1_2.join(':')

/** A certificate is shown and checked in every handshake: no session is resumed. */
const OPTIONS =
  Option.NO_QUERY_MTU |
  Option.NO_TICKET |
  Option.NO_COMPRESSION |
  Option.CIPHER_SERVER_PREFERENCE |
  Option.NO_RENEGOTIATION

/** Of a handshake in which the client shows no certificate; OpenSSL's own limit is 100 KiB. */
const LONGEST_MESSAGE_BYTES = 16_384

/** DTLS by the OpenSSL that is inside the running program. */
export class OpenSslEngine implements DtlsEngine {
  readonly name: string
  readonly #openssl: OpenSsl
  readonly #credentials: CredentialsLoader
  readonly #defaultAuthorities: DefaultAuthorities

  /** @throws Error if the program has no OpenSSL, or another than 3 */
  constructor(library: NativeLibrary) {
    const ssl = loadFunctions(library)
    const objects = new NativeObjects()
    this.name = (ssl.OpenSSL_version(0) as string).split(' ', 2).join(' ')
    if (!this.name.startsWith('OpenSSL 3.')) throw new Error(`it has ${this.name}, and OpenSSL 3 is needed`)
    this.#openssl = { ssl, library, objects, callbacks: new Callbacks(library) }
    const pem = new PemReader(ssl, objects)
    this.#credentials = new CredentialsLoader(ssl, pem)
    this.#defaultAuthorities = new DefaultAuthorities(ssl, objects, pem)
  }

  get alive(): number {
    return this.#openssl.objects.alive
  }

  client(credentials: DtlsCredentials, defaultCa?: readonly string[], withOwn = false): DtlsClient {
    const { ssl } = this.#openssl
    return this.#withContext(ssl.DTLS_client_method(), credentials, false, context => {
      if (credentials.ca === undefined && defaultCa !== undefined) {
        this.#defaultAuthorities.trust(context, defaultCa, withOwn)
      }
      ssl.SSL_CTX_set_verify(context.pointer, VerifyMode.PEER, 0n)
      const { alpnProtocols = [] } = credentials
      if (alpnProtocols.length > 0) {
        const list = protocolNameList(alpnProtocols)
        // The one function that answers 0 when all is well.
        if (ssl.SSL_CTX_set_alpn_protos(context.pointer, list, list.length) !== 0) throw takeError(ssl)
      }
      return new OpenSslClient(this.#openssl, context)
    })
  }

  server(credentials: DtlsCredentials): DtlsServer {
    const { ssl, callbacks } = this.#openssl
    return this.#withContext(ssl.DTLS_server_method(), credentials, true, context => {
      if (credentials.ca !== undefined) {
        ssl.SSL_CTX_set_verify(context.pointer, VerifyMode.PEER | VerifyMode.FAIL_IF_NO_PEER_CERT, 0n)
      } else {
        // Messages that only begin are kept by the dozen, in buffers of this length.
        ssl.SSL_CTX_ctrl(context.pointer, Ctrl.SET_MAX_CERT_LIST, LONGEST_MESSAGE_BYTES, 0n)
      }
      ssl.SSL_CTX_set_cookie_generate_cb(context.pointer, callbacks.cookieMake)
      ssl.SSL_CTX_set_cookie_verify_cb(context.pointer, callbacks.cookieCheck)
      const { alpnProtocols } = credentials
      if (alpnProtocols !== undefined) {
        ssl.SSL_CTX_set_alpn_select_cb(context.pointer, callbacks.alpn, 0n)
      }
      return new OpenSslServer(this.#openssl, context, alpnProtocols)
    })
  }

  forget(): void {
    this.#defaultAuthorities.free()
  }

  /** Makes what has a context, or frees that again. */
  #withContext<T>(
    method: Pointer,
    credentials: DtlsCredentials,
    asServer: boolean,
    make: (context: NativeObject) => T,
  ): T {
    const { ssl, objects } = this.#openssl
    ssl.ERR_clear_error()
    const context = objects.own(ssl.SSL_CTX_new(method), ssl.SSL_CTX_free, 'SSL_CTX')
    try {
      const { pointer } = context
      ssl.SSL_CTX_set_options(pointer, OPTIONS)
      ssl.SSL_CTX_ctrl(pointer, Ctrl.SET_SESS_CACHE_MODE, 0, 0n)
      const isSet =
        ssl.SSL_CTX_ctrl(pointer, Ctrl.SET_MIN_PROTO_VERSION, DTLS1_2_VERSION, 0n) === 1 &&
        ssl.SSL_CTX_set_cipher_list(pointer, CIPHERS) === 1
      if (!isSet) throw takeError(ssl)
      this.#credentials.load(context, credentials, asServer)
      return make(context)
    } catch (error) {
      context.free()
      throw error
    }
  }
}
