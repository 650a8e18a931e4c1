import { readI32, readU16, readU32 } from './bytes.ts'
import type { ChunkReader } from './chunk-reader.ts'
import type { Tsn } from './serial.ts'

/** The fixed part of a SACK chunk, its header included (RFC 9260, section 3.3.4). */
export const SACK_BYTES = 16

/** A SACK, read in place: gap blocks are looked at where they lie. */
export interface Sack {
  readonly cumulativeTsn: Tsn
  /** Advertised Receiver Window Credit, in bytes. */
  readonly window: number
  readonly gapCount: number
  readonly duplicateCount: number
  readonly bytes: Uint8Array
  readonly gapsAt: number
  /** Whether the chunk tells of gaps at all; SHUTDOWN does not. */
  readonly tellsGaps: boolean
}

const NO_BYTES = new Uint8Array(0)

/** The part of SHUTDOWN that acknowledges (RFC 9260, section 3.3.8). */
export function cumulativeOnly(cumulativeTsn: Tsn, window: number): Sack {
  return {
    cumulativeTsn,
    window,
    gapCount: 0,
    duplicateCount: 0,
    bytes: NO_BYTES,
    gapsAt: 0,
    tellsGaps: false,
  }
}

/** Undefined where the counts do not fit the chunk, or the gap blocks are not in order. */
export function readSack(chunk: ChunkReader): Sack | undefined {
  const { bytes, valueStart: at, valueBytes } = chunk
  if (valueBytes < 12) return undefined
  const gapCount = readU16(bytes, at + 8)
  const duplicateCount = readU16(bytes, at + 10)
  if (valueBytes !== 12 + 4 * (gapCount + duplicateCount)) return undefined
  const sack: Sack = {
    cumulativeTsn: readI32(bytes, at),
    window: readU32(bytes, at + 4),
    gapCount,
    duplicateCount,
    bytes,
    gapsAt: at + 12,
    tellsGaps: true,
  }
  return gapsAreOrdered(sack) ? sack : undefined
}

export const gapStart = (sack: Sack, index: number): number => readU16(sack.bytes, sack.gapsAt + 4 * index)
export const gapEnd = (sack: Sack, index: number): number => readU16(sack.bytes, sack.gapsAt + 4 * index + 2)

/** Blocks ascend and do not overlap. */
function gapsAreOrdered(sack: Sack): boolean {
  let before = 0
  for (let i = 0; i < sack.gapCount; i++) {
    const start = gapStart(sack, i)
    const end = gapEnd(sack, i)
    if (start <= before || end < start) return false
    before = end
  }
  return true
}
