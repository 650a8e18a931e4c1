import { ConnectError, ConnectErrorCode } from '../index.ts'
import { MAX_DATA_BYTES } from './option-table.ts'

const LINE_FEED = 10

/** The same bytes in pieces of `pieceBytes`, the last one shorter; never an empty one. */
export async function* cutEvenly(
  chunks: AsyncIterable<Uint8Array>,
  pieceBytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let parts: Uint8Array[] = []
  let missing = pieceBytes
  for await (const chunk of chunks) {
    let at = 0
    while (chunk.length - at >= missing) {
      yield joined([...parts, chunk.subarray(at, at + missing)])
      at += missing
      parts = []
      missing = pieceBytes
    }
    if (at === chunk.length) continue
    parts.push(chunk.subarray(at))
    missing -= chunk.length - at
  }
  if (parts.length > 0) yield joined(parts)
}

/**
 * The lines, without their line feeds; a last one without a line feed counts. Empty lines come as empty pieces.
 *
 * @throws ConnectError `MESSAGE_TOO_LARGE` for a line that no datagram can hold
 */
export async function* cutLines(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let parts: Uint8Array[] = []
  let heldBytes = 0
  for await (const chunk of chunks) {
    let at = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, at)) {
      yield joined([...parts, chunk.subarray(at, end)])
      at = end + 1
      parts = []
      heldBytes = 0
    }
    if (at === chunk.length) continue
    parts.push(chunk.subarray(at))
    heldBytes += chunk.length - at
    if (heldBytes > MAX_DATA_BYTES) throw lineTooLong()
  }
  if (parts.length > 0) yield joined(parts)
}

/** Without a copy where there is one part; parts are never written to again. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

function lineTooLong(): ConnectError {
  return new ConnectError(
    ConnectErrorCode.MESSAGE_TOO_LARGE,
    `a line is longer than ${MAX_DATA_BYTES} bytes, the most that a datagram can hold`,
  )
}
