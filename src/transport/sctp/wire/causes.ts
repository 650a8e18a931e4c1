import { padded, readU16, writeU16, writeU32 } from './bytes.ts'
import { CauseCode } from './numbers.ts'

/** An error cause of an ABORT or ERROR chunk (RFC 9260, section 3.3.10). */
export interface Cause {
  readonly code: number
  readonly info: Uint8Array
}

const NONE = new Uint8Array(0)

export const cause = (code: number, info: Uint8Array = NONE): Cause => ({ code, info })

/** For the causes whose information is a text for people (sections 3.3.10.12 and 3.3.10.13). */
export const causeWithText = (code: number, text: string): Cause =>
  cause(code, new TextEncoder().encode(text))

export function invalidStream(stream: number): Cause {
  const info = new Uint8Array(4)
  writeU16(info, 0, stream)
  return cause(CauseCode.INVALID_STREAM_IDENTIFIER, info)
}

export function noUserData(tsn: number): Cause {
  const info = new Uint8Array(4)
  writeU32(info, 0, tsn)
  return cause(CauseCode.NO_USER_DATA, info)
}

export function missingParameter(type: number): Cause {
  const info = new Uint8Array(6)
  writeU32(info, 0, 1)
  writeU16(info, 4, type)
  return cause(CauseCode.MISSING_MANDATORY_PARAMETER, info)
}

/** Most causes of a chunk that are looked at: one is usual. */
const MOST_CAUSES = 16

/** Reads causes until one is malformed. */
export function readCauses(bytes: Uint8Array, start: number, end: number): Cause[] {
  const causes: Cause[] = []
  for (let at = start; at + 4 <= end && causes.length < MOST_CAUSES; ) {
    const length = readU16(bytes, at + 2)
    if (length < 4 || at + length > end) break
    causes.push(cause(readU16(bytes, at), bytes.slice(at + 4, at + length)))
    at += padded(length)
  }
  return causes
}

const names: Readonly<Record<number, string>> = {
  [CauseCode.INVALID_STREAM_IDENTIFIER]: 'invalid stream identifier',
  [CauseCode.MISSING_MANDATORY_PARAMETER]: 'missing mandatory parameter',
  [CauseCode.STALE_COOKIE]: 'stale cookie',
  [CauseCode.OUT_OF_RESOURCE]: 'it takes no more associations',
  [CauseCode.UNRESOLVABLE_ADDRESS]: 'unresolvable address',
  [CauseCode.UNRECOGNIZED_CHUNK_TYPE]: 'unrecognized chunk type',
  [CauseCode.INVALID_MANDATORY_PARAMETER]: 'invalid mandatory parameter',
  [CauseCode.UNRECOGNIZED_PARAMETERS]: 'unrecognized parameters',
  [CauseCode.NO_USER_DATA]: 'no user data',
  [CauseCode.COOKIE_RECEIVED_WHILE_SHUTTING_DOWN]: 'cookie received while shutting down',
  [CauseCode.USER_INITIATED_ABORT]: 'its program broke it off',
  [CauseCode.PROTOCOL_VIOLATION]: 'protocol violation',
}

/** For messages: the first cause in words, with its text where it has one that can be printed. */
export function describeCauses(causes: readonly Cause[]): string {
  const first = causes[0]
  if (first === undefined) return 'no cause given'
  const name = names[first.code] ?? `cause ${first.code}`
  const hasText = first.code === CauseCode.USER_INITIATED_ABORT || first.code === CauseCode.PROTOCOL_VIOLATION
  const text = hasText ? new TextDecoder().decode(first.info).replace(/[^\x20-\x7e]/g, '?') : ''
  if (text === '') return name
  return first.code === CauseCode.USER_INITIATED_ABORT ? text.slice(0, 200) : `${name}: ${text.slice(0, 200)}`
}
