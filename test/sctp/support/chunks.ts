import assert from 'node:assert/strict'
import { type Chunk, concat, decodeTlvs, encodeTlvs, type Tlv, u16, u32 } from './packets.ts'

/** The chunks of RFC 9260, section 3.3, by hand. */

export const Type = {
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

export const Flag = { END: 1, BEGIN: 2, UNORDERED: 4, IMMEDIATE: 8, WHOLE: 3, T: 1 } as const

/** Says that both ends end a direction by a mark (PROTOCOL.md). */
export const ADAPTATION: Tlv = { type: 0xc006, value: Uint8Array.of(0x63, 0x74, 0x73, 0x01) }

/** Zero Checksum Acceptable, where DTLS carries the packets (RFC 9653, section 4). */
export const ZERO_CHECKSUM: Tlv = { type: 0x8001, value: Uint8Array.of(0, 0, 0, 1) }

export const END_PROTOCOL = 0x63747302

export interface InitFields {
  readonly tag: number
  readonly window: number
  readonly outboundStreams: number
  readonly inboundStreams: number
  readonly tsn: number
  readonly parameters: readonly Tlv[]
}

export interface DataFields {
  readonly tsn: number
  readonly flags: number
  readonly stream: number
  readonly sequence: number
  readonly protocol: number
  readonly data: Uint8Array
}

export interface SackFields {
  readonly tsn: number
  readonly window: number
  /** Offsets of first and last, from `tsn`. */
  readonly gaps: readonly (readonly [number, number])[]
  readonly duplicates: readonly number[]
}

export const chunk = (type: number, flags = 0, value: Uint8Array = new Uint8Array(0)): Chunk => ({
  type,
  flags,
  value,
})

function initValue({
  tag,
  window,
  outboundStreams,
  inboundStreams,
  tsn,
  parameters,
}: InitFields): Uint8Array {
  const fields = [u32(tag), u32(window), u16(outboundStreams), u16(inboundStreams), u32(tsn)]
  return concat(...fields, encodeTlvs(parameters))
}

const USUAL_INIT: InitFields = {
  tag: 0x01020304,
  window: 100_000,
  outboundStreams: 1,
  inboundStreams: 1,
  tsn: 1000,
  parameters: [ADAPTATION],
}

export const init = (fields: Partial<InitFields> = {}): Chunk =>
  chunk(Type.INIT, 0, initValue({ ...USUAL_INIT, ...fields }))

export const initAck = (fields: Partial<InitFields> = {}): Chunk =>
  chunk(Type.INIT_ACK, 0, initValue({ ...USUAL_INIT, ...fields }))

export function data(fields: Partial<DataFields>): Chunk {
  const all: DataFields = {
    tsn: 0,
    flags: Flag.WHOLE,
    stream: 0,
    sequence: 0,
    protocol: 0,
    data: Uint8Array.of(1),
    ...fields,
  }
  const value = concat(u32(all.tsn), u16(all.stream), u16(all.sequence), u32(all.protocol), all.data)
  return chunk(Type.DATA, all.flags, value)
}

export function sack(fields: Partial<SackFields>): Chunk {
  const { tsn, window, gaps, duplicates } = { tsn: 0, window: 100_000, gaps: [], duplicates: [], ...fields }
  const head = concat(u32(tsn), u32(window), u16(gaps.length), u16(duplicates.length))
  const blocks = gaps.flatMap(([from, to]) => [u16(from), u16(to)])
  return chunk(Type.SACK, 0, concat(head, ...blocks, ...duplicates.map(u32)))
}

export const abort = (causes: readonly Tlv[] = [], flags = 0): Chunk =>
  chunk(Type.ABORT, flags, encodeTlvs(causes))
export const error = (causes: readonly Tlv[]): Chunk => chunk(Type.ERROR, 0, encodeTlvs(causes))
export const shutdown = (tsn: number): Chunk => chunk(Type.SHUTDOWN, 0, u32(tsn))
export const heartbeat = (info: Uint8Array): Chunk =>
  chunk(Type.HEARTBEAT, 0, encodeTlvs([{ type: 1, value: info }]))
export const parameter = (type: number, value: Uint8Array = new Uint8Array(0)): Tlv => ({ type, value })

const viewOf = ({ value }: Chunk): DataView => new DataView(value.buffer, value.byteOffset, value.byteLength)

export function readInit(from: Chunk): InitFields {
  assert.ok(from.type === Type.INIT || from.type === Type.INIT_ACK)
  const view = viewOf(from)
  return {
    tag: view.getUint32(0),
    window: view.getUint32(4),
    outboundStreams: view.getUint16(8),
    inboundStreams: view.getUint16(10),
    tsn: view.getUint32(12),
    parameters: decodeTlvs(from.value.slice(16)),
  }
}

export function readData(from: Chunk): DataFields {
  assert.equal(from.type, Type.DATA)
  const view = viewOf(from)
  return {
    tsn: view.getUint32(0),
    flags: from.flags,
    stream: view.getUint16(4),
    sequence: view.getUint16(6),
    protocol: view.getUint32(8),
    data: from.value.slice(12),
  }
}

export function readSack(from: Chunk): SackFields {
  assert.equal(from.type, Type.SACK)
  const view = viewOf(from)
  const gapCount = view.getUint16(8)
  const gaps = Array.from({ length: gapCount }, (_, i): [number, number] => [
    view.getUint16(12 + 4 * i),
    view.getUint16(14 + 4 * i),
  ])
  const duplicates = Array.from({ length: view.getUint16(10) }, (_, i) =>
    view.getUint32(12 + 4 * (gapCount + i)),
  )
  assert.equal(from.value.length, 12 + 4 * (gaps.length + duplicates.length), 'the length of a SACK sent')
  return { tsn: view.getUint32(0), window: view.getUint32(4), gaps, duplicates }
}

/** The causes of an ABORT or ERROR. */
export function causesOf(from: Chunk): Tlv[] {
  assert.ok(from.type === Type.ABORT || from.type === Type.ERROR)
  return decodeTlvs(from.value)
}
