import type { Pem } from '../../../../options.ts'
import { type DtlsCredentials, UnusableCredentials } from '../dtls-engine.ts'
import type { Pointer } from '../native-library.ts'
import { Ctrl } from './constants.ts'
import { takeError } from './failures.ts'
import type { OpenSslFunctions } from './functions.ts'
import type { NativeObject, NativeObjects } from './native-objects.ts'

type ReadPem = (bio: Pointer) => Pointer | null

/** Puts certificates and keys, PEM, into a context of OpenSSL's. */
export class CredentialsLoader {
  readonly #ssl: OpenSslFunctions
  readonly #objects: NativeObjects

  constructor(ssl: OpenSslFunctions, objects: NativeObjects) {
    this.#ssl = ssl
    this.#objects = objects
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
    this.#eachCertificate(ca, certificate => {
      this.#check(this.#ssl.X509_STORE_add_cert(store, certificate))
      if (asServer) this.#check(this.#ssl.SSL_CTX_add_client_CA(context.pointer, certificate))
    })
  }

  /** The first is this end's own; those behind it lead to an authority. */
  #show(context: NativeObject, cert: Pem): void {
    this.#eachCertificate(cert, (certificate, index) => {
      const { pointer } = context
      if (index === 0) this.#check(this.#ssl.SSL_CTX_use_certificate(pointer, certificate))
      else this.#check(this.#ssl.SSL_CTX_ctrl(pointer, Ctrl.CHAIN_CERT, 1, certificate))
    })
  }

  #useKey(context: NativeObject, pem: Pem, passphrase: string): void {
    // Without one, OpenSSL would ask at the terminal.
    const words = Buffer.from(`${passphrase}\0`)
    const read: ReadPem = bio => this.#ssl.PEM_read_bio_PrivateKey(bio, 0n, 0n, words)
    try {
      this.#withBio(pem, bio => {
        const key = this.#readNext(bio, read, this.#ssl.EVP_PKEY_free)
        if (key === undefined) throw takeError(this.#ssl)
        this.#use(key, pointer => this.#check(this.#ssl.SSL_CTX_use_PrivateKey(context.pointer, pointer)))
      })
    } finally {
      words.fill(0)
    }
  }

  /** OpenSSL takes a reference of its own of what it keeps. */
  #eachCertificate(pem: Pem, use: (certificate: Pointer, index: number) => void): void {
    const read: ReadPem = bio => this.#ssl.PEM_read_bio_X509(bio, 0n, 0n, 0n)
    this.#withBio(pem, bio => {
      for (let index = 0; ; index++) {
        const certificate = this.#readNext(bio, read, this.#ssl.X509_free)
        if (certificate === undefined) return this.#checkEnd(index)
        this.#use(certificate, pointer => use(pointer, index))
      }
    })
  }

  /** At the end of the text, OpenSSL misses the start of another certificate; anything else is an error. */
  #checkEnd(certificates: number): void {
    const error = takeError(this.#ssl)
    if (certificates === 0 || error.code !== 'ERR_SSL_NO_START_LINE') throw error
  }

  #readNext(bio: Pointer, read: ReadPem, free: (pointer: Pointer) => void): NativeObject | undefined {
    this.#ssl.ERR_clear_error()
    const pointer = read(bio)
    return pointer === null ? undefined : this.#objects.own(pointer, free, 'PEM object')
  }

  #use(object: NativeObject, use: (pointer: Pointer) => void): void {
    try {
      use(object.pointer)
    } finally {
      object.free()
    }
  }

  /** OpenSSL reads the text where it lies, which must not move meanwhile: a Buffer of its own. */
  #withBio(pem: Pem, use: (bio: Pointer) => void): void {
    const text = textOf(pem)
    const pointer = this.#ssl.BIO_new_mem_buf(text, text.length)
    const bio = this.#objects.own(pointer, this.#ssl.BIO_free, 'BIO')
    try {
      this.#use(bio, use)
    } finally {
      text.fill(0)
    }
  }

  #check(result: number): void {
    if (result <= 0) throw takeError(this.#ssl)
  }
}

function naming(what: 'ca' | 'cert' | 'key', load: () => void): void {
  try {
    load()
  } catch (cause) {
    throw new UnusableCredentials(what, cause as Error)
  }
}

function textOf(pem: Pem): Buffer {
  const parts = typeof pem === 'string' || pem instanceof Uint8Array ? [pem] : pem
  const texts = parts.flatMap(part => [Buffer.from(part as Uint8Array), Buffer.from('\n')])
  return Buffer.concat(texts)
}
