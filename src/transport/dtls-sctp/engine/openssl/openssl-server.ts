import type { ClientHelloVerdict, DtlsCookies, DtlsFailure, DtlsServer } from '../dtls-engine.ts'
import type { NativeObject } from './native-objects.ts'
import type { OpenSsl } from './openssl.ts'
import { OpenSslConnection } from './openssl-connection.ts'

export class OpenSslServer implements DtlsServer {
  readonly #openssl: OpenSsl
  readonly #context: NativeObject
  readonly #alpnProtocols: readonly string[] | undefined
  /** Where OpenSSL puts the address of a peer. It never learns one, but asks for the room. */
  readonly #address: NativeObject
  /** Looks at one ClientHello after the other, until one is right, whose connection it becomes. */
  #listening: OpenSslConnection | undefined

  constructor(openssl: OpenSsl, context: NativeObject, alpnProtocols: readonly string[] | undefined) {
    const { ssl, objects } = openssl
    this.#openssl = openssl
    this.#context = context
    this.#alpnProtocols = alpnProtocols
    this.#address = objects.own(ssl.BIO_ADDR_new(), ssl.BIO_ADDR_free, 'BIO_ADDR')
  }

  onClientHello(record: Uint8Array, cookies: DtlsCookies): ClientHelloVerdict {
    this.#listening ??= OpenSslConnection.server(this.#openssl, this.#context, this.#alpnProtocols)
    const { concern } = this.#openssl.callbacks
    concern.cookies = cookies
    try {
      return this.#listen(record, this.#listening)
    } finally {
      concern.cookies = undefined
    }
  }

  free(): void {
    this.#listening?.free()
    this.#address.free()
    this.#context.free()
  }

  #listen(record: Uint8Array, connection: OpenSslConnection): ClientHelloVerdict {
    if (!connection.listen(record, this.#address.pointer)) return { answer: connection.takeAll() }
    this.#listening = undefined
    try {
      connection.goOn()
      return { connection }
    } catch (error) {
      const answer = connection.takeAll()
      connection.free()
      return { answer, failure: error as DtlsFailure }
    }
  }
}
