import type { Pem } from '../../../../options.ts'
import type { Pointer } from '../native-library.ts'
import { takeError } from './failures.ts'
import type { OpenSslFunctions } from './functions.ts'
import type { NativeObject, NativeObjects } from './native-objects.ts'

type ReadPem = (bio: Pointer) => Pointer | null

/** Makes native objects of PEM, each for the time of a call. OpenSSL takes a reference of its own of what it keeps. */
export class PemReader {
  readonly #ssl: OpenSslFunctions
  readonly #objects: NativeObjects

  constructor(ssl: OpenSslFunctions, objects: NativeObjects) {
    this.#ssl = ssl
    this.#objects = objects
  }

  /** @throws Error if there is none, or something else among them */
  eachCertificate(pem: Pem, use: (certificate: Pointer, index: number) => void): void {
    const read: ReadPem = bio => this.#ssl.PEM_read_bio_X509(bio, 0n, 0n, 0n)
    this.#withBio(pem, bio => {
      for (let index = 0; ; index++) {
        const certificate = this.#readNext(bio, read, this.#ssl.X509_free)
        if (certificate === undefined) return this.#checkEnd(index)
        this.#use(certificate, pointer => use(pointer, index))
      }
    })
  }

  /** @throws Error if there is none, or the passphrase is wrong */
  key(pem: Pem, passphrase: string, use: (key: Pointer) => void): void {
    // Without one, OpenSSL would ask at the terminal.
    const words = Buffer.from(`${passphrase}\0`)
    const read: ReadPem = bio => this.#ssl.PEM_read_bio_PrivateKey(bio, 0n, 0n, words)
    try {
      this.#withBio(pem, bio => {
        const key = this.#readNext(bio, read, this.#ssl.EVP_PKEY_free)
        if (key === undefined) throw takeError(this.#ssl)
        this.#use(key, use)
      })
    } finally {
      words.fill(0)
    }
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
}

function textOf(pem: Pem): Buffer {
  const parts = typeof pem === 'string' || ArrayBuffer.isView(pem) ? [pem] : pem
  const texts = parts.flatMap(part => [bytesOf(part), Buffer.from('\n')])
  return Buffer.concat(texts)
}

/** A view of whatever kind and realm. */
function bytesOf(part: string | ArrayBufferView): Uint8Array {
  return typeof part === 'string'
    ? Buffer.from(part)
    : new Uint8Array(part.buffer, part.byteOffset, part.byteLength)
}
