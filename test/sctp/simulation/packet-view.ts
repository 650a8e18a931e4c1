import { writeChecksum } from '../../../src/transport/sctp/wire/packet.ts'

/** A chunk as it lies in a packet. The checks read packets by themselves and not with the code that they check. */
export interface ChunkView {
  readonly type: number
  readonly flags: number
  readonly start: number
  readonly value: DataView
}

const viewOf = (bytes: Uint8Array, start = 0, length = bytes.length - start): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset + start, length)

export const tagOf = (packet: Uint8Array): number => viewOf(packet).getInt32(4)

export const checksumOf = (packet: Uint8Array): number => viewOf(packet).getUint32(8)

export function chunksOf(packet: Uint8Array): ChunkView[] {
  const view = viewOf(packet)
  const chunks: ChunkView[] = []
  for (let start = 12; start + 4 <= packet.length; ) {
    const length = view.getUint16(start + 2)
    if (length < 4 || start + length > packet.length) throw new Error('a packet was sent that is malformed')
    const value = viewOf(packet, start + 4, length - 4)
    chunks.push({ type: packet[start]!, flags: packet[start + 1]!, start, value })
    start += (length + 3) & ~3
  }
  return chunks
}

const NAMES = 'DATA INIT INIT-ACK SACK HB HB-ACK ABORT SHUTDOWN SHUTDOWN-ACK ERROR ECHO COOKIE-ACK'.split(' ')

/** One line about a packet, for those who follow a run. */
export function showPacket(packet: Uint8Array): string {
  return chunksOf(packet)
    .map(({ type, flags, value }) => {
      const name = NAMES[type] ?? (type === 14 ? 'COMPLETE' : `chunk-${type}`)
      if (type === 0) return `DATA ${value.getUint32(0)} +${value.byteLength - 12} f${flags}`
      if (type !== 3) return `${name}${flags === 0 ? '' : ` f${flags}`}`
      const gaps = Array.from({ length: value.getUint16(8) }, (_, i) =>
        [value.getUint16(12 + 4 * i), value.getUint16(14 + 4 * i)].join('-'),
      )
      return `SACK ${value.getUint32(0)} w${value.getUint32(4)} [${gaps.join(' ')}]`
    })
    .join(', ')
}

const INIT = 1
const INIT_ACK = 2
const ADAPTATION_LAYER_INDICATION = 0xc006

/** The packet of a peer that does not know of the adaptation layer: INIT or INIT ACK without that parameter. */
export function withoutAdaptation(packet: Uint8Array): Uint8Array {
  const [chunk] = chunksOf(packet)
  if (chunk === undefined || (chunk.type !== INIT && chunk.type !== INIT_ACK)) return packet
  const kept: Uint8Array[] = [packet.slice(0, chunk.start + 20)]
  const end = chunk.start + 4 + chunk.value.byteLength
  for (let at = chunk.start + 20; at < end; ) {
    const view = viewOf(packet, at, 4)
    const next = at + ((view.getUint16(2) + 3) & ~3)
    if (view.getUint16(0) !== ADAPTATION_LAYER_INDICATION) kept.push(packet.slice(at, next))
    at = next
  }
  const stripped = new Uint8Array(Buffer.concat(kept))
  viewOf(stripped).setUint16(chunk.start + 2, stripped.length - chunk.start)
  viewOf(stripped).setUint32(8, 0)
  writeChecksum(stripped)
  return stripped
}
