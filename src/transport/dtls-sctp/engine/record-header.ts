/** The header of a record (RFC 6347, section 4.1): type, version, epoch, sequence number, length of the fragment. */
export const RECORD_HEADER_BYTES = 13

const EPOCH_AT = 3
const SEQUENCE_AT = 5
const LENGTH_AT = 11

/** Sequence numbers have so many values. */
const SEQUENCE_NUMBERS = 2 ** 48

/** 0 until the keys change. */
export function epochAt(records: Uint8Array, at: number): number {
  return u16(records, at + EPOCH_AT)
}

export function fragmentBytesAt(records: Uint8Array, at: number): number {
  return u16(records, at + LENGTH_AT)
}

export function sequenceNumberAt(records: Uint8Array, at: number): number {
  const high = u16(records, at + SEQUENCE_AT)
  const middle = u16(records, at + SEQUENCE_AT + 2)
  return (high * 65_536 + middle) * 65_536 + u16(records, at + SEQUENCE_AT + 4)
}

/** @param value any whole number; its remainder is written */
export function setSequenceNumberAt(records: Uint8Array, at: number, value: number): void {
  let rest = ((value % SEQUENCE_NUMBERS) + SEQUENCE_NUMBERS) % SEQUENCE_NUMBERS
  for (let index = SEQUENCE_AT + 5; index >= SEQUENCE_AT; index--) {
    records[at + index] = rest % 256
    rest = Math.floor(rest / 256)
  }
}

function u16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}
