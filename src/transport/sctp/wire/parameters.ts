import { padded, readU16, readU32 } from './bytes.ts'
import { ErrorDetectionMethod, ParameterType, reportsUnknown, stopsAtUnknown } from './numbers.ts'

/** What the parameters of an INIT or INIT ACK say (RFC 9260, section 3.3.2.1). */
export interface Parameters {
  readonly cookie: Uint8Array | undefined
  /** RFC 5061, section 4.1. */
  readonly adaptationCode: number | undefined
  /** Whether a checksum of 0 is taken where DTLS carries the packets (RFC 9653, section 4). */
  readonly zeroChecksumAcceptable: boolean
  /** A Host Name Address, which must be refused (RFC 9260, section 3.3.2.1.4). */
  readonly hasHostName: boolean
  /** Those that are not known and ask to be reported, whole. */
  readonly unrecognized: readonly Uint8Array[]
}

/** Known here, and of no consequence for one path without extensions. */
const ignored: ReadonlySet<number> = new Set([
  ParameterType.IPV4_ADDRESS,
  ParameterType.IPV6_ADDRESS,
  ParameterType.UNRECOGNIZED_PARAMETER,
  ParameterType.COOKIE_PRESERVATIVE,
  ParameterType.SUPPORTED_ADDRESS_TYPES,
])

const HEADER_BYTES = 4

/** Most unknown parameters that are reported: peers have a few. */
const MOST_UNRECOGNIZED = 64

/** Undefined where one is malformed. What is known counts once; a second of the same type is passed over. */
export function readParameters(bytes: Uint8Array, start: number, end: number): Parameters | undefined {
  let cookie: Uint8Array | undefined
  let adaptationCode: number | undefined
  let detectionMethod: number | undefined
  let hasHostName = false
  const unrecognized: Uint8Array[] = []
  for (let at = start; at < end; ) {
    if (at + HEADER_BYTES > end) return undefined
    const type = readU16(bytes, at)
    const length = readU16(bytes, at + 2)
    if (length < HEADER_BYTES || at + length > end) return undefined
    if (type === ParameterType.STATE_COOKIE) cookie ??= bytes.slice(at + HEADER_BYTES, at + length)
    else if (type === ParameterType.HOST_NAME_ADDRESS) hasHostName = true
    else if (type === ParameterType.ADAPTATION_LAYER_INDICATION) {
      if (length !== 8) return undefined
      adaptationCode ??= readU32(bytes, at + HEADER_BYTES)
    } else if (type === ParameterType.ZERO_CHECKSUM_ACCEPTABLE) {
      // Of another length it means nothing, and that is no reason to refuse the peer.
      if (length === 8) detectionMethod ??= readU32(bytes, at + HEADER_BYTES)
    } else if (!ignored.has(type)) {
      if (reportsUnknown(type, 16) && unrecognized.length < MOST_UNRECOGNIZED)
        unrecognized.push(bytes.slice(at, at + length))
      if (stopsAtUnknown(type, 16)) break
    }
    at += padded(length)
  }
  const zeroChecksumAcceptable = detectionMethod === ErrorDetectionMethod.SCTP_OVER_DTLS
  return { cookie, adaptationCode, zeroChecksumAcceptable, hasHostName, unrecognized }
}
