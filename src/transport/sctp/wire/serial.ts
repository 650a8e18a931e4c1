/**
 * Transmission Sequence Numbers (RFC 9260, section 1.6): 32 bits that wrap around, compared by RFC 1982.
 *
 * They are kept as signed 32-bit integers, which V8 holds without an allocation; the bits are those on the wire.
 */
export type Tsn = number

export const addTsn = (tsn: Tsn, count: number): Tsn => (tsn + count) | 0

/** How far `to` is ahead of `from`; negative where it is behind. */
export const tsnDistance = (from: Tsn, to: Tsn): number => (to - from) | 0

export const isBefore = (a: Tsn, b: Tsn): boolean => ((a - b) | 0) < 0

/** As people and other programs write it. */
export const showTsn = (tsn: Tsn): string => String(tsn >>> 0)
