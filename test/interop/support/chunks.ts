import { Type } from '../../sctp/support/chunks.ts'

/** The chunk types of RFC 9260, and PAD of RFC 4820. */
export const CHUNK = Type

export type ChunkName = keyof typeof CHUNK
