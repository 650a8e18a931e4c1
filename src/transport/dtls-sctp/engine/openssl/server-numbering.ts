import {
  epochAt,
  fragmentBytesAt,
  RECORD_HEADER_BYTES,
  sequenceNumberAt,
  setSequenceNumberAt,
} from '../record-header.ts'

/**
 * The first record that answers a ClientHello with the right cookie has its sequence number (RFC 6347, section 4.2.1).
 * OpenSSL 3.5 begins with 1 instead, which the client takes for a repetition if a HelloVerifyRequest had that
 * number: it had, if the first ClientHello was lost. Nothing protects these numbers until the keys change.
 */
export class ServerNumbering {
  readonly #first: number
  #offset: number | undefined

  constructor(clientHello: Uint8Array) {
    this.#first = sequenceNumberAt(clientHello, 0)
  }

  /** Changes the records of a flight where they lie. */
  apply(flight: Uint8Array): void {
    if (flight.length < RECORD_HEADER_BYTES) return
    this.#offset ??= this.#first - sequenceNumberAt(flight, 0)
    if (this.#offset === 0) return
    for (let at = 0; at < flight.length; at += RECORD_HEADER_BYTES + fragmentBytesAt(flight, at)) {
      if (epochAt(flight, at) > 0) continue
      setSequenceNumberAt(flight, at, sequenceNumberAt(flight, at) + this.#offset)
    }
  }
}
