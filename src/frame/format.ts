/**
 * The wire format, as in PROTOCOL.md:
 *
 * ```
 *  0               4         6           8                    8 + n
 * +---------------+---------+-----------+---------------------+
 * | size  u32 BE  | version | recipient | data: n bytes       |
 * |  = 4 + n      |  u16 BE |  u16 BE   | 1 <= n <= 100000000 |
 * +---------------+---------+-----------+---------------------+
 * ```
 */

/** Bytes before the data. */
export const HEADER_BYTES = 8

/** The size field counts the data, the version and the recipient, but not itself. */
export const SIZE_BYTES = 4

/** The bytes of the version field. */
export const VERSION_BYTES = 2

/** What the size field counts beside the data. */
export const SIZE_OVERHEAD = HEADER_BYTES - SIZE_BYTES

/** The only version of a data frame. */
export const VERSION = 1

export const MAX_RECIPIENT = 0xffff

/** The largest data that a frame may carry, on any connection. */
export const MAX_DATA_BYTES = 100_000_000
