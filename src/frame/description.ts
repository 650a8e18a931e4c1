/** Bytes of data that are shown. */
const SHOWN_BYTES = 64

/** Text without anything that a terminal acts on or that cannot be seen; line breaks are shown as `\n`. */
const visible = /^[\p{L}\p{M}\p{N}\p{P}\p{S} \n\r\t]*$/u

/** `12 bytes "Hello world!"`, `3 bytes 00 ff 80`: how many, and the first of them, as text if they are some. */
export function describeBytes(bytes: Uint8Array): string {
  const first = bytes.subarray(0, SHOWN_BYTES)
  const isCut = first.length < bytes.length
  const shown = textOf(first, isCut) ?? hexOf(first)
  return `${bytes.length} ${bytes.length === 1 ? 'byte' : 'bytes'} ${shown}${isCut ? '...' : ''}`
}

/**
 * The same, and different for any two different data: behind what is not shown whole stands a hash of it. That is 128
 * bits, which no accident makes the same; somebody who wants it so can.
 */
export function identifyBytes(bytes: Uint8Array): string {
  const shown = describeBytes(bytes)
  return bytes.length > SHOWN_BYTES ? `${shown} #${hash128(bytes)}` : shown
}

/** Base64 (RFC 4648, section 4). */
export function base64Of(bytes: Uint8Array): string {
  const parts: string[] = []
  // As many as a call has room for, and whole groups of three.
  for (let at = 0; at < bytes.length; at += 8190) {
    parts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + 8190))))
  }
  return parts.join('')
}

/** In quotes, and undefined if the bytes are none that can be shown. @param isCut whether the last character may be */
function textOf(bytes: Uint8Array, isCut: boolean): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut })
    return visible.test(text) ? JSON.stringify(text) : undefined
  } catch {
    return undefined
  }
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join(' ')
}

/** Four multiplicative hashes side by side, each with a constant of its own. */
function hash128(bytes: Uint8Array): string {
  let [a, b, c, d] = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f] as [number, number, number, number]
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!
    a = Math.imul(((a << 5) | (a >>> 27)) ^ byte, 0x01000193)
    b = Math.imul(((b << 7) | (b >>> 25)) ^ byte, 0x5bd1e995)
    c = Math.imul(((c << 11) | (c >>> 21)) ^ byte, 0x1b873593)
    d = Math.imul(((d << 13) | (d >>> 19)) ^ byte, 0x2c1b3c6d)
  }
  return [a, b, c, d].map(word => (word >>> 0).toString(16).padStart(8, '0')).join('')
}
