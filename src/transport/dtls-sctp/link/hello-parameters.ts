import { RECORD_HEADER_BYTES } from '../engine/record-header.ts'

/** The handshake header (RFC 6347, section 4.2.2): it ends with the length of the fragment. */
const FRAGMENT_BYTES_AT = RECORD_HEADER_BYTES + 9
const BODY_AT = RECORD_HEADER_BYTES + 12

/** Version and random come first, and then the session ID with its length. */
const SESSION_ID_AT = BODY_AT + 2 + 32

/**
 * What a cookie is for, beside the address: the version, random, session ID, cipher suites and compression methods of a
 * ClientHello, which are the same in that without a cookie and in that with it (RFC 6347, section 4.2.1).
 *
 * @param hello the record with the ClientHello, or with the first fragment of one
 * @returns what lies before the cookie and what lies behind it; undefined if they are not all there. A first fragment
 * has room for them on every path.
 */
export function helloParametersOf(hello: Uint8Array): readonly [Uint8Array, Uint8Array] | undefined {
  if (hello.length < SESSION_ID_AT) return undefined
  const end = BODY_AT + (hello[FRAGMENT_BYTES_AT]! << 16) + u16(hello, FRAGMENT_BYTES_AT + 1)
  if (end > hello.length) return undefined
  const cookieAt = SESSION_ID_AT + 1 + byteAt(hello, SESSION_ID_AT, end)
  const suitesAt = cookieAt + 1 + byteAt(hello, cookieAt, end)
  const compressionAt = suitesAt + 2 + (suitesAt + 2 > end ? end : u16(hello, suitesAt))
  const extensionsAt = compressionAt + 1 + byteAt(hello, compressionAt, end)
  if (extensionsAt > end) return undefined
  return [hello.subarray(BODY_AT, cookieAt), hello.subarray(suitesAt, extensionsAt)]
}

/** A length; behind the end, one that leads further behind it. */
function byteAt(bytes: Uint8Array, at: number, end: number): number {
  return at < end ? bytes[at]! : end
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}
