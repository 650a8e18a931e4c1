/** What data may be given as: by its bytes, whatever kind of view it is. */
export type Bytes = ArrayBufferView | ArrayBufferLike

/**
 * The bytes of a view or of a whole buffer, uncopied, whatever realm has made it. A `Uint8Array` of this realm stays the
 * one that it is. Undefined for anything else, and where the memory was transferred away.
 */
export function bytesIn(value: unknown): Uint8Array | undefined {
  if (!ArrayBuffer.isView(value)) return bytesOfBuffer(value)
  if (value instanceof Uint8Array) return value
  try {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  } catch {
    // A DataView has no length any more when its buffer is gone.
    return undefined
  }
}

/** Whether the buffer can become longer or shorter beneath a view of it. */
export function canChangeLength(buffer: ArrayBufferLike): boolean {
  // TypeScript's library of ES2023 knows neither property.
  const { resizable, growable } = buffer as { resizable?: boolean; growable?: boolean }
  return resizable === true || growable === true
}

function bytesOfBuffer(value: unknown): Uint8Array | undefined {
  const kind = Object.prototype.toString.call(value)
  if (kind !== '[object ArrayBuffer]' && kind !== '[object SharedArrayBuffer]') return undefined
  try {
    const bytes = new Uint8Array(value as ArrayBufferLike)
    // Anybody can call himself so.
    return bytes.buffer === value ? bytes : undefined
  } catch {
    return undefined
  }
}
