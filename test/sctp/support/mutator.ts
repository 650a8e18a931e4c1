import { random } from '../../support/data.ts'
import { Flag, sack, shutdown, Type } from './chunks.ts'
import { type CorpusPacket, shiftTsn, tsnKindOf } from './corpus.ts'
import type { HandPeer } from './hand-peer.ts'
import { HAND_TAG } from './hand-peer.ts'
import { type Chunk, concat, encodeChunk, u16, u32, withChecksum } from './packets.ts'
import { PEER_PORT, SITE_PORT } from './site.ts'

const INTERESTING = [0, 1, 2, 3, 4, 5, 8, 12, 16, 127, 255, 256, 1499, 1500, 0x7fff, 0x8000, 0xfffe, 0xffff]
const TYPES = [...Object.values(Type), 0x0c, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xff]

/** Makes packets that are wrong in some way out of such as are right. The same seed makes the same ones. */
export class Mutator {
  readonly #corpus: readonly CorpusPacket[]
  readonly #random: () => number

  constructor(corpus: readonly CorpusPacket[], seed: number) {
    this.#corpus = corpus
    this.#random = random(seed)
  }

  /** A whole number from 0 to below. */
  below(most: number): number {
    return Math.floor(this.#random() * most)
  }

  chance(share: number): boolean {
    return this.#random() < share
  }

  /** A packet for the association of the peer. */
  packetFor(peer: HandPeer): Uint8Array {
    const wildness = this.#pick([0, 0.1, 0.3])
    let chunks = this.#pick(this.#corpus).map(chunk => this.#aimed(chunk, peer))
    for (let i = this.below(3); i > 0 && this.chance(4 * wildness); i--)
      chunks = this.#changedList(chunks, peer)
    const changed = chunks.map(chunk => (this.chance(wildness) ? this.#changed(chunk, peer) : chunk))
    const body = concat(...changed.map(chunk => encodeChunk(chunk, this.#lengthOf(chunk, wildness))))
    const packet = concat(this.#header(peer, changed), this.chance(wildness / 5) ? this.#cut(body) : body)
    if (this.chance(wildness / 2)) this.#flip(packet, 12)
    withChecksum(packet)
    if (this.chance(0.01)) this.#flip(packet, 0)
    return packet
  }

  #pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  /** The chunk with the TSNs and the tags of the association. */
  #aimed(chunk: Chunk, peer: HandPeer): Chunk {
    const kind = tsnKindOf(chunk.type)
    if (kind === undefined) return chunk
    if (kind === 'own') return shiftTsn(chunk, peer.tsn + (this.chance(0.9) ? 0 : this.below(200) - 100))
    const acknowledged = this.below(peer.sentCount + 1)
    const tsn = (peer.siteTsn + acknowledged - 1) >>> 0
    if (chunk.type === Type.SHUTDOWN) return shutdown(tsn)
    const window = this.chance(0.9) ? 100_000 : this.below(3000)
    return sack({ tsn, window, gaps: this.#gapsUpTo(peer.sentCount - acknowledged), duplicates: [tsn] })
  }

  /** Gap blocks as they may come for so many chunks that are on their way. */
  #gapsUpTo(most: number): [number, number][] {
    const gaps: [number, number][] = []
    for (let from = 2; from <= most && this.chance(0.6); from += 2) {
      from += this.below(3)
      const to = from + this.below(3)
      if (to <= most) gaps.push([from, to])
      from = to
    }
    return gaps
  }

  #changedList(chunks: readonly Chunk[], peer: HandPeer): Chunk[] {
    const other = this.#aimed(this.#pick(this.#pick(this.#corpus)), peer)
    const at = this.below(chunks.length + 1)
    switch (this.below(4)) {
      case 0:
        return [...chunks.slice(0, at), other, ...chunks.slice(at)]
      case 1:
        return [...chunks.slice(0, at), ...chunks.slice(at + 1)]
      case 2:
        return [...chunks, ...chunks.slice(at)].slice(0, 40)
      default:
        return chunks.toReversed()
    }
  }

  #changed(chunk: Chunk, peer: HandPeer): Chunk {
    const { type, flags } = chunk
    const value = chunk.value.slice()
    switch (this.below(9)) {
      case 0:
        return { type: this.#pick(TYPES), flags, value }
      case 1:
        return { type, flags: this.below(256), value }
      case 2:
        return { type, flags, value: value.slice(0, this.below(value.length + 1)) }
      case 3:
        return { type, flags, value: concat(value, new Uint8Array(this.below(64)).fill(this.below(256))) }
      case 4:
        for (let i = this.below(4); i >= 0; i--) this.#flip(value, 0)
        return { type, flags, value }
      case 5:
        return { type, flags, value: this.#overwritten(value, u16(this.#pick(INTERESTING))) }
      case 6:
        return { type, flags, value: this.#overwritten(value, u32(this.#number(peer))) }
      case 7:
        return { type, flags, value: this.#spliced(value) }
      default:
        return { type, flags, value: this.#overwritten(value, u16(this.below(65_536))) }
    }
  }

  /** Numbers that mean something to the association, and such as mean too much. */
  #number(peer: HandPeer): number {
    const near = [peer.tsn, peer.siteTsn, peer.siteTag, HAND_TAG]
    const extremes = [0, 1, 1500, 0x7fffffff, 0x80000000, 0xffffffff]
    return this.chance(0.7) ? (this.#pick(near) + this.below(9) - 4) >>> 0 : this.#pick(extremes)
  }

  #overwritten(value: Uint8Array, by: Uint8Array): Uint8Array {
    if (value.length >= by.length)
      value.set(by, this.below(Math.floor((value.length - by.length) / 2) + 1) * 2)
    return value
  }

  #spliced(value: Uint8Array): Uint8Array {
    const other = this.#pick(this.#pick(this.#corpus)).value
    return concat(value.slice(0, this.below(value.length + 1)), other.slice(this.below(other.length + 1)))
  }

  #lengthOf({ value }: Chunk, wildness: number): number {
    if (!this.chance(wildness / 5)) return 4 + value.length
    return this.chance(0.5) ? this.#pick(INTERESTING) : 4 + value.length + this.below(9) - 4
  }

  #cut(body: Uint8Array): Uint8Array {
    return body.slice(0, this.below(body.length + 1))
  }

  #flip(bytes: Uint8Array, from: number): void {
    if (bytes.length > from) bytes[from + this.below(bytes.length - from)]! ^= 1 << this.below(8)
  }

  #header(peer: HandPeer, chunks: readonly Chunk[]): Uint8Array {
    const ports = [u16(PEER_PORT), u16(SITE_PORT)]
    return concat(...ports, u32(this.#tagFor(peer, chunks)), u32(0))
  }

  /** Mostly the tag that the packet needs to get in. */
  #tagFor(peer: HandPeer, chunks: readonly Chunk[]): number {
    if (this.chance(0.03)) return this.#number(peer)
    const [first] = chunks
    if (first?.type === Type.INIT) return 0
    const mayReflect = first?.type === Type.ABORT || first?.type === Type.SHUTDOWN_COMPLETE
    return mayReflect && (first.flags & Flag.T) !== 0 ? HAND_TAG : peer.siteTag
  }
}
