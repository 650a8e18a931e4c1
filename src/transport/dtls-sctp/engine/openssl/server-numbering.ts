const HEADER_BYTES = 13
const SEQUENCE_AT = 5
const SEQUENCE_BYTES = 6

/**
 * The first record that answers a ClientHello with the right cookie has its sequence number (RFC 6347, section 4.2.1).
 * OpenSSL 3.5 begins with 1 instead, which the client takes for a repetition if a HelloVerifyRequest had that
 * number: it had, if the first ClientHello was lost. Nothing protects these numbers until the keys change.
 */
export class ServerNumbering {
  readonly #first: number
  #offset: number | undefined

  constructor(clientHello: Uint8Array) {
    this.#first = sequenceOf(clientHello, 0)
  }

  /** Changes the records of a flight where they lie. */
  apply(flight: Uint8Array): void {
    if (flight.length < HEADER_BYTES) return
    this.#offset ??= this.#first - sequenceOf(flight, 0)
    if (this.#offset === 0) return
    for (let at = 0; at < flight.length; at += HEADER_BYTES + fragmentBytesAt(flight, at)) {
      if (isProtected(flight, at)) continue
      const number = sequenceOf(flight, at) + this.#offset
      viewOf(flight).writeUIntBE(number, at + SEQUENCE_AT, SEQUENCE_BYTES)
    }
  }
}

function isProtected(records: Uint8Array, at: number): boolean {
  return records[at + 3] !== 0 || records[at + 4] !== 0
}

function fragmentBytesAt(records: Uint8Array, at: number): number {
  return (records[at + 11]! << 8) | records[at + 12]!
}

function sequenceOf(records: Uint8Array, at: number): number {
  return viewOf(records).readUIntBE(at + SEQUENCE_AT, SEQUENCE_BYTES)
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
