/** The numbers behind the macros of OpenSSL's headers that are used here; they are part of its ABI. */

/** `SSL_ctrl` and `SSL_CTX_ctrl`. */
export const Ctrl = {
  SET_MTU: 17,
  SET_SESS_CACHE_MODE: 44,
  SET_MAX_CERT_LIST: 51,
  SET_TLSEXT_HOSTNAME: 55,
  DTLS_GET_TIMEOUT: 73,
  DTLS_HANDLE_TIMEOUT: 74,
  CHAIN_CERT: 89,
  SET_MIN_PROTO_VERSION: 123,
} as const

/** `BIO_ctrl`. */
export const BioCtrl = { RESET: 1, PENDING: 10, SET_BUF_MEM_EOF_RETURN: 130 } as const

export const Option = {
  NO_QUERY_MTU: 0x1000n,
  COOKIE_EXCHANGE: 0x2000n,
  NO_TICKET: 0x4000n,
  NO_COMPRESSION: 0x20000n,
  CIPHER_SERVER_PREFERENCE: 0x400000n,
  NO_RENEGOTIATION: 0x40000000n,
} as const

export const VerifyMode = { PEER: 1, FAIL_IF_NO_PEER_CERT: 2 } as const

export const SslError = { NONE: 0, SSL: 1, WANT_READ: 2, WANT_WRITE: 3, SYSCALL: 5, ZERO_RETURN: 6 } as const

/** What an ALPN callback answers. */
export const AlpnAnswer = { OK: 0, ALERT_FATAL: 2 } as const

export const DTLS1_2_VERSION = 0xfefd

/** `X509_CHECK_FLAG_`: how the names of a certificate are compared. */
export const CheckFlag = { NO_PARTIAL_WILDCARDS: 0x4, NEVER_CHECK_SUBJECT: 0x20 } as const
