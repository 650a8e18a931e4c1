/** The assigned numbers of SCTP that matter here. */

/** RFC 9260, section 3.2; `PAD` is RFC 4820. */
export const ChunkType = {
  DATA: 0,
  INIT: 1,
  INIT_ACK: 2,
  SACK: 3,
  HEARTBEAT: 4,
  HEARTBEAT_ACK: 5,
  ABORT: 6,
  SHUTDOWN: 7,
  SHUTDOWN_ACK: 8,
  ERROR: 9,
  COOKIE_ECHO: 10,
  COOKIE_ACK: 11,
  SHUTDOWN_COMPLETE: 14,
  PAD: 0x84,
} as const

/** Flags of DATA (RFC 9260, section 3.3.1). */
export const DataFlag = { END: 1, BEGIN: 2, UNORDERED: 4, IMMEDIATE: 8 } as const

/** Of ABORT and SHUTDOWN COMPLETE: the tag is the receiver's peer's, because the sender knows no other (section 8.5.1). */
export const T_FLAG = 1

/** Parameters of INIT and INIT ACK (RFC 9260, section 3.3.2.1; RFC 9653, section 4; RFC 5061, section 4.1). */
export const ParameterType = {
  HEARTBEAT_INFO: 1,
  IPV4_ADDRESS: 5,
  IPV6_ADDRESS: 6,
  STATE_COOKIE: 7,
  UNRECOGNIZED_PARAMETER: 8,
  COOKIE_PRESERVATIVE: 9,
  HOST_NAME_ADDRESS: 11,
  SUPPORTED_ADDRESS_TYPES: 12,
  ZERO_CHECKSUM_ACCEPTABLE: 0x8001,
  ADAPTATION_LAYER_INDICATION: 0xc006,
} as const

/** What detects errors in the place of CRC32c: Error Detection Method Identifiers (RFC 9653, section 8). */
export const ErrorDetectionMethod = { SCTP_OVER_DTLS: 1 } as const

/** Error causes (RFC 9260, section 3.3.10). */
export const CauseCode = {
  INVALID_STREAM_IDENTIFIER: 1,
  MISSING_MANDATORY_PARAMETER: 2,
  STALE_COOKIE: 3,
  OUT_OF_RESOURCE: 4,
  UNRESOLVABLE_ADDRESS: 5,
  UNRECOGNIZED_CHUNK_TYPE: 6,
  INVALID_MANDATORY_PARAMETER: 7,
  UNRECOGNIZED_PARAMETERS: 8,
  NO_USER_DATA: 9,
  COOKIE_RECEIVED_WHILE_SHUTTING_DOWN: 10,
  USER_INITIATED_ABORT: 12,
  PROTOCOL_VIOLATION: 13,
} as const

/** What the two highest bits of an unknown chunk or parameter ask for (RFC 9260, sections 3.2 and 3.2.1). */
export const stopsAtUnknown = (type: number, bits: 8 | 16): boolean => type >>> (bits - 1) === 0
export const reportsUnknown = (type: number, bits: 8 | 16): boolean => ((type >>> (bits - 2)) & 1) === 1
