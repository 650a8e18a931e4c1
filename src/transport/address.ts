import { ConnectError, ConnectErrorCode } from '../errors.ts'
import { isUrl } from '../option-rules.ts'
import { asciiHost } from './host-name.ts'

/** A parsed address. Which of the parts a scheme uses is the transport's business. */
export interface Address {
  /** With its colon, in lower case: `tcp:`. */
  readonly scheme: string
  /** Percent-decoded, without brackets; empty if there is none. */
  readonly host: string
  /** Undefined if there is none. */
  readonly port: number | undefined
  /** Percent-decoded; empty if there is none. */
  readonly path: string
  /** What stands behind `?`; empty on the schemes that know no such thing. */
  readonly query: string
  /** As the user gave it, for messages. */
  readonly text: string
}

/** The schemes whose addresses may have a query. */
const WITH_QUERY = new Set(['sctp:', 'dtls-sctp:'])

/** The zone of an IPv6 address, as in `[fe80::1%eth0]`, which URLs do not know (RFC 4007, section 11). */
const ZONE = /%(?:25)?([\w.-]+)\](?=:\d*(?:\?|$))/

const SCHEME = /^([a-z][a-z0-9+.-]*:)\/\//i

/**
 * Reads `scheme://host:port`, `scheme:///path`, or `host:port`, which is taken as TCP. An IPv6 host stands in
 * brackets.
 *
 * @throws ConnectError `INVALID_ADDRESS`
 */
export function parseAddress(address: string | URL): Address {
  if (typeof address !== 'string' && !isUrl(address)) {
    throw new ConnectError(ConnectErrorCode.INVALID_ADDRESS, 'address must be a string or a URL')
  }
  const text = String(address)
  const zone = ZONE.exec(text)?.[1]
  const url = parseUrl((SCHEME.test(text) ? text : `tcp://${text}`).replace(ZONE, ']'), text)
  if (url.username !== '' || url.password !== '') {
    throw addressError(text, 'user names and passwords are not supported')
  }
  const takesQuery = WITH_QUERY.has(url.protocol)
  if (url.hash !== '' || (url.search !== '' && !takesQuery)) {
    throw addressError(text, takesQuery ? '# is not supported' : '? and # are not supported')
  }
  const host = decode(url.hostname.replace(/^\[|\]$/g, ''), text)
  const path = decode(url.pathname, text)
  // C reads a text up to its NUL: some versions of Node would use a shorter one than was checked.
  if (host.includes('\0') || path.includes('\0')) throw addressError(text, 'it contains a NUL character')
  return {
    scheme: url.protocol,
    host: host + (zone === undefined ? '' : `%${zone}`),
    port: url.port === '' ? undefined : Number(url.port),
    path,
    query: url.search.slice(1),
    text,
  }
}

/** The host, in its ASCII form, and the port of an address that must have both and nothing else. */
export function hostAndPort(address: Address): { host: string; port: number } {
  const { scheme, host, port, path, text } = address
  const example = `${scheme}//localhost:5678`
  if (host === '' && path !== '') {
    throw addressError(text, `for a Unix socket, write unix://${path.includes('@') ? '/PATH' : path}`)
  }
  if (host === '') throw addressError(text, `the host is missing, as in ${example}`)
  if (port === undefined) throw addressError(text, `the port is missing: HOST:PORT, as in ${example}`)
  if (path !== '' && path !== '/') throw addressError(text, 'a path is not supported here')
  return { host: asciiHost(host, complaint => addressError(text, `the host ${complaint}`)), port }
}

/**
 * `scheme//host:port`, with brackets around an IPv6 host. Joined, because V8 keeps what a template puts together as a
 * tree of its parts, several times the size.
 */
export function formatAddress(scheme: string, host: string, port: number): string {
  return [scheme, '//', host.includes(':') ? `[${host}]` : host, ':', port].join('')
}

/** The text is shown without a user name and a password, and so belongs into no other message before this has seen it. */
export function addressError(text: string, complaint: string): ConnectError {
  const shown = withoutPassword(text)
  return new ConnectError(ConnectErrorCode.INVALID_ADDRESS, `address '${shown}': ${complaint}`)
}

/**
 * Up to the last `@`, because a password that was not escaped may hold anything. The path of a Unix socket may hold an
 * `@`, too.
 */
function withoutPassword(text: string): string {
  return text.replace(/^(?!unix:\/{3})([a-z][a-z0-9+.-]*:\/\/)?.+@/is, '$1***@')
}

function parseUrl(url: string, text: string): URL {
  try {
    return new URL(url)
  } catch {
    // Without a cause: that of Node holds the whole text, and a password with it.
    throw addressError(text, `it cannot be read; ${hint(text)}`)
  }
}

function hint(text: string): string {
  const port = /:(\d+)$/.exec(text)?.[1]
  if (port !== undefined && Number(port) > 65_535) return `its port is above 65535`
  if (text.startsWith('unix:')) return 'a Unix socket looks like unix:///tmp/my.sock'
  return 'it should look like tcp://localhost:5678'
}

function decode(part: string, text: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    throw addressError(text, 'it has a malformed % escape')
  }
}
