import { readI32, readU16, readU32 } from './bytes.ts'
import type { ChunkReader } from './chunk-reader.ts'

/** Of a DATA chunk, its chunk header included (RFC 9260, section 3.3.1). */
export const DATA_HEADER_BYTES = 16

export const tsnOf = (chunk: ChunkReader): number => readI32(chunk.bytes, chunk.valueStart)
export const streamOf = (chunk: ChunkReader): number => readU16(chunk.bytes, chunk.valueStart + 4)
export const sequenceOf = (chunk: ChunkReader): number => readU16(chunk.bytes, chunk.valueStart + 6)
export const protocolOf = (chunk: ChunkReader): number => readU32(chunk.bytes, chunk.valueStart + 8)
export const userDataOf = (chunk: ChunkReader): Uint8Array =>
  chunk.bytes.subarray(chunk.valueStart + 12, chunk.end)
