/**
 * The slow, obvious twin of the codec, written from the wire format alone: a frame is
 *
 * ```
 * size u32 BE = 4 + n | version u16 BE = 1 | recipient u16 BE | n bytes of data, 1 <= n <= 100000000
 * ```
 *
 * It shares no code with src/frame, keeps everything that has come in one list of numbers and reads it from the start.
 */

export interface TwinDatagram {
  readonly recipient: number
  readonly data: Uint8Array
}

export type TwinFault = 'FRAME_SIZE_INVALID' | 'VERSION_UNSUPPORTED' | 'STREAM_TRUNCATED'

export function twinEncode({ recipient, data }: TwinDatagram): Uint8Array {
  const frame = new ArrayBuffer(4 + 2 + 2 + data.length)
  const view = new DataView(frame)
  view.setUint32(0, 2 + 2 + data.length, false)
  view.setUint16(4, 1, false)
  view.setUint16(6, recipient, false)
  data.forEach((byte, i) => {
    view.setUint8(8 + i, byte)
  })
  return new Uint8Array(frame)
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** What a stream of bytes means that has come so far: its datagrams, what is wrong with it, and what ends would say. */
export function twinDecode(
  bytes: Uint8Array,
  maxDataBytes = 100_000_000,
): { datagrams: TwinDatagram[]; fault: TwinFault | undefined; midFrame: boolean } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const datagrams: TwinDatagram[] = []
  let at = 0
  for (;;) {
    const left = bytes.length - at
    if (left === 0) return { datagrams, fault: undefined, midFrame: false }
    if (left < 4) return { datagrams, fault: undefined, midFrame: true }
    const size = view.getUint32(at, false)
    if (size < 5 || size - 4 > maxDataBytes) return { datagrams, fault: 'FRAME_SIZE_INVALID', midFrame: true }
    if (left < 6) return { datagrams, fault: undefined, midFrame: true }
    if (view.getUint16(at + 4, false) !== 1)
      return { datagrams, fault: 'VERSION_UNSUPPORTED', midFrame: true }
    if (left < 4 + size) return { datagrams, fault: undefined, midFrame: true }
    const recipient = view.getUint16(at + 6, false)
    datagrams.push({ recipient, data: bytes.slice(at + 8, at + 4 + size) })
    at += 4 + size
  }
}
