import type { Pem } from '../../../../options.ts'
import { type DtlsCredentials, UnusableCredentials } from '../dtls-engine.ts'
import type { Pointer } from '../native-library.ts'
import { Ctrl } from './constants.ts'
import { check } from './failures.ts'
import type { OpenSslFunctions } from './functions.ts'
import type { NativeObject } from './native-objects.ts'
import type { PemReader } from './pem-reader.ts'

/** Puts certificates and keys, PEM, into a context of OpenSSL's. */
export class CredentialsLoader {
  readonly #ssl: OpenSslFunctions
  readonly #pem: PemReader

  constructor(ssl: OpenSslFunctions, pem: PemReader) {
    this.#ssl = ssl
    this.#pem = pem
  }

  /** @throws UnusableCredentials if something cannot be read, or the key is not the certificate's */
  load(context: NativeObject, { ca, cert, key, passphrase }: DtlsCredentials, asServer: boolean): void {
    if (ca !== undefined) naming('ca', () => this.#trust(context, ca, asServer))
    if (cert !== undefined) naming('cert', () => this.#show(context, cert))
    if (key !== undefined) naming('key', () => this.#useKey(context, key, passphrase ?? ''))
  }

  /** A server also tells clients whose certificates it takes. */
  #trust(context: NativeObject, ca: Pem, asServer: boolean): void {
    const store = this.#ssl.SSL_CTX_get_cert_store(context.pointer) as Pointer
    this.#pem.eachCertificate(ca, certificate => {
      check(this.#ssl, this.#ssl.X509_STORE_add_cert(store, certificate))
      if (asServer) check(this.#ssl, this.#ssl.SSL_CTX_add_client_CA(context.pointer, certificate))
    })
  }

  /** The first is this end's own; those behind it lead to an authority. */
  #show(context: NativeObject, cert: Pem): void {
    this.#pem.eachCertificate(cert, (certificate, index) => {
      const { pointer } = context
      if (index === 0) check(this.#ssl, this.#ssl.SSL_CTX_use_certificate(pointer, certificate))
      else check(this.#ssl, this.#ssl.SSL_CTX_ctrl(pointer, Ctrl.CHAIN_CERT, 1, certificate))
    })
  }

  #useKey(context: NativeObject, pem: Pem, passphrase: string): void {
    this.#pem.key(pem, passphrase, key => {
      check(this.#ssl, this.#ssl.SSL_CTX_use_PrivateKey(context.pointer, key))
    })
  }
}

function naming(what: 'ca' | 'cert' | 'key', load: () => void): void {
  try {
    load()
  } catch (cause) {
    throw new UnusableCredentials(what, cause as Error)
  }
}
