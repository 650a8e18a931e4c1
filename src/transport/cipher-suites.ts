/**
 * What TLS 1.2 and DTLS 1.2 may agree on, in OpenSSL's names: ephemeral keys and authenticated encryption, as RFC 9325,
 * section 4.2, asks; the cheapest first.
 */
export const SUITES_1_2: readonly string[] = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
]

/** What TLS 1.3 may agree on: all that Node has (RFC 8446, appendix B.4), in its order. */
export const SUITES_1_3: readonly string[] = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
]
