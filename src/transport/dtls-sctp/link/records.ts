import {
  epochAt,
  fragmentBytesAt,
  RECORD_HEADER_BYTES,
  sequenceNumberAt,
  setSequenceNumberAt,
} from '../engine/record-header.ts'

/** What the cipher suites that are used add to the data at most: an explicit nonce and a tag (RFC 5288, section 3). */
const MOST_EXPANSION_BYTES = 8 + 16

/** Most bytes by which a record is longer than its data. */
export const RECORD_OVERHEAD_BYTES = RECORD_HEADER_BYTES + MOST_EXPANSION_BYTES

/** Most data of one record (RFC 6347, section 4.1). */
export const MAX_DATA_BYTES = 16_384

const MAX_FRAGMENT_BYTES = MAX_DATA_BYTES + MOST_EXPANSION_BYTES

const ContentType = { ALERT: 21, HANDSHAKE: 22, APPLICATION_DATA: 23 } as const
const CLIENT_HELLO = 1

/** The handshake header (section 4.2.2), and where the random of a ClientHello lies behind its version. */
const HANDSHAKE_HEADER_BYTES = 12
const FRAGMENT_OFFSET_AT = RECORD_HEADER_BYTES + 6
const RANDOM_AT = RECORD_HEADER_BYTES + HANDSHAKE_HEADER_BYTES + 2
const RANDOM_BYTES = 32

/** Length of the record that begins at an index; 0 if none does, or not the whole of it. */
export function recordLengthAt(datagram: Uint8Array, at: number): number {
  if (datagram.length - at <= RECORD_HEADER_BYTES || datagram[at + 1] !== 0xfe) return 0
  const fragmentBytes = fragmentBytesAt(datagram, at)
  const byteLength = RECORD_HEADER_BYTES + fragmentBytes
  return fragmentBytes > MAX_FRAGMENT_BYTES || at + byteLength > datagram.length ? 0 : byteLength
}

/** The records of a datagram. What stands behind one that is malformed is passed over. */
export function* recordsOf(datagram: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; ; ) {
    const byteLength = recordLengthAt(datagram, at)
    if (byteLength === 0) return
    yield datagram.subarray(at, at + byteLength)
    at += byteLength
  }
}

/**
 * Whether a datagram begins with a ClientHello that nothing protects, or with the first fragment of one. Its others belong
 * to the handshake that the first has begun.
 */
export function isClientHello(datagram: Uint8Array): boolean {
  return (
    recordLengthAt(datagram, 0) >= RANDOM_AT + RANDOM_BYTES &&
    datagram[0] === ContentType.HANDSHAKE &&
    epochAt(datagram, 0) === 0 &&
    datagram[RECORD_HEADER_BYTES] === CLIENT_HELLO &&
    datagram.subarray(FRAGMENT_OFFSET_AT, FRAGMENT_OFFSET_AT + 3).every(byte => byte === 0)
  )
}

export function isApplicationData(record: Uint8Array): boolean {
  return record[0] === ContentType.APPLICATION_DATA
}

/** The random of a ClientHello, as text: it stays the same when the ClientHello is sent again, with a cookie or not. */
export function clientRandomOf(clientHello: Uint8Array): string {
  return Buffer.from(clientHello.subarray(RANDOM_AT, RANDOM_AT + RANDOM_BYTES)).toString('hex')
}

/**
 * A datagram without the records at its front that nothing protects. The last flight of a handshake begins with such
 * records and ends with a Finished, which has keys already.
 */
export function protectedPartOf(datagram: Uint8Array): Uint8Array {
  for (let at = 0; ; ) {
    const byteLength = recordLengthAt(datagram, at)
    if (byteLength === 0 || epochAt(datagram, at) > 0) return datagram.subarray(at)
    at += byteLength
  }
}

/**
 * An alert (RFC 5246, section 7.2) to a client whose handshake is not begun: fatal, `internal_error`. It has the sequence
 * number of the ClientHello, as a HelloVerifyRequest would, so that the client takes it for new.
 */
export function refusalOf(clientHello: Uint8Array): Uint8Array {
  const refusal = Uint8Array.of(ContentType.ALERT, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 80)
  setSequenceNumberAt(refusal, 0, sequenceNumberAt(clientHello, 0))
  return refusal
}
