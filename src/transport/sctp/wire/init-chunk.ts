import { readI32, readU16, readU32 } from './bytes.ts'
import type { ChunkReader } from './chunk-reader.ts'
import type { PacketWriter } from './packet-writer.ts'
import { type Parameters, readParameters } from './parameters.ts'
import type { Tsn } from './serial.ts'

/** INIT and INIT ACK, which have the same fields (RFC 9260, sections 3.3.2 and 3.3.3). */
export interface InitFields {
  readonly initiateTag: number
  /** Advertised Receiver Window Credit, in bytes. */
  readonly window: number
  readonly outboundStreams: number
  readonly inboundStreams: number
  readonly initialTsn: Tsn
}

export type InitChunk = InitFields & Parameters

const FIXED_BYTES = 16
/** What a peer must offer at least (RFC 9260, section 3.3.2). */
const LEAST_WINDOW_BYTES = 1500

/** To answer one with, whatever else is wrong with it; 0 where there is none. */
export function initiateTagOf(chunk: ChunkReader): number {
  return chunk.valueBytes < FIXED_BYTES ? 0 : readI32(chunk.bytes, chunk.valueStart)
}

/** Undefined where it cannot be read or a field has a value that is forbidden. */
export function readInit(chunk: ChunkReader): InitChunk | undefined {
  const { bytes, valueStart: at } = chunk
  if (chunk.valueBytes < FIXED_BYTES) return undefined
  const fields: InitFields = {
    initiateTag: readI32(bytes, at),
    window: readU32(bytes, at + 4),
    outboundStreams: readU16(bytes, at + 8),
    inboundStreams: readU16(bytes, at + 10),
    initialTsn: readI32(bytes, at + 12),
  }
  if (fields.initiateTag === 0 || fields.outboundStreams === 0 || fields.inboundStreams === 0)
    return undefined
  if (fields.window < LEAST_WINDOW_BYTES) return undefined
  const parameters = readParameters(bytes, at + FIXED_BYTES, chunk.end)
  return parameters === undefined ? undefined : { ...fields, ...parameters }
}

/** Writes the fields of a chunk that has been begun. */
export function writeInit(writer: PacketWriter, fields: InitFields): void {
  writer.u32(fields.initiateTag)
  writer.u32(fields.window)
  writer.u16(fields.outboundStreams)
  writer.u16(fields.inboundStreams)
  writer.u32(fields.initialTsn)
}
