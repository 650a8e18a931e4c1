/** What the TLS handshake of a connection has agreed and proved. */
export interface TlsInfo {
  /** `TLSv1.2` or `TLSv1.3`; `DTLSv1.2` on `dtls-sctp:`. */
  readonly protocol: string
  /** The cipher suite by its IANA name. */
  readonly cipher: string
  /** The application protocol that ALPN (RFC 7301) has chosen, if both ends offered one. */
  readonly alpnProtocol: string | undefined
  /** The peer's certificate; it has been verified. Absent at a server that asks for none. */
  readonly peerCertificate: PeerCertificate | undefined
}

/** A verified certificate (RFC 5280). */
export interface PeerCertificate {
  /** The distinguished name of its owner, such as `{ CN: 'localhost' }`. */
  readonly subject: Readonly<Record<string, string | readonly string[]>>
  readonly issuer: Readonly<Record<string, string | readonly string[]>>
  /** The names it is good for, such as `DNS:localhost, IP Address:127.0.0.1`. */
  readonly subjectAltName: string | undefined
  readonly validFrom: Date
  readonly validTo: Date
  /** The SHA-256 digest of `raw`, as colon-separated hexadecimal bytes. */
  readonly fingerprint256: string
  readonly serialNumber: string
  /** The certificate, DER-encoded. */
  readonly raw: Uint8Array
}
