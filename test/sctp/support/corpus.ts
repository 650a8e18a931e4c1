import { bytesOf, random } from '../../support/data.ts'
import { readInit, Type } from './chunks.ts'
import { type Chunk, decodePacket } from './packets.ts'
import { TwoSites } from './two-sites.ts'

/**
 * Chunks of one packet, with its TSNs counted from the first of whoever has sent the data: so they can be moved to any
 * other association.
 */
export type CorpusPacket = readonly Chunk[]

/** How far the TSN that a chunk begins with is from the first, where it begins with one. */
export type TsnKind = 'own' | 'other' | undefined

/** Whose TSN a chunk begins with, seen from its sender. */
export function tsnKindOf(type: number): TsnKind {
  if (type === Type.DATA) return 'own'
  return type === Type.SACK || type === Type.SHUTDOWN ? 'other' : undefined
}

export function shiftTsn(chunk: Chunk, by: number): Chunk {
  if (chunk.value.length < 4) return chunk
  const value = chunk.value.slice()
  const view = new DataView(value.buffer)
  view.setUint32(0, view.getUint32(0) + by)
  return { ...chunk, value }
}

/** The packets of a run between two of ours: data both ways, losses, heartbeats, probes of the path, and the end. */
export function recordCorpus(): CorpusPacket[] {
  const seen: { readonly chunks: readonly Chunk[]; readonly fromLeft: boolean }[] = []
  const chance = random(5)
  let lossy = false
  const sites = new TwoSites(
    (bytes, fromLeft) => {
      seen.push({ chunks: decodePacket(bytes).chunks, fromLeft })
      return !lossy || chance() > 0.2
    },
    { heartbeatIntervalMs: 5000, largestPacketBytes: 2048 },
  )
  lossy = true
  const { dialler, accepted } = sites
  for (let i = 0; i < 8; i++) {
    sites.send(dialler, bytesOf(20 + 700 * i, i))
    sites.send(accepted, bytesOf(6000, i))
    sites.advance(400)
  }
  sites.advance(60_000)
  sites.end(dialler)
  sites.end(accepted)
  sites.advance(60_000)
  const first = (fromLeft: boolean): number => firstTsn(seen.filter(packet => packet.fromLeft === fromLeft))
  const firsts = { left: first(true), right: first(false) }
  return seen.map(({ chunks, fromLeft }) =>
    chunks.map(chunk => {
      const kind = tsnKindOf(chunk.type)
      if (kind === undefined) return chunk
      return shiftTsn(chunk, -((kind === 'own') === fromLeft ? firsts.left : firsts.right))
    }),
  )
}

function firstTsn(packets: readonly { readonly chunks: readonly Chunk[] }[]): number {
  const chunks = packets.flatMap(({ chunks }) => chunks)
  return readInit(chunks.find(({ type }) => type === Type.INIT || type === Type.INIT_ACK)!).tsn
}
