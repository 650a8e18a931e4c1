import { BASE_PACKET_BYTES } from '../association/protocol-values.ts'
import { readCauses } from '../wire/causes.ts'
import type { ChunkReader } from '../wire/chunk-reader.ts'
import { CauseCode, ChunkType, T_FLAG } from '../wire/numbers.ts'
import { destinationPortOf, sourcePortOf, verificationTagOf } from '../wire/packet.ts'
import type { PacketWriter } from '../wire/packet-writer.ts'

/**
 * The answer to a packet that belongs to no association (RFC 9260, section 8.4), if it gets one. It is never larger than
 * what it answers, and carries the tag that came.
 */
export function answerOutOfTheBlue(
  packet: Uint8Array,
  chunk: ChunkReader,
  writer: PacketWriter,
): Uint8Array | undefined {
  const type = answerType(packet, chunk)
  if (type === undefined) return undefined
  writer.begin(destinationPortOf(packet), sourcePortOf(packet), verificationTagOf(packet), BASE_PACKET_BYTES)
  writer.chunk(type, T_FLAG)
  return writer.finish()
}

function answerType(packet: Uint8Array, chunk: ChunkReader): number | undefined {
  let first: number | undefined
  chunk.open(packet)
  while (chunk.next()) {
    first ??= chunk.type
    if (chunk.type === ChunkType.ABORT || isOfStaleCookie(chunk)) return undefined
  }
  switch (first) {
    case undefined:
    case ChunkType.INIT:
    case ChunkType.SHUTDOWN_COMPLETE:
    case ChunkType.COOKIE_ACK:
      return undefined
    case ChunkType.SHUTDOWN_ACK:
      return ChunkType.SHUTDOWN_COMPLETE
    default:
      return ChunkType.ABORT
  }
}

function isOfStaleCookie(chunk: ChunkReader): boolean {
  if (chunk.type !== ChunkType.ERROR) return false
  return readCauses(chunk.bytes, chunk.valueStart, chunk.end).some(
    ({ code }) => code === CauseCode.STALE_COOKIE,
  )
}
