import { HEADER_BYTES } from './format.ts'
import { writeHeader } from './header.ts'

/** A whole frame in a buffer of its own. The arguments have been checked. */
export function encodeFrame(recipient: number, data: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + data.length)
  writeHeader(frame, 0, recipient, data.length)
  frame.set(data, HEADER_BYTES)
  return frame
}
