/** PEM text, or its bytes; several in one text or in a list. */
export type Pem = string | Uint8Array | readonly (string | Uint8Array)[]

/** TLS, or DTLS, at either end. */
export interface TlsOptions {
  /** Names of application protocols to agree on by ALPN (RFC 7301), the preferred first. */
  readonly alpnProtocols?: readonly string[] | undefined
  /** The oldest version to accept. Default `TLSv1.2`, the oldest there is. On `dtls-sctp:` that stands for DTLS 1.2, the only one there is. */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3' | undefined
  /**
   * Whether the peer's end is clean only with a `close_notify` alert before it (RFC 8446, section 6.1). Without one, a
   * stream that somebody has cut between two frames looks ended. Set it to false for a peer that sends none. No
   * meaning on `dtls-sctp:`, where SCTP tells the difference. Default true.
   */
  readonly requireCloseNotify?: boolean | undefined
}

/** TLS at the client. The server's certificate is always verified; trust a self-signed one by giving it as `ca`. */
export interface TlsConnectOptions extends TlsOptions {
  /** Authorities to trust, PEM, in place of those that come with the runtime. */
  readonly ca?: Pem | undefined
  /** This end's certificate, followed by its intermediates, PEM, for a server that asks for one. */
  readonly cert?: Pem | undefined
  /** The key of `cert`, PEM. */
  readonly key?: Pem | undefined
  /** What decrypts `key`. */
  readonly passphrase?: string | undefined
  /**
   * The host name or IP address that the server's certificate must carry; a name is also sent as SNI. Other letters than
   * ASCII are converted, the zone of an IPv6 address is left out. Default: the host of the address.
   */
  readonly serverName?: string | undefined
}

/** What a server shows and whom it trusts: what can be replaced while it listens. */
export interface TlsIdentity {
  /** The server's certificate, followed by its intermediates, PEM. */
  readonly cert: Pem
  /** The key of `cert`, PEM. */
  readonly key: Pem
  /** What decrypts `key`. */
  readonly passphrase?: string | undefined
  /**
   * Authorities of clients' certificates, PEM. When set, every client must present a certificate of theirs (mutual
   * TLS).
   */
  readonly ca?: Pem | undefined
}

/** TLS at the server. */
export type TlsListenOptions = TlsIdentity & TlsOptions
