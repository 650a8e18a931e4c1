import { UnusableCredentials } from '../dtls-engine.ts'
import { check } from './failures.ts'
import type { OpenSslFunctions } from './functions.ts'
import type { NativeObject, NativeObjects } from './native-objects.ts'
import type { PemReader } from './pem-reader.ts'

/**
 * What clients trust that name no authorities: more than a hundred certificates as a rule. They are read once, and the
 * contexts share the store. OpenSSL counts who has it, so a context keeps it for as long as it needs it.
 */
export class DefaultAuthorities {
  readonly #ssl: OpenSslFunctions
  readonly #objects: NativeObjects
  readonly #pem: PemReader
  #store: NativeObject | undefined
  /** What is in the store. */
  #ca: readonly string[] = []
  #withOwn = false

  constructor(ssl: OpenSslFunctions, objects: NativeObjects, pem: PemReader) {
    this.#ssl = ssl
    this.#objects = objects
    this.#pem = pem
  }

  /**
   * @param withOwn - whether those are trusted as well that OpenSSL finds by itself
   * @throws UnusableCredentials if they cannot be read
   */
  trust(context: NativeObject, ca: readonly string[], withOwn: boolean): void {
    if (this.#store === undefined || withOwn !== this.#withOwn || !isSame(ca, this.#ca)) {
      this.#replace(ca, withOwn)
    }
    this.#ssl.SSL_CTX_set1_cert_store(context.pointer, this.#store!.pointer)
  }

  free(): void {
    this.#store?.free()
    this.#store = undefined
    this.#ca = []
  }

  #replace(ca: readonly string[], withOwn: boolean): void {
    const store = this.#read(ca, withOwn)
    this.free()
    this.#store = store
    this.#ca = [...ca]
    this.#withOwn = withOwn
  }

  #read(ca: readonly string[], withOwn: boolean): NativeObject {
    const { X509_STORE_new, X509_STORE_free, X509_STORE_add_cert } = this.#ssl
    const store = this.#objects.own(X509_STORE_new(), X509_STORE_free, 'X509_STORE')
    try {
      if (withOwn) check(this.#ssl, this.#ssl.X509_STORE_set_default_paths(store.pointer))
      if (ca.length > 0) {
        this.#pem.eachCertificate(ca, certificate => {
          check(this.#ssl, X509_STORE_add_cert(store.pointer, certificate))
        })
      }
      return store
    } catch (cause) {
      store.free()
      throw new UnusableCredentials('ca', cause as Error)
    }
  }
}

function isSame(one: readonly string[], another: readonly string[]): boolean {
  return one.length === another.length && one.every((pem, index) => pem === another[index])
}
