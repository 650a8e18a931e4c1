import type { Pem } from '../../../options.ts'

/**
 * DTLS 1.2 (RFC 6347), as far as DTLS-SCTP needs it: bytes in, bytes out. Whoever implements it has no sockets; the time
 * between retransmissions is its own. All calls are made on one thread, and none from inside another.
 */
export interface DtlsEngine {
  /** Who it is, such as `OpenSSL 3.0.19`. */
  readonly name: string
  /** Native objects that are alive, for those who look for leaks. The default authorities, once read, are one. */
  readonly alive: number

  /**
   * @param defaultCa - the authorities to trust if the credentials name none, PEM: read for the first client, and then
   * kept for those to come, until they are others
   * @param withOwn - whether those are trusted as well that the engine finds on this machine by itself
   * @throws UnusableCredentials
   */
  client(credentials: DtlsCredentials, defaultCa?: readonly string[], withOwn?: boolean): DtlsClient

  /** @throws UnusableCredentials */
  server(credentials: DtlsCredentials): DtlsServer

  /** Frees the default authorities. Clients and connections that trust them live on; the next client has them read again. */
  forget(): void
}

/** Most bytes of a datagram of a handshake. Every path takes that much (RFC 8899, section 5.1.2). */
export const HANDSHAKE_DATAGRAM_BYTES = 1200

/** What an end shows and whom it trusts. */
export interface DtlsCredentials {
  /** The authorities to trust, PEM. At a server, undefined asks for no certificate. */
  readonly ca: Pem | undefined
  /** The certificate, followed by its intermediates, PEM. */
  readonly cert: Pem | undefined
  /** Its key, PEM, and what decrypts it. */
  readonly key: Pem | undefined
  readonly passphrase: string | undefined
  /** Application protocols to agree on by ALPN (RFC 7301), the preferred first. */
  readonly alpnProtocols: readonly string[] | undefined
}

/** What clients with the same credentials have in common. */
export interface DtlsClient {
  /**
   * Begins a connection; the ClientHello waits in `take`.
   *
   * @param name that the server's certificate must carry: a host name, which is sent as SNI, or an IP address
   */
  connect(name: string): DtlsConnection
  /** Frees it; its connections live on. */
  free(): void
}

/** What connections to a server have in common. */
export interface DtlsServer {
  /** Looks at a record with a ClientHello and keeps nothing of it, unless its cookie is right (RFC 6347, section 4.2.1). */
  onClientHello(record: Uint8Array, cookies: DtlsCookies): ClientHelloVerdict
  /** Frees it; its connections live on. */
  free(): void
}

/** The cookies of a ClientHello, and of the address that it came from. */
export interface DtlsCookies {
  /** At most 255 bytes. */
  make(): Uint8Array
  isRight(cookie: Uint8Array): boolean
}

/** At most one of `connection` and `failure` is there. */
export interface ClientHelloVerdict {
  /** What to send: a HelloVerifyRequest, or an alert; may be empty. */
  readonly answer?: Uint8Array
  /** The client has proved that it is where it says; the ServerHello and what follows wait in `take`. */
  readonly connection?: DtlsConnection
  /** It has, and this server and it have nothing in common. */
  readonly failure?: DtlsFailure
}

/** One end of a DTLS connection. After {@link free}, nothing of it may be called but `free`. */
export interface DtlsConnection {
  /** Whether the handshake is done and the peer is who it should be. */
  readonly isUp: boolean
  /** Whether the peer has sent `close_notify`. */
  readonly isEndedByPeer: boolean
  /** Whether the peer's keys hold already, so that what is protected is read. Before, it is kept for later. */
  readonly hasPeerKeys: boolean

  /**
   * Takes one record of a datagram. Returns how many bytes of data it had; they are put into `into`, which has room for
   * the record and may be its own memory.
   *
   * @throws DtlsFailure if the connection has failed. What the peer is to know of it waits in `take`.
   */
  receive(record: Uint8Array, into: Uint8Array): number

  /** Data of records that came too early; 0 if there is none. To be asked when the connection is up. @throws DtlsFailure */
  receiveEarly(into: Uint8Array): number

  /** Puts at most 16,384 bytes of data into a record, which then waits in `take`. @throws DtlsFailure */
  send(data: Uint8Array): void

  /** Sends `close_notify`. Nothing can be sent after it. */
  end(): void

  /** Bytes of the records that wait to be sent. */
  readonly waitingBytes: number

  /** Moves the records that wait to be sent into memory that has room for them; returns how many bytes. */
  take(into: Uint8Array): number

  /** The same, into memory of their own. */
  takeAll(): Uint8Array

  /** Time until {@link onTimeout} is due, in ms; undefined if no flight waits for an answer. */
  timeoutMs(): number | undefined

  /** Sends the last flight once more (RFC 6347, section 4.2.4). @throws DtlsFailure if it was sent too often */
  onTimeout(): void

  /** What the handshake has shown. Only when it is up. */
  readonly info: DtlsInfo

  /** Frees it. Doing it twice does nothing. */
  free(): void
}

export interface DtlsInfo {
  /** `DTLSv1.2`. */
  readonly protocol: string
  /** The cipher suite by its IANA name. */
  readonly cipher: string
  readonly alpnProtocol: string | undefined
  /** The peer's certificate, DER. */
  readonly certificate: Uint8Array | undefined
}

/**
 * Why a DTLS connection failed. `code` is what Node's TLS would say: `ERR_SSL_` and OpenSSL's reason, or the name of the
 * error of a certificate, such as `CERT_HAS_EXPIRED`.
 */
export class DtlsFailure extends Error {
  readonly code: string

  constructor(code: string, reason: string) {
    super(reason)
    this.code = code
  }
}

/** A certificate or a key cannot be used. */
export class UnusableCredentials extends Error {
  /** Which one. */
  readonly what: 'ca' | 'cert' | 'key'

  constructor(what: 'ca' | 'cert' | 'key', cause: Error) {
    super(cause.message, { cause })
    this.what = what
  }
}
