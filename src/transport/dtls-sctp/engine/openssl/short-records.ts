import { epochAt, RECORD_HEADER_BYTES } from '../record-header.ts'

const TAG_BYTES = 16
const EXPLICIT_NONCE_BYTES = 8

/** What a cipher suite adds to the data of a record (RFC 5288, section 3; RFC 7905, section 2), by its IANA name. */
export function addedBytes(cipher: string): number {
  return cipher.includes('CHACHA20') ? TAG_BYTES : EXPLICIT_NONCE_BYTES + TAG_BYTES
}

/** Before a cipher suite is agreed on. The protected record of a handshake is a Finished, which is longer. */
export const MOST_ADDED_BYTES = EXPLICIT_NONCE_BYTES + TAG_BYTES

/**
 * Whether a record says that it is protected and has no room for that. It is to be dropped like any other that is forged
 * (RFC 6347, section 4.1.2.7); to OpenSSL it would be an error of its own, and the end of the connection.
 */
export function isTooShort(record: Uint8Array, added: number): boolean {
  return epochAt(record, 0) > 0 && record.length < RECORD_HEADER_BYTES + added
}
