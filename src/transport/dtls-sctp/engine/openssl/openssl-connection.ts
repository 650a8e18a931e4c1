import {
  type DtlsConnection,
  type DtlsFailure,
  type DtlsInfo,
  HANDSHAKE_DATAGRAM_BYTES,
} from '../dtls-engine.ts'
import { LONG_BYTES, type NativeFunction, type Pointer } from '../native-library.ts'
import { connectionInfo } from './connection-info.ts'
import { BioCtrl, Ctrl, SslError } from './constants.ts'
import { certificateFailure, isHandshakeAlert, missingCertificate, takeError } from './failures.ts'
import type { OpenSslFunctions } from './functions.ts'
import type { NativeObject } from './native-objects.ts'
import type { OpenSsl } from './openssl.ts'
import { ServerNumbering } from './server-numbering.ts'
import { addedBytes, isTooShort, MOST_ADDED_BYTES } from './short-records.ts'

/** A `struct timeval`: two longs. */
const timeval = Buffer.alloc(16)

const NO_POINTER = 0n

/** What OpenSSL calls the state behind a ChangeCipherSpec: `SSLv3/TLS read change cipher spec`. */
const HAS_PEER_KEYS = /read change cipher spec$/

/** An `SSL` of OpenSSL's between two memory BIOs. */
export class OpenSslConnection implements DtlsConnection {
  readonly #openssl: OpenSsl
  readonly #ssl: OpenSslFunctions
  readonly #object: NativeObject
  readonly #input: Pointer
  readonly #output: Pointer
  readonly #alpnProtocols: readonly string[] | undefined
  readonly #isServer: boolean
  #numbering: ServerNumbering | undefined
  #addedBytes = MOST_ADDED_BYTES
  isUp = false
  isEndedByPeer = false

  static client(openssl: OpenSsl, context: NativeObject): OpenSslConnection {
    const connection = new OpenSslConnection(openssl, context, undefined, false)
    openssl.ssl.SSL_set_connect_state(connection.pointer)
    return connection
  }

  static server(
    openssl: OpenSsl,
    context: NativeObject,
    alpnProtocols: readonly string[] | undefined,
  ): OpenSslConnection {
    const connection = new OpenSslConnection(openssl, context, alpnProtocols, true)
    openssl.ssl.SSL_set_accept_state(connection.pointer)
    return connection
  }

