import type { ConnectError } from '../errors.ts'

/** What no host can contain, by name or by number (the forbidden host code points of the URL standard). */
const NOT_IN_HOST = /[\0-\x20\x7f-\x9f#%/:<>?@[\\\]^|]/

const IPV6 = /^[\da-f:.]*:[\da-f:.]*(?:%[\w.-]+)?$/i

const ZONE = /%.*$/

/**
 * A host as it is looked up, sent and found in certificates: names with other than ASCII letters in their ASCII form
 * (UTS 46), everything else as it is.
 *
 * @param errorOf makes the error to throw of a complaint
 */
export function asciiHost(host: string, errorOf: (complaint: string) => ConnectError): string {
  if (IPV6.test(host)) return host
  const bad = NOT_IN_HOST.exec(host)
  if (bad !== null) throw errorOf(`contains ${JSON.stringify(bad[0])}`)
  if (isAscii(host)) return host
  try {
    // Only the schemes of the web convert the names in a URL.
    return new URL(`http://${host}`).hostname
  } catch {
    throw errorOf(`is no host name: '${host}' has no ASCII form`)
  }
}

/** A host as a certificate names it: an address has no zone there (RFC 5280, section 4.2.1.6), a name no dot at its end. */
export function nameInCertificate(host: string): string {
  return host.includes(':') ? host.replace(ZONE, '') : host.replace(/\.$/, '')
}

function isAscii(text: string): boolean {
  return Array.from(text).every(letter => letter <= '\x7f')
}
