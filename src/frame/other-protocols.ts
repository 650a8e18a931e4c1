const HTTP_REQUEST = /^(?:GET |POST|HEAD|PUT |DELE|OPTI|PATC|CONN|TRAC|PRI )$/
const TLS_HANDSHAKE = 22
const TLS_ALERT = 21

/**
 * What the four bytes that should be a size look like: somebody may have got the wrong port, or the wrong scheme. No
 * frame begins so, as its data would have more bytes than the format allows.
 */
export function otherProtocolAt(bytes: Uint8Array, at: number): string | undefined {
  const text = String.fromCharCode(...bytes.subarray(at, at + 4))
  if (HTTP_REQUEST.test(text)) return 'it looks like an HTTP request'
  if (text === 'HTTP') return 'it looks like an HTTP response'
  if (text === 'SSH-') return 'it looks like SSH'
  // The version of every record begins with 3 (RFC 8446, section 5.1).
  if (bytes[at + 1] !== 3 || bytes[at + 2]! > 4) return undefined
  if (bytes[at] === TLS_HANDSHAKE) return 'it looks like the ClientHello of a TLS handshake'
  return bytes[at] === TLS_ALERT ? 'it looks like a TLS alert' : undefined
}