  private constructor(
    openssl: OpenSsl,
    context: NativeObject,
    alpnProtocols: readonly string[] | undefined,
    isServer: boolean,
  ) {
    const { ssl, objects, callbacks } = openssl
    this.#openssl = openssl
    this.#ssl = ssl
    this.#alpnProtocols = alpnProtocols
    this.#isServer = isServer
    ssl.ERR_clear_error()
    this.#object = objects.own(ssl.SSL_new(context.pointer), ssl.SSL_free, 'SSL')
    try {
      this.#input = this.#newBio(ssl.SSL_set0_rbio)
      this.#output = this.#newBio(ssl.SSL_set0_wbio)
    } catch (error) {
      this.free()
      throw error
    }
    // An empty BIO has nothing for the moment; it has not ended.
    ssl.BIO_ctrl(this.#input, BioCtrl.SET_BUF_MEM_EOF_RETURN, -1, NO_POINTER)
    ssl.SSL_ctrl(this.pointer, Ctrl.SET_MTU, HANDSHAKE_DATAGRAM_BYTES, null)
    ssl.DTLS_set_timer_cb(this.pointer, callbacks.timer)
  }

  get pointer(): Pointer {
    return this.#object.pointer
  }

  /** They hold from the ChangeCipherSpec on, and nothing but the Finished is read between it and the end of the handshake. */
  get hasPeerKeys(): boolean {
    return this.isUp || HAS_PEER_KEYS.test(this.#ssl.SSL_state_string_long(this.pointer) as string)
  }

  /** Looks at a ClientHello. Returns whether it has the right cookie; the handshake then goes on with `goOn`. */
  listen(record: Uint8Array, address: Pointer): boolean {
    this.#ssl.ERR_clear_error()
    this.#ssl.BIO_ctrl(this.#input, BioCtrl.RESET, 0, NO_POINTER)
    this.#put(record)
    const isRight = this.#ssl.DTLSv1_listen(this.pointer, address) === 1
    this.#ssl.ERR_clear_error()
    if (isRight) this.#numbering = new ServerNumbering(record)
    return isRight
  }

  /** Takes the handshake as far as it goes. @throws DtlsFailure */
  goOn(): void {
    const { concern } = this.#openssl.callbacks
    this.#ssl.ERR_clear_error()
    concern.alpnProtocols = this.#alpnProtocols
    const result: number = this.#ssl.SSL_do_handshake(this.pointer)
    concern.alpnProtocols = undefined
    if (result === 1) this.#up()
    else this.#mayWait(result)
  }

  receive(record: Uint8Array, into: Uint8Array): number {
    if (isTooShort(record, this.#addedBytes)) return 0
    this.#put(record)
    if (this.isUp) return this.receiveEarly(into)
    this.goOn()
    return 0
  }

  receiveEarly(into: Uint8Array): number {
    this.#ssl.ERR_clear_error()
    const byteLength: number = this.#ssl.SSL_read(this.pointer, into, into.length)
    if (byteLength <= 0 && !this.#isEmptyRecord(byteLength)) this.#mayWait(byteLength)
    return Math.max(0, byteLength)
  }

  send(data: Uint8Array): void {
    this.#ssl.ERR_clear_error()
    if (this.#ssl.SSL_write(this.pointer, data, data.length) !== data.length) throw takeError(this.#ssl)
  }

  end(): void {
    this.#ssl.SSL_shutdown(this.pointer)
    this.#ssl.ERR_clear_error()
  }

  get waitingBytes(): number {
    this.#use()
    return Number(this.#ssl.BIO_ctrl(this.#output, BioCtrl.PENDING, 0, NO_POINTER))
  }

  take(into: Uint8Array): number {
    this.#use()
    return Math.max(0, this.#ssl.BIO_read(this.#output, into, into.length))
  }

  takeAll(): Uint8Array {
    const records = new Uint8Array(this.waitingBytes)
    if (records.length > 0) this.take(records)
    this.#numbering?.apply(records)
    return records
  }

  timeoutMs(): number | undefined {
    if (Number(this.#ssl.SSL_ctrl(this.pointer, Ctrl.DTLS_GET_TIMEOUT, 0, timeval)) !== 1) return undefined
    return timeval.readInt32LE(0) * 1000 + timeval.readInt32LE(LONG_BYTES) / 1000
  }

  onTimeout(): void {
    this.#ssl.ERR_clear_error()
    if (Number(this.#ssl.SSL_ctrl(this.pointer, Ctrl.DTLS_HANDLE_TIMEOUT, 0, null)) < 0)
      throw takeError(this.#ssl)
  }

  get info(): DtlsInfo {
    return connectionInfo(this.#openssl, this.pointer)
  }

  free(): void {
    this.#object.free()
  }

  /** Makes a BIO that is the SSL's, and freed with it. */
  #newBio(give: NativeFunction): Pointer {
    const bio = this.#openssl.objects.own(this.#ssl.BIO_new(this.#ssl.BIO_s_mem()), this.#ssl.BIO_free, 'BIO')
    const pointer = bio.giveAway()
    give(this.pointer, pointer)
    return pointer
  }

  #up(): void {
    this.isUp = true
    const cipher: Pointer = this.#ssl.SSL_get_current_cipher(this.pointer)
    this.#addedBytes = addedBytes(this.#ssl.SSL_CIPHER_standard_name(cipher))
  }

  /** The BIOs are gone with the SSL. */
  #use(): void {
    this.pointer
  }

  #put(record: Uint8Array): void {
    this.#use()
    if (this.#ssl.BIO_write(this.#input, record, record.length) !== record.length) throw takeError(this.#ssl)
  }

  /** After a result that is no success: that there is nothing more for now, or the end, is no failure. */
  #mayWait(result: number): void {
    const why: number = this.#ssl.SSL_get_error(this.pointer, result)
    if (why === SslError.ZERO_RETURN) this.isEndedByPeer = true
    else if (why !== SslError.WANT_READ && why !== SslError.WANT_WRITE) throw this.#failure()
  }

  /** A record may have no data (RFC 5246, section 6.2.1); to OpenSSL, that is neither a success nor a failure. */
  #isEmptyRecord(result: number): boolean {
    return result === 0 && this.#ssl.SSL_get_error(this.pointer, result) === SslError.SYSCALL
  }

  #failure(): DtlsFailure {
    const error = takeError(this.#ssl)
    if (error.code === 'ERR_SSL_CERTIFICATE_VERIFY_FAILED') {
      return certificateFailure(this.#ssl, Number(this.#ssl.SSL_get_verify_result(this.pointer)))
    }
    return isHandshakeAlert(error) && this.#owesCertificate ? missingCertificate(error) : error
  }

  /** Whether the server has asked for a certificate, and this end has none: servers then only say that they have failed. */
  get #owesCertificate(): boolean {
    if (this.#isServer) return false
    const { SSL_get_certificate, SSL_get_client_CA_list } = this.#ssl
    return SSL_get_certificate(this.pointer) === null && SSL_get_client_CA_list(this.pointer) !== null
  }
}
